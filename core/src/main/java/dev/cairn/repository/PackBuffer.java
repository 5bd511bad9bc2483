package dev.cairn.repository;

import dev.cairn.blob.Blob;
import dev.cairn.env.Disk;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A [Pack] being filled: in memory, so that its put can be replayed. Reused for one pack after
/// another; memory is taken from the arena as it is needed and kept.
final class PackBuffer {
  private static final int PART_BYTES = 4 << 20;

  private final Arena arena;
  private final List<ByteBuffer> parts = new ArrayList<>();
  private final List<ChunkRef> extents = new ArrayList<>();
  private long end;

  PackBuffer(Arena arena) {
    this.arena = arena;
  }

  boolean isEmpty() {
    return extents.isEmpty();
  }

  /// Whether the pack, with an extent of this size, would still not be over the limit.
  boolean fits(int storedBytes) {
    long start = Math.max(end, Pack.HEADER_BYTES);
    long size = Pack.place(start, storedBytes) + storedBytes + Pack.tailBytes(extents.size() + 1);
    return size <= Pack.FULL_BYTES;
  }

  /// Appends an extent.
  ///
  /// @param chunk what it is; its offset does not count
  /// @return `chunk` with the offset that it got
  ChunkRef add(ChunkRef chunk, ByteBuffer stored) {
    if (extents.isEmpty()) {
      append(Pack.header());
    }
    long offset = Pack.place(end, stored.remaining());
    append(ByteBuffer.allocate((int) (offset - end)));
    append(stored.duplicate());
    var placed =
        new ChunkRef(
            chunk.sha256(),
            chunk.pack(),
            offset,
            chunk.storedBytes(),
            chunk.sizeBytes(),
            chunk.codec(),
            chunk.crc32c());
    extents.add(placed);
    return placed;
  }

  /// Ends the pack. Its bytes stay until [#clear].
  Sealed seal(long token, byte[] nonce) {
    ByteBuffer footer = Pack.footer(nonce, token, extents);
    var name = new PackName(token, Sha256.of(footer));
    ByteBuffer trailer = Pack.trailer(footer);
    append(footer);
    append(trailer);
    return new Sealed(name, Blob.of(filled()));
  }

  record Sealed(PackName name, Blob body) {}

  void clear() {
    extents.clear();
    end = 0;
  }

  private void append(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      int part = (int) (end / PART_BYTES);
      if (part == parts.size()) {
        parts.add(arena.allocate(PART_BYTES, Disk.DIRECT_BYTES).asByteBuffer());
      }
      int at = (int) (end % PART_BYTES);
      int count = Math.min(PART_BYTES - at, bytes.remaining());
      parts.get(part).put(at, bytes, bytes.position(), count);
      bytes.position(bytes.position() + count);
      end += count;
    }
  }

  private List<ByteBuffer> filled() {
    var filled = new ArrayList<ByteBuffer>();
    for (long from = 0; from < end; from += PART_BYTES) {
      ByteBuffer part = parts.get(filled.size());
      filled.add(part.slice(0, (int) Math.min(PART_BYTES, end - from)));
    }
    return filled;
  }
}
