package dev.cairn.repository;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The packs of one job in a store.
record JobPacks(BlobStore blobs, JobId job) {
  private static final int COMPARED_BYTES = 1 << 20;

  /// Reads at most `maxBytes` from `offset` on; empty if there is no such pack.
  Optional<ByteBuffer> read(PackName pack, long offset, int maxBytes) {
    return blobs.read(pack.object(job), offset, maxBytes);
  }

  Optional<Long> sizeBytes(PackName pack) {
    return blobs.sizeBytes(pack.object(job));
  }

  /// The packs that a listing shows, with their sizes. What else is in the folder is not ours.
  Map<PackName, Long> sizes() {
    var sizes = new HashMap<PackName, Long>();
    for (BlobStore.Item item : blobs.list(PackName.folder(job))) {
      if (!item.folder()) {
        PackName.parse(item.leaf()).ifPresent(name -> sizes.put(name, item.sizeBytes()));
      }
    }
    return sizes;
  }

  void delete(PackName pack) {
    blobs.delete(pack.object(job));
  }

  /// Stores a new pack; durable on return.
  ///
  /// @throws CairnException.Corrupt if its name is taken by anything else
  void put(PackName pack, Blob body) {
    String object = pack.object(job);
    if (!blobs.putIfAbsent(object, body) && !holds(object, body)) {
      throw new CairnException.Corrupt(
          "%s in %s is already taken, although its name was made just now; nothing was saved"
              .formatted(object, blobs.location()),
          "See what is wrong with the store: cairn checkpoints verify " + job);
    }
  }

  /// Whether the object is exactly `body`: then an earlier try of the same put has succeeded.
  private boolean holds(String object, Blob body) {
    long offset = 0;
    for (ByteBuffer part : body.parts()) {
      while (part.hasRemaining()) {
        int count = Math.min(COMPARED_BYTES, part.remaining());
        ByteBuffer stored = blobs.read(object, offset, count).orElse(ByteBuffer.allocate(0));
        if (!stored.equals(part.slice(part.position(), count))) {
          return false;
        }
        part.position(part.position() + count);
        offset += count;
      }
    }
    return blobs.sizeBytes(object).orElse(-1L) == offset;
  }
}
