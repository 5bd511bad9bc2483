package dev.cairn.repository;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Numbers the packs that a save refers to. A pack that is still being filled has a number, but no
/// name yet: that is the hash of its footer.
final class PackTable {
  private final List<@Nullable PackName> names = new ArrayList<>();
  private final Map<PackName, Integer> numbers = new HashMap<>();
  private final BitSet used = new BitSet();

  /// The number of a pack that exists.
  int number(PackName name) {
    return numbers.computeIfAbsent(
        name,
        _ -> {
          names.add(name);
          return names.size() - 1;
        });
  }

  /// The number of a new pack.
  int reserve() {
    names.add(null);
    return names.size() - 1;
  }

  void name(int number, PackName name) {
    names.set(number, name);
    numbers.put(name, number);
  }

  boolean isNamed(int number) {
    return names.get(number) != null;
  }

  PackName name(int number) {
    PackName name = names.get(number);
    if (name == null) {
      throw new IllegalStateException("pack " + number + " has no name yet");
    }
    return name;
  }

  /// Notes that the checkpoint needs this pack.
  void use(int number) {
    used.set(number);
  }

  /// Names of all packs that the checkpoint needs.
  List<PackName> used() {
    return used.stream().mapToObj(this::name).toList();
  }

  /// A part of the table, sorted by name, as it is stored.
  ///
  /// @param names in order
  record Excerpt(List<PackName> names, Map<Integer, Integer> numbers) {
    Excerpt {
      names = List.copyOf(names);
      numbers = Map.copyOf(numbers);
    }

    /// The number here of pack `number` of the whole table.
    int number(int number) {
      Integer here = numbers.get(number);
      if (here == null) {
        throw new IllegalStateException("pack " + number + " is not in the excerpt");
      }
      return here;
    }
  }

  /// The packs that `refs` refer to; all have their names.
  Excerpt excerpt(List<ChunkRef> refs) {
    var some = new BitSet();
    refs.forEach(ref -> some.set(ref.pack()));
    return excerpt(some);
  }

  /// All packs that the checkpoint needs. The one that holds the manifest, which has no name yet or
  /// the one given, goes by [PackName#SELF].
  Excerpt manifestExcerpt(@Nullable PackName self) {
    return excerpt(used, self);
  }

  private Excerpt excerpt(BitSet some) {
    return excerpt(some, null);
  }

  private Excerpt excerpt(BitSet some, @Nullable PackName self) {
    var sorted = new TreeMap<PackName, Integer>();
    some.stream().forEach(number -> sorted.put(nameOrSelf(number, self), number));
    var places = new HashMap<Integer, Integer>();
    sorted.values().forEach(number -> places.put(number, places.size()));
    return new Excerpt(List.copyOf(sorted.keySet()), places);
  }

  private PackName nameOrSelf(int number, @Nullable PackName self) {
    PackName name = names.get(number);
    return name == null || name.equals(self) ? PackName.SELF : name;
  }
}
