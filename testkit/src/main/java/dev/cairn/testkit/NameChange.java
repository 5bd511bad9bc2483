package dev.cairn.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/// One change of names that is not durable yet.
sealed interface NameChange {

  /// The places that it reads or writes.
  List<Place> places();

  /// The directory whose force makes it durable.
  Inode directory();

  /// Makes the change in the names that `of` gives for a directory.
  void apply(Function<Inode, Map<Path, Inode>> of);

  /// A name in a directory.
  record Place(Inode directory, Path name) {}

  /// A new file, directory, hard link or symbolic link.
  record Added(Place place, Inode inode) implements NameChange {
    @Override
    public List<Place> places() {
      return List.of(place);
    }

    @Override
    public Inode directory() {
      return place.directory();
    }

    @Override
    public void apply(Function<Inode, Map<Path, Inode>> of) {
      of.apply(place.directory()).put(place.name(), inode);
    }
  }

  record Removed(Place place) implements NameChange {
    @Override
    public List<Place> places() {
      return List.of(place);
    }

    @Override
    public Inode directory() {
      return place.directory();
    }

    @Override
    public void apply(Function<Inode, Map<Path, Inode>> of) {
      of.apply(place.directory()).remove(place.name());
    }
  }

  /// A rename: happens wholly or not at all.
  record Moved(Place from, Place to, Inode inode) implements NameChange {
    @Override
    public List<Place> places() {
      return List.of(from, to);
    }

    @Override
    public Inode directory() {
      return to.directory();
    }

    @Override
    public void apply(Function<Inode, Map<Path, Inode>> of) {
      of.apply(from.directory()).remove(from.name());
      of.apply(to.directory()).put(to.name(), inode);
    }
  }

  /// The chosen changes, in order, and every earlier one at the same places: changes of one name
  /// become durable in their order, or a rename could lose both its names.
  static List<NameChange> withEarlier(List<NameChange> all, Predicate<NameChange> chosen) {
    var needed = new HashSet<Place>();
    var kept = new ArrayList<NameChange>();
    for (NameChange change : all.reversed()) {
      if (chosen.test(change) || change.places().stream().anyMatch(needed::contains)) {
        needed.addAll(change.places());
        kept.addFirst(change);
      }
    }
    return kept;
  }
}
