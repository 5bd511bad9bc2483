package dev.cairn.repository;

import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Long runs of zeros, which a new file need not be told.
final class ZeroChunks {
  /// A run is left out in blocks of this size, counted from the start of the file.
  private static final int BLOCK = 64 * 1024;

  private static final int MOST_SIZES = 64;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK).asReadOnlyBuffer();

  private static final Map<Integer, Sha256> HASHES = new ConcurrentHashMap<>();

  private ZeroChunks() {}

  /// Whether the chunk at `ref` consists of zeros, as its hash tells.
  static boolean isZeros(ChunkRef ref) {
    Sha256 hash = HASHES.get(ref.sizeBytes());
    if (hash == null) {
      if (HASHES.size() >= MOST_SIZES) {
        return false; // It is then read, and found to be zeros.
      }
      hash = Sha256.of(ByteBuffer.allocate(ref.sizeBytes()));
      HASHES.put(ref.sizeBytes(), hash);
    }
    return hash.equals(ref.sha256());
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
