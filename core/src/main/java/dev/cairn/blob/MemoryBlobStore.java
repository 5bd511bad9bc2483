package dev.cairn.blob;

import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/// Objects in memory, gone with the process: for tests and for jobs that need no durability.
public final class MemoryBlobStore implements BlobStore {
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

  @Override
  public void put(String name, Blob body) {
    objects.put(BlobName.checked(name), body.toBytes());
  }

  @Override
  public boolean putIfAbsent(String name, Blob body) {
    return objects.putIfAbsent(BlobName.checked(name), body.toBytes()) == null;
  }

  @Override
  public boolean confirm(String name) {
    return objects.containsKey(BlobName.checked(name));
  }

  @Override
  public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
    if (offset < 0 || maxBytes < 0) {
      throw new IllegalArgumentException("offset " + offset + ", at most " + maxBytes);
    }
    byte[] body = objects.get(BlobName.checked(name));
    if (body == null) {
      return Optional.empty();
    }
    int from = (int) Math.min(offset, body.length);
    int count = Math.min(maxBytes, body.length - from);
    return Optional.of(ByteBuffer.allocate(count).put(body, from, count).flip());
  }

  @Override
  public Optional<Long> sizeBytes(String name) {
    return Optional.ofNullable(objects.get(BlobName.checked(name))).map(body -> (long) body.length);
  }

  @Override
  public List<Item> list(String folder) {
    String prefix = folder.isEmpty() ? "" : BlobName.checked(folder) + "/";
    var items = new HashSet<Item>();
    for (var object : objects.tailMap(prefix).entrySet()) {
      String name = object.getKey();
      if (!name.startsWith(prefix)) {
        break;
      }
      int slash = name.indexOf('/', prefix.length());
      items.add(
          slash < 0
              ? new Item(name, object.getValue().length, false)
              : new Item(name.substring(0, slash), 0, true));
    }
    return items.stream().sorted(Comparator.comparing(Item::name)).toList();
  }

  @Override
  public void delete(String name) {
    objects.remove(BlobName.checked(name));
  }

  @Override
  public String location() {
    return "memory";
  }

  @Override
  public void close() {
    // Whoever still holds it may go on reading.
  }
}
