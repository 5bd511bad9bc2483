package dev.cairn.testkit.interleaving;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All objects of a store at one moment, by name. Never changes: a put makes another shelf.
final class Shelf {
  static final Shelf EMPTY = new Shelf(new TreeMap<>());

  private final NavigableMap<String, Bytes> objects;
  private final int hash;

  private Shelf(NavigableMap<String, Bytes> objects) {
    this.objects = objects;
    this.hash = objects.hashCode();
  }

  @Nullable Bytes get(String name) {
    return objects.get(name);
  }

  /// The objects whose names start with that.
  SortedMap<String, Bytes> below(String prefix) {
    return Collections.unmodifiableSortedMap(objects.subMap(prefix, prefix + Character.MAX_VALUE));
  }

  Shelf with(String name, Bytes body) {
    var changed = new TreeMap<>(objects);
    changed.put(name, body);
    return new Shelf(changed);
  }

  Shelf without(String name) {
    var changed = new TreeMap<>(objects);
    changed.remove(name);
    return new Shelf(changed);
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || other instanceof Shelf that && hash == that.hash && objects.equals(that.objects);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
