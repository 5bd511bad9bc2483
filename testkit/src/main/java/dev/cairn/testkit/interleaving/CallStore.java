package dev.cairn.testkit.interleaving;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// A store of objects that passes every [Call] on as a value, and takes the answer from there.
final class CallStore implements BlobStore {
  /// Empty: it knows which names are legal.
  private static final BlobStore NAMES = new MemoryBlobStore();

  private final Function<Call, Object> asked;

  CallStore(Function<Call, Object> asked) {
    this.asked = asked;
  }

  /// A store that holds `shelf`, and what is put there.
  static CallStore over(Shelf shelf) {
    return new CallStore(
        new Function<>() {
          private Shelf now = shelf;

          @Override
          public synchronized Object apply(Call call) {
            Call.Done done = call.on(now);
            now = done.after();
            return done.answer();
          }
        });
  }

  private Object ask(Call call) {
    if (call instanceof Call.Listing) {
      NAMES.list(call.name());
    } else {
      NAMES.sizeBytes(call.name());
    }
    return asked.apply(call);
  }

  @Override
  public void put(String name, Blob body) {
    ask(new Call.Put(name, Bytes.of(body)));
  }

  @Override
  public boolean putIfAbsent(String name, Blob body) {
    return (boolean) ask(new Call.PutIfAbsent(name, Bytes.of(body)));
  }

  @Override
  public boolean confirm(String name) {
    return (boolean) ask(new Call.Confirm(name));
  }

  @Override
  public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
    return ((Optional<?>) ask(new Call.Read(name, offset, maxBytes)))
        .map(bytes -> ((Bytes) bytes).buffer());
  }

  @Override
  public Optional<Long> sizeBytes(String name) {
    return ((Optional<?>) ask(new Call.Size(name))).map(size -> (Long) size);
  }

  @Override
  public List<Item> list(String folder) {
    return ((List<?>) ask(new Call.Listing(folder))).stream().map(Item.class::cast).toList();
  }

  @Override
  public void delete(String name) {
    ask(new Call.Delete(name));
  }

  @Override
  public String location() {
    return "memory";
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
