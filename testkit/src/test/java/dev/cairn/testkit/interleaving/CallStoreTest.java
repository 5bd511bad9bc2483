package dev.cairn.testkit.interleaving;

import dev.cairn.blob.BlobStore;
import dev.cairn.testkit.BlobStoreContract;

/// Calls as values do what a store promises.
final class CallStoreTest implements BlobStoreContract {
  @Override
  public BlobStore open() {
    return CallStore.over(Shelf.EMPTY);
  }
}
