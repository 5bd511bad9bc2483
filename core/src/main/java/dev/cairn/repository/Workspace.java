package dev.cairn.repository;

import com.github.luben.zstd.ZstdCompressCtx;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The memory and the compressor of one [Segment] at a time: room for its bytes and for what is
/// left of them after compression, 8 MiB.
final class Workspace implements AutoCloseable {
  private static final int SAMPLE_BYTES = 64 * 1024;
  private static final double WORTH_IT = 0.92;

  /// What a chunk may grow by before it is known not to shrink; see `ZSTD_COMPRESSBOUND`.
  private static final int SLACK_BYTES = 4096;

  private final Arena arena;
  private final @Nullable ZstdCompressCtx zstd;
  private ByteBuffer plain = ByteBuffer.allocate(0);
  private ByteBuffer packed = ByteBuffer.allocate(0);
  private boolean sampled;
  private boolean worthIt;

  Workspace(Arena arena, Repository.Compression compression) {
    this.arena = arena;
    this.zstd =
        switch (compression) {
          case NONE -> null;
          case AUTO -> new ZstdCompressCtx().setLevel(Codec.ZSTD_LEVEL);
        };
  }

  /// Room for a segment of this size, in place of the one before.
  ByteBuffer begin(int sizeBytes) {
    if (plain.capacity() < sizeBytes) {
      int room = Math.min(Segment.BYTES, Math.max(sizeBytes, 2 * plain.capacity()));
      plain = arena.allocate(room).asByteBuffer();
      packed = zstd == null ? packed : arena.allocate(room + SLACK_BYTES).asByteBuffer();
    }
    sampled = false;
    packed.clear();
    return plain.slice(0, sizeBytes);
  }

  /// A chunk of the segment, compressed; empty if that is not worth it for the whole segment, which
  /// a sample of the first chunk tells, or for this chunk.
  Optional<ByteBuffer> compress(ByteBuffer chunk) {
    if (zstd == null || chunk.remaining() <= 1) {
      return Optional.empty();
    }
    if (!sampled) {
      sampled = true;
      int size = Math.min(SAMPLE_BYTES, chunk.remaining());
      worthIt = compress(zstd, chunk.slice((chunk.remaining() - size) / 2, size), WORTH_IT) > 0;
    }
    if (!worthIt) {
      return Optional.empty();
    }
    int size = compress(zstd, chunk, 1.0);
    if (size == 0) {
      return Optional.empty();
    }
    ByteBuffer result = packed.slice(packed.position(), size);
    packed.position(packed.position() + size);
    return Optional.of(result);
  }

  /// Compresses into what is left of the room. That is enough for any result, since all those
  /// before together are smaller than their chunks.
  ///
  /// @return the size, or 0 if it is not less than `share` of the source's
  private int compress(ZstdCompressCtx context, ByteBuffer source, double share) {
    int size =
        context.compressDirectByteBuffer(
            packed, packed.position(), packed.remaining(), source, 0, source.remaining());
    return size < source.remaining() * share ? size : 0;
  }

  @Override
  public void close() {
    if (zstd != null) {
      zstd.close();
    }
  }
}
