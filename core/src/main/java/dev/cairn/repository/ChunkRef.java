package dev.cairn.repository;

import java.nio.ByteBuffer;

/// Where one chunk is stored. 57 bytes, numbers big-endian:
///
/// | offset | size | |
/// |---|---|---|
/// | 0 | 32 | SHA-256 of the chunk, before compression |
/// | 32 | 4 | number of its pack in the table of packs that goes with the reference, from 0 |
/// | 36 | 8 | offset of its extent in the pack, in bytes |
/// | 44 | 4 | stored size in bytes, at least 1 |
/// | 48 | 4 | size of the chunk in bytes, at least 1 |
/// | 52 | 1 | [Codec] |
/// | 53 | 4 | CRC32C (RFC 3720) of the stored bytes |
record ChunkRef(
    Sha256 sha256, int pack, long offset, int storedBytes, int sizeBytes, Codec codec, int crc32c) {
  static final int BYTES = 57;

  static final long MAX_OFFSET = 1L << 56;

  /// @param packs size of the table
  /// @param minBytes least size of the chunk
  /// @param maxBytes greatest size of the chunk
  static ChunkRef read(Fields from, int packs, int minBytes, int maxBytes) throws Damage {
    Sha256 sha256 = from.sha256();
    int pack = from.u32(0, packs - 1, "number of a pack");
    long offset = from.u64(Pack.HEADER_BYTES, MAX_OFFSET, "an offset");
    int stored = from.u32(1, maxBytes, "a stored size");
    int size = from.u32(minBytes, maxBytes, "the size of a chunk");
    int number = from.u8();
    Codec codec =
        Codec.of(number).orElseThrow(() -> from.damage("codec %d is not known".formatted(number)));
    from.require(
        codec.allows(stored, size), () -> "a chunk of " + size + " bytes is stored in " + stored);
    return new ChunkRef(sha256, pack, offset, stored, size, codec, from.i32());
  }

  void write(ByteBuffer to) {
    sha256.write(to);
    to.putInt(pack).putLong(offset).putInt(storedBytes).putInt(sizeBytes);
    to.put((byte) codec.number()).putInt(crc32c);
  }

  /// The same place by the numbering of another table.
  ChunkRef inPack(int number) {
    return new ChunkRef(sha256, number, offset, storedBytes, sizeBytes, codec, crc32c);
  }

  /// The first byte after the extent.
  long end() {
    return offset + storedBytes;
  }

  boolean samePlace(ChunkRef other) {
    return pack == other.pack && offset == other.offset && storedBytes == other.storedBytes;
  }
}
