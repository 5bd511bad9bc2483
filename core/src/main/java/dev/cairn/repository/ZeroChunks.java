package dev.cairn.repository;

import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Long runs of zeros, which are hashed once and for all, and which a new file need not be told.
final class ZeroChunks {
  /// A run is left out in blocks of this size, counted from the start of the file.
  private static final int BLOCK = 64 * 1024;

  private static final int MOST_SIZES = 64;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK).asReadOnlyBuffer();

  private static final Map<Integer, Sha256> HASHES = new ConcurrentHashMap<>();

  private ZeroChunks() {}

  /// The hash of so many zeros, kept for the next time if there is room.
  static Sha256 hash(int sizeBytes) {
    Sha256 hash = HASHES.get(sizeBytes);
    if (hash == null) {
      hash = Sha256.of(ByteBuffer.allocate(sizeBytes));
      if (HASHES.size() < MOST_SIZES) {
        HASHES.put(sizeBytes, hash);
      }
    }
    return hash;
  }

  /// Whether the chunk at `ref` consists of zeros, as its hash tells.
  static boolean isZeros(ChunkRef ref) {
    if (HASHES.size() >= MOST_SIZES && !HASHES.containsKey(ref.sizeBytes())) {
      return false; // It is then read, and found to be zeros.
    }
    return hash(ref.sizeBytes()).equals(ref.sha256());
  }

  /// Writes `chunk` at `position`, except for blocks of zeros.
  ///
  /// @return bytes written
  static long writeAround(DiskFile file, ByteBuffer chunk, long position) {
    int start = chunk.position();
    int end = chunk.limit();
    int from = start;
    long written = 0;
    for (int at = start; at < end; ) {
      int size = (int) Math.min(end - at, BLOCK - (position + at - start) % BLOCK);
      if (chunk.slice(at, size).equals(ZEROS.slice(0, size))) {
        written += write(file, chunk, from, at, position + from - start);
        from = at + size;
      }
      at += size;
    }
    return written + write(file, chunk, from, end, position + from - start);
  }

  private static int write(DiskFile file, ByteBuffer chunk, int from, int to, long position) {
    if (to > from) {
      file.writeAt(chunk.slice(from, to - from), position);
    }
    return to - from;
  }
}
