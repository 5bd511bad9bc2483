package dev.cairn.repository;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// How the bytes of a chunk are stored.
///
/// | number | stored bytes |
/// |---|---|
/// | 0 | the chunk itself |
/// | 1 | one Zstandard frame (RFC 8878) that yields the chunk; smaller than it |
/// | 2, 3, 4 | as 1, but it yields the chunk in another order: as elements of 2, 4 or 8 bytes, first the first byte of every element, then the second of every one and so on; bytes at the end that make no whole element follow as they are |
enum Codec {
  RAW(0, 1),
  ZSTD(1, 1),
  SHUFFLED_2(2, 2),
  SHUFFLED_4(3, 4),
  SHUFFLED_8(4, 8);

  static final int ZSTD_LEVEL = 1;

  private static final long UNKNOWN_SIZE = -1;

  /// A block of 128 KiB takes 4 bytes at least (RFC 8878, section 3.1.1.2).
  private static final long MOST_FROM_A_BYTE = 128 * 1024 / 4;

  private static final List<Codec> ALL = List.of(values());

  private final int number;
  private final int width;

  Codec(int number, int width) {
    this.number = number;
    this.width = width;
  }

  static Optional<Codec> of(int number) {
    return number >= 0 && number < ALL.size() ? Optional.of(ALL.get(number)) : Optional.empty();
  }

  int number() {
    return number;
  }

  /// Size of an element in bytes; 1 where nothing is shuffled.
  int width() {
    return width;
  }

  /// Whether a chunk of `sizeBytes` can be stored in `storedBytes`.
  boolean allows(int storedBytes, int sizeBytes) {
    return switch (this) {
      case RAW -> storedBytes == sizeBytes;
      case ZSTD, SHUFFLED_2, SHUFFLED_4, SHUFFLED_8 -> storedBytes < sizeBytes;
    };
  }

  /// `chunk`, which is in an array, as a Zstandard frame; empty if that is not smaller.
  static Optional<ByteBuffer> compress(ByteBuffer chunk) {
    var frame = new byte[Math.toIntExact(Zstd.compressBound(chunk.remaining()))];
    int from = chunk.arrayOffset() + chunk.position();
    long size = // Never more than the bound, so this does not fail.
        Zstd.compressByteArray(
            frame, 0, frame.length, chunk.array(), from, chunk.remaining(), ZSTD_LEVEL);
    return size < chunk.remaining()
        ? Optional.of(ByteBuffer.wrap(frame, 0, (int) size).slice())
        : Optional.empty();
  }

  /// The chunk of exactly `sizeBytes` that `stored` yields; empty if it yields anything else.
  Optional<ByteBuffer> decode(ByteBuffer stored, int sizeBytes) {
    return switch (this) {
      case RAW -> stored.remaining() == sizeBytes ? Optional.of(stored) : Optional.empty();
      case ZSTD -> inflate(stored, sizeBytes);
      case SHUFFLED_2, SHUFFLED_4, SHUFFLED_8 -> inflate(stored, sizeBytes).map(this::unshuffled);
    };
  }

  private ByteBuffer unshuffled(ByteBuffer shuffled) {
    var chunk = ByteBuffer.allocate(shuffled.remaining());
    Shuffle.undo(MemorySegment.ofBuffer(shuffled), MemorySegment.ofBuffer(chunk), width);
    return chunk;
  }

  /// Whether a frame may be one of `sizeBytes`: before memory is taken for it (I10).
  private static boolean mayYield(byte[] frame, int offset, int length, int sizeBytes) {
    if (sizeBytes > length * MOST_FROM_A_BYTE) {
      return false;
    }
    long said = Zstd.getFrameContentSize(frame, offset, length, false);
    return said == UNKNOWN_SIZE || said == sizeBytes;
  }

  private static Optional<ByteBuffer> inflate(ByteBuffer stored, int sizeBytes) {
    byte[] source;
    int offset = 0;
    int length = stored.remaining();
    if (stored.hasArray()) {
      source = stored.array();
      offset = stored.arrayOffset() + stored.position();
    } else {
      source = new byte[length];
      stored.duplicate().get(source);
    }
    if (!mayYield(source, offset, length, sizeBytes)) {
      return Optional.empty();
    }
    var chunk = new byte[sizeBytes];
    try {
      long size = Zstd.decompressByteArray(chunk, 0, sizeBytes, source, offset, length);
      return size == sizeBytes ? Optional.of(ByteBuffer.wrap(chunk)) : Optional.empty();
    } catch (ZstdException _) {
      return Optional.empty(); // No frame, or one that yields more.
    }
  }
}
