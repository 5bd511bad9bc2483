package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a pack says itself about its extents, read from its footer and trusting nothing in it
/// (I10): they lie one after another between header and footer.
final class PackIndex {
  private static final int VERSION = 1;
  private static final int EXTENT_BYTES = 53;

  private PackIndex() {}

  /// @param footer whose hash is that in the pack's name
  /// @param at where the footer is
  /// @return the extents in their order, of a table of one pack
  static List<ChunkRef> read(ByteBuffer footer, PackName pack, long at) throws Damage {
    var fields = new Fields(footer, "its index of chunks", pack, at);
    fields.version(VERSION);
    fields.i64(); // the nonce
    fields.i64();
    long token = fields.i64();
    fields.require(token == pack.token(), () -> "it is of token " + token);
    fields.require(
        fields.i64() == (long) Sha256.ALGORITHM << 56, () -> "its hash algorithm is not known");
    int count = fields.count(Integer.MAX_VALUE, EXTENT_BYTES, "number of extents");
    var extents = new ArrayList<ChunkRef>(count);
    long end = Pack.HEADER_BYTES;
    for (int i = 0; i < count; i++) {
      ChunkRef extent = readExtent(fields, end, at);
      extents.add(extent);
      end = extent.end();
    }
    fields.end();
    return extents;
  }

  private static ChunkRef readExtent(Fields fields, long from, long to) throws Damage {
    Sha256 sha256 = fields.sha256();
    long offset = fields.u64(from, to, "an offset");
    int stored = fields.u32(1, Manifest.MAX_BYTES, "a stored size");
    fields.require(offset + stored <= to, () -> "an extent ends at " + (offset + stored));
    int size = fields.u32(1, Manifest.MAX_BYTES, "the size of a chunk");
    int number = fields.u8();
    Codec codec =
        Codec.of(number)
            .orElseThrow(() -> fields.damage("codec %d is not known".formatted(number)));
    fields.require(
        codec.allows(stored, size), () -> "a chunk of " + size + " bytes is stored in " + stored);
    return new ChunkRef(sha256, 0, offset, stored, size, codec, fields.i32());
  }
}
