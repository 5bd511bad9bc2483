package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The contents of one file while its chunks come in, in order.
final class ContentsDraft {
  private final long sizeBytes;
  private final int chunkBytes;
  private final List<@Nullable ChunkRef> refs = new ArrayList<>();
  private final List<ChunkRef> open = new ArrayList<>();
  private @Nullable Sha256 root;

  ContentsDraft(long sizeBytes, int chunkBytes) {
    this.sizeBytes = sizeBytes;
    this.chunkBytes = chunkBytes;
  }

  /// A full group of chunks, still to be stored itself.
  record Group(ContentsDraft draft, int index, List<ChunkRef> chunks) {
    Group {
      chunks = List.copyOf(chunks);
    }

    void storedAt(ChunkRef ref) {
      draft.refs.set(index, ref);
    }
  }

  /// Adds the next chunk.
  ///
  /// @param digest the same for all chunks of a file
  /// @return a group that is complete with it
  @Nullable Group add(ChunkRef ref, MessageDigest digest) {
    ref.sha256().addTo(digest);
    if (!isGrouped()) {
      refs.add(ref);
      return null;
    }
    open.add(ref);
    return open.size() == LeafGroup.CHUNKS ? closeGroup() : null;
  }

  /// Ends the file.
  ///
  /// @return the last group, if there is one
  @Nullable Group end(MessageDigest digest) {
    root = Sha256.of(digest);
    return open.isEmpty() ? null : closeGroup();
  }

  private Group closeGroup() {
    var group = new Group(this, refs.size(), open);
    refs.add(null);
    open.clear();
    return group;
  }

  private boolean isGrouped() {
    return Contents.chunks(sizeBytes, chunkBytes) > Manifest.INLINE_CHUNKS;
  }

  /// All of it, once the file has ended and every group is stored.
  Contents contents() {
    List<ChunkRef> stored = refs.stream().map(Objects::requireNonNull).toList();
    return new Contents(sizeBytes, chunkBytes, Objects.requireNonNull(root, "not ended"), stored);
  }
}
