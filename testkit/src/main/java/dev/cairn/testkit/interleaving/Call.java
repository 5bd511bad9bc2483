package dev.cairn.testkit.interleaving;

import dev.cairn.blob.BlobStore.Item;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// One call of a [dev.cairn.blob.BlobStore] as a value, and what it does.
sealed interface Call {
  /// The object or folder that it names.
  String name();

  /// What it does to a store that holds `shelf`, and what it answers.
  Done on(Shelf shelf);

  /// @param answer a value that is equal to another if whoever asked cannot tell them apart
  record Done(Shelf after, Object answer) {}

  record Put(String name, Bytes body) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return new Done(shelf.with(name, body), true);
    }
  }

  record PutIfAbsent(String name, Bytes body) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return shelf.get(name) == null
          ? new Done(shelf.with(name, body), true)
          : new Done(shelf, false);
    }
  }

  record Confirm(String name) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return new Done(shelf, shelf.get(name) != null);
    }
  }

  record Read(String name, long offset, int maxBytes) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return new Done(
          shelf, Optional.ofNullable(shelf.get(name)).map(body -> body.part(offset, maxBytes)));
    }
  }

  record Size(String name) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return new Done(
          shelf, Optional.ofNullable(shelf.get(name)).map(body -> (long) body.sizeBytes()));
    }
  }

  record Listing(String name) implements Call {
    @Override
    public Done on(Shelf shelf) {
      String prefix = name.isEmpty() ? "" : name + "/";
      var items = new TreeMap<String, Item>();
      shelf
          .below(prefix)
          .forEach((object, body) -> {
            int slash = object.indexOf('/', prefix.length());
            String item = slash < 0 ? object : object.substring(0, slash);
            items.put(item, new Item(item, slash < 0 ? body.sizeBytes() : 0, slash >= 0));
          });
      return new Done(shelf, List.copyOf(items.values()));
    }
  }

  record Delete(String name) implements Call {
    @Override
    public Done on(Shelf shelf) {
      return new Done(shelf.get(name) == null ? shelf : shelf.without(name), true);
    }
  }
}
