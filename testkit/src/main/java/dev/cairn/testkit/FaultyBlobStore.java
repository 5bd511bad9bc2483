package dev.cairn.testkit;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// A store in front of another, that fails at planned calls and whose listings may lag behind.
///
/// Calls count from 1; [#close] and [#location] do not count. Thread-safe.
public final class FaultyBlobStore implements BlobStore {
  private final BlobStore store;
  private final Faults faults = new Faults();
  private final Deque<String> newest = new ArrayDeque<>();
  private int hidden;

  public FaultyBlobStore(BlobStore store) {
    this.store = store;
  }

  /// Makes that call fail, once; with [When#AFTER] it has happened all the same.
  public void failAt(long call, When when, Supplier<CairnException> failure) {
    faults.plan(
        false,
        call,
        when,
        () -> {
          throw failure.get();
        });
  }

  /// From now on listings lack the objects that were put last through this store.
  ///
  /// @param objects how many; 0 for listings that are up to date
  public synchronized void hideNewest(int objects) {
    hidden = objects;
  }

  public long calls() {
    return faults.calls();
  }

  /// Every call so far, as in `put jobs/a/x`.
  public List<String> log() {
    return faults.log();
  }

  private <T> T call(String method, String name, Supplier<T> action) {
    return faults.run(method + " " + name, false, action);
  }

  @Override
  public void put(String name, Blob body) {
    call(
        "put",
        name,
        () -> {
          store.put(name, body);
          return remember(name);
        });
  }

  @Override
  public boolean putIfAbsent(String name, Blob body) {
    return call("putIfAbsent", name, () -> store.putIfAbsent(name, body) && remember(name));
  }

  @Override
  public boolean confirm(String name) {
    return call("confirm", name, () -> store.confirm(name));
  }

  private synchronized boolean remember(String name) {
    newest.remove(name);
    newest.addFirst(name);
    return true;
  }

  private synchronized boolean isHidden(Item item) {
    return newest.stream().limit(hidden).anyMatch(name -> name.equals(item.name()));
  }

  @Override
  public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
    return call("read", name, () -> store.read(name, offset, maxBytes));
  }

  @Override
  public Optional<Long> sizeBytes(String name) {
    return call("sizeBytes", name, () -> store.sizeBytes(name));
  }

  @Override
  public List<Item> list(String folder) {
    return call(
        "list", folder, () -> store.list(folder).stream().filter(item -> !isHidden(item)).toList());
  }

  @Override
  public void delete(String name) {
    call(
        "delete",
        name,
        () -> {
          store.delete(name);
          return true;
        });
  }

  @Override
  public String location() {
    return store.location();
  }

  @Override
  public void close() {
    store.close();
  }
}
