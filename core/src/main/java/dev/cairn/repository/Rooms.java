package dev.cairn.repository;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Memory that is used again by one part of a restore after another. Thread-safe; there are never
/// more rooms than parts at work at the same time. Freed with the last reference.
final class Rooms {
  private final ConcurrentLinkedQueue<Room> free = new ConcurrentLinkedQueue<>();

  /// To be closed by whoever takes it, and not used any more then.
  Room take() {
    Room room = free.poll();
    return room == null ? new Room() : room;
  }

  /// Three buffers outside the heap, as large as they ever had to be. For one thread at a time.
  final class Room implements AutoCloseable {
    private ByteBuffer stored = ByteBuffer.allocate(0);
    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private ByteBuffer local = ByteBuffer.allocate(0);

    /// For bytes as they are stored.
    ByteBuffer stored(int sizeBytes) {
      stored = atLeast(stored, sizeBytes);
      return stored.slice(0, sizeBytes);
    }

    /// The chunk of exactly `sizeBytes` that a Zstandard frame in [#stored] yields; empty if it
    /// yields anything else. Valid until the next one.
    Optional<ByteBuffer> inflate(ByteBuffer frame, int sizeBytes) {
      chunk = atLeast(chunk, sizeBytes);
      try {
        long size =
            Zstd.decompressDirectByteBuffer(
                chunk, 0, sizeBytes, frame, frame.position(), frame.remaining());
        return size == sizeBytes ? Optional.of(chunk.slice(0, sizeBytes)) : Optional.empty();
      } catch (ZstdException _) {
        return Optional.empty(); // No frame, or one that yields more.
      }
    }

    /// For bytes of a local file.
    ByteBuffer local(int sizeBytes) {
      local = atLeast(local, sizeBytes);
      return local.slice(0, sizeBytes);
    }

    private static ByteBuffer atLeast(ByteBuffer buffer, int sizeBytes) {
      return buffer.capacity() >= sizeBytes
          ? buffer
          : ByteBuffer.allocateDirect(Math.max(sizeBytes, 2 * buffer.capacity()));
    }

    @Override
    public void close() {
      free.add(this);
    }
  }
}
