package dev.cairn.repository;

import com.github.luben.zstd.ZstdCompressCtx;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The memory and the compressor of one [Segment] at a time: room for its bytes and for what is
/// left of them after compression, 8 MiB, and for one chunk in another order, 4 MiB at most.
final class Workspace implements AutoCloseable {
  private static final int SAMPLE_BYTES = 64 * 1024;
  private static final int SAMPLE_PIECES = 4;
  private static final double WORTH_IT = 0.92;

  /// What shuffling must save on top, since reading back costs more.
  private static final double WORTH_SHUFFLING = 0.97;

  /// What a chunk may grow by before it is known not to shrink; see `ZSTD_COMPRESSBOUND`.
  private static final int SLACK_BYTES = 4096;

  private static final List<Codec> SHUFFLED =
      List.of(Codec.SHUFFLED_2, Codec.SHUFFLED_4, Codec.SHUFFLED_8);

  private final Arena arena;
  private final @Nullable ZstdCompressCtx zstd;
  private MemorySegment plain = MemorySegment.NULL;
  private MemorySegment order = MemorySegment.NULL;
  private MemorySegment samples = MemorySegment.NULL;
  private ByteBuffer packed = ByteBuffer.allocate(0);

  /// For the segment; absent before its first chunk that has to be stored.
  private @Nullable Codec codec;

  Workspace(Arena arena, Repository.Compression compression) {
    this.arena = arena;
    this.zstd =
        switch (compression) {
          case NONE -> null;
          case AUTO -> new ZstdCompressCtx().setLevel(Codec.ZSTD_LEVEL);
        };
  }

  /// A chunk as it is to be stored.
  record Packed(Codec codec, ByteBuffer stored) {}

  /// Room for a segment of this size, in place of the one before; what it holds is left as it is.
  ByteBuffer begin(int sizeBytes) {
    if (plain.byteSize() < sizeBytes) {
      long room = Math.min(Segment.BYTES, Math.max(sizeBytes, 2 * plain.byteSize()));
      plain = arena.allocate(room);
      packed = zstd == null ? packed : arena.allocate(room + SLACK_BYTES).asByteBuffer();
    }
    codec = null;
    packed.clear();
    return plain.asSlice(0, sizeBytes).asByteBuffer();
  }

  /// A chunk of the segment, compressed the way that suits a sample of the first one; as it is if
  /// that is not worth it for the segment or for this chunk.
  Packed compress(ByteBuffer chunk) {
    var asItIs = new Packed(Codec.RAW, chunk);
    if (zstd == null || chunk.remaining() <= 1) {
      return asItIs;
    }
    if (codec == null) {
      codec = bestFor(zstd, sample(chunk));
    }
    if (codec == Codec.RAW) {
      return asItIs;
    }
    int size = compress(zstd, inOrder(codec, chunk));
    if (size >= chunk.remaining()) {
      return asItIs;
    }
    ByteBuffer result = packed.slice(packed.position(), size);
    packed.position(packed.position() + size);
    return new Packed(codec, result);
  }

  /// Pieces from all over the chunk, one after another.
  private ByteBuffer sample(ByteBuffer chunk) {
    if (chunk.remaining() <= SAMPLE_BYTES) {
      return chunk;
    }
    int piece = SAMPLE_BYTES / SAMPLE_PIECES;
    int stride = chunk.remaining() / SAMPLE_PIECES & -8;
    if (samples.byteSize() == 0) {
      samples = arena.allocate(SAMPLE_BYTES);
    }
    ByteBuffer sample = samples.asByteBuffer();
    for (int i = 0; i < SAMPLE_PIECES; i++) {
      sample.put(chunk.slice(i * stride, piece));
    }
    return sample.flip();
  }

  private Codec bestFor(ZstdCompressCtx context, ByteBuffer sample) {
    Codec best = Codec.ZSTD;
    int least = compress(context, sample);
    for (Codec shuffled : SHUFFLED) {
      int size = compress(context, inOrder(shuffled, sample));
      if (size < least * (best == Codec.ZSTD ? WORTH_SHUFFLING : 1)) {
        best = shuffled;
        least = size;
      }
    }
    return least < sample.remaining() * WORTH_IT ? best : Codec.RAW;
  }

  /// The bytes in the order in which `codec` compresses them.
  private ByteBuffer inOrder(Codec as, ByteBuffer bytes) {
    if (as.width() == 1) {
      return bytes;
    }
    int size = bytes.remaining();
    if (order.byteSize() < size) {
      order = arena.allocate(Math.max(size, Manifest.CHUNK_BYTES));
    }
    MemorySegment shuffled = order.asSlice(0, size);
    Shuffle.apply(MemorySegment.ofBuffer(bytes), shuffled, as.width());
    return shuffled.asByteBuffer();
  }

  /// Compresses into what is left of the room. That is enough for any result, since all those
  /// before together are smaller than their chunks.
  ///
  /// @return the size
  private int compress(ZstdCompressCtx context, ByteBuffer source) {
    return context.compressDirectByteBuffer(
        packed, packed.position(), packed.remaining(), source, 0, source.remaining());
  }

  @Override
  public void close() {
    if (zstd != null) {
      zstd.close();
    }
  }
}
