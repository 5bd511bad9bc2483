package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The contents of one file while its chunks come in, in order.
final class ContentsDraft {
  /// In place of a size that is known when the file has ended.
  static final long UNTIL_ITS_END = -1;

  private final long sizeBytes;
  private final int chunkBytes;
  private final List<@Nullable ChunkRef> groups = new ArrayList<>();
  private List<ChunkRef> open = new ArrayList<>();
  private long chunks;
  private long bytes;
  private @Nullable Sha256 root;

  /// @param chunkBytes of a fixed grid, or [Manifest#BY_CONTENT]
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
      draft.groups.set(index, ref);
    }
  }

  /// Adds the next chunk.
  ///
  /// @param digest the same for all chunks of a file
  /// @return a group that is complete with it
  @Nullable Group add(ChunkRef ref, MessageDigest digest) {
    ref.sha256().addTo(digest);
    chunks++;
    bytes += ref.sizeBytes();
    open.add(ref);
    return open.size() == LeafGroup.CHUNKS ? closeGroup() : null;
  }

  /// Ends the file.
  ///
  /// @return the last group, if there is one
  @Nullable Group end(MessageDigest digest) {
    root = Sha256.of(digest);
    if (sizeBytes != UNTIL_ITS_END && sizeBytes != bytes) {
      throw new IllegalStateException("a file of " + sizeBytes + " bytes came as " + bytes);
    }
    return open.isEmpty() || chunks <= Manifest.INLINE_CHUNKS ? null : closeGroup();
  }

  private Group closeGroup() {
    var group = new Group(this, groups.size(), open);
    groups.add(null);
    open = new ArrayList<>();
    return group;
  }

  /// All of it, once the file has ended and every group is stored.
  Contents contents() {
    Sha256 ended = Objects.requireNonNull(root, "not ended");
    List<ChunkRef> refs =
        groups.isEmpty() ? open : groups.stream().map(Objects::requireNonNull).toList();
    return new Contents(bytes, chunkBytes, chunks, ended, refs);
  }
}
