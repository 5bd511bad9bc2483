package dev.cairn.repository;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// How the bytes of a chunk are stored.
///
/// | number | stored bytes |
/// |---|---|
/// | 0 | the chunk itself |
/// | 1 | one Zstandard frame (RFC 8878) that yields the chunk; smaller than it |
/// | 2 | reserved: byte-shuffled, then as 1 |
enum Codec {
  RAW(0),
  ZSTD(1);

  static final int ZSTD_LEVEL = 1;

  private final int number;

  Codec(int number) {
    this.number = number;
  }

  static Optional<Codec> of(int number) {
    return switch (number) {
      case 0 -> Optional.of(RAW);
      case 1 -> Optional.of(ZSTD);
      default -> Optional.empty();
    };
  }

  int number() {
    return number;
  }

  /// Whether a chunk of `sizeBytes` can be stored in `storedBytes`.
  boolean allows(int storedBytes, int sizeBytes) {
    return switch (this) {
      case RAW -> storedBytes == sizeBytes;
      case ZSTD -> storedBytes < sizeBytes;
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
    };
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
    var chunk = new byte[sizeBytes];
    try {
      long size = Zstd.decompressByteArray(chunk, 0, sizeBytes, source, offset, length);
      return size == sizeBytes ? Optional.of(ByteBuffer.wrap(chunk)) : Optional.empty();
    } catch (ZstdException _) {
      return Optional.empty(); // No frame, or one that yields more.
    }
  }
}
