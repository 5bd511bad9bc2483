package dev.cairn.testkit.sim;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.testkit.sim.SimProcess.Target;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// An object store as one process sees it: single objects are what they are, listings lag behind.
final class SimBlobStore implements BlobStore {
  private final SimProcess process;
  private final BlobStore shared;
  private final Witness witness;

  SimBlobStore(SimProcess process, BlobStore shared, Witness witness) {
    this.process = process;
    this.shared = shared;
    this.witness = witness;
  }

  private <T> T call(String what, String name, Supplier<T> action) {
    return process.call(Target.STORE, what + " " + name, action);
  }

  @Override
  public void put(String name, Blob body) {
    call(
        "put",
        name,
        () -> {
          process.requireRoom(name);
          shared.put(name, body);
          witness.appeared(process, name);
          return true;
        });
  }

  @Override
  public boolean putIfAbsent(String name, Blob body) {
    return call(
        "putIfAbsent",
        name,
        () -> {
          process.requireRoom(name);
          boolean won = shared.putIfAbsent(name, body);
          if (won) {
            witness.appeared(process, name);
          }
          return won;
        });
  }

  @Override
  public boolean confirm(String name) {
    return call("confirm", name, () -> shared.confirm(name));
  }

  @Override
  public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
    return call("read", name, () -> shared.read(name, offset, maxBytes));
  }

  @Override
  public Optional<Long> sizeBytes(String name) {
    return call("head", name, () -> shared.sizeBytes(name));
  }

  @Override
  public List<Item> list(String folder) {
    return call(
        "list",
        folder,
        () ->
            shared.list(folder).stream()
                .filter(item -> !witness.isHidden(process, item.name()))
                .toList());
  }

  @Override
  public void delete(String name) {
    call(
        "delete",
        name,
        () -> {
          shared.delete(name);
          witness.vanished(process, name);
          return true;
        });
  }

  @Override
  public String location() {
    return shared.location();
  }

  @Override
  public void close() {
    // Shared by all.
  }
}
