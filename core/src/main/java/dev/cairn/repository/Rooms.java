package dev.cairn.repository;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Memory that is used again by one part of a restore after another. Thread-safe; there are never
/// more rooms than parts at work at the same time. Closed when no part is at work any more.
final class Rooms implements AutoCloseable {
  private final ConcurrentLinkedQueue<Room> free = new ConcurrentLinkedQueue<>();

  /// To be closed by whoever takes it, and not used any more then.
  Room take() {
    Room room = free.poll();
    return room == null ? new Room() : room;
  }

  @Override
  public void close() {
    for (Room room = free.poll(); room != null; room = free.poll()) {
      room.inflater.close();
    }
  }

  /// Four buffers outside the heap, as large as they ever had to be. For one thread at a time.
  final class Room implements AutoCloseable {
    private ByteBuffer stored = ByteBuffer.allocate(0);
    private ByteBuffer inflated = ByteBuffer.allocate(0);
    private ByteBuffer unshuffled = ByteBuffer.allocate(0);
    private ByteBuffer local = ByteBuffer.allocate(0);
    private final ZstdDecompressCtx inflater = new ZstdDecompressCtx();

    /// For bytes as they are stored.
    ByteBuffer stored(int sizeBytes) {
      stored = atLeast(stored, sizeBytes);
      return stored.slice(0, sizeBytes);
    }

    /// The chunk of exactly `sizeBytes` that `bytes`, a part of [#stored], yields; empty if it
    /// yields anything else. Valid until the next one.
    Optional<ByteBuffer> decode(Codec codec, ByteBuffer bytes, int sizeBytes) {
      if (codec == Codec.RAW) {
        return codec.decode(bytes, sizeBytes);
      }
      inflated = atLeast(inflated, sizeBytes);
      if (!inflate(bytes, inflated, sizeBytes)) {
        return Optional.empty();
      }
      ByteBuffer chunk = inflated.slice(0, sizeBytes);
      if (codec.width() == 1) {
        return Optional.of(chunk);
      }
      unshuffled = atLeast(unshuffled, sizeBytes);
      ByteBuffer plain = unshuffled.slice(0, sizeBytes);
      Shuffle.undo(MemorySegment.ofBuffer(chunk), MemorySegment.ofBuffer(plain), codec.width());
      return Optional.of(plain);
    }

    /// @return false if it is no frame, or one that yields more or less
    private boolean inflate(ByteBuffer frame, ByteBuffer into, int sizeBytes) {
      try {
        int from = frame.position();
        return inflater.decompressDirectByteBuffer(
                into, 0, sizeBytes, frame, from, frame.remaining())
            == sizeBytes;
      } catch (ZstdException _) {
        return false;
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
