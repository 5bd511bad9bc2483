package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/// The format of a pack: an object that holds chunks and says itself which. Numbers are big-endian.
///
/// ```
/// header   16   `CAIRNPCK`, version 1 (4), hash algorithm 1 = SHA-256 (1), 0 (3)
/// extents       the stored bytes of chunks; one of 4096 or more starts at a multiple of 4096, the
///               gap before it being zeros; a smaller one follows directly
/// footer   40   version 1 (4), nonce (16), fencing token (8), hash algorithm 1 (1), 0 (7),
///               number of extents (4)
///          53   each: SHA-256 of the chunk (32), offset (8), stored size (4), size of the
///               chunk (4), codec (1), CRC32C of the stored bytes (4)
/// trailer  16   length of the footer (4), CRC32C of the footer (4), `CAIRNEND`
/// ```
///
/// The footer follows the last extent directly. The nonce is random, so that no two packs ever have
/// the same name (see [PackName]), whatever they hold. A pack is full at 64 MiB; only the manifest,
/// which has to be in the last pack of its save, may make one larger. Readers find chunks by
/// [ChunkRef]s and need neither header nor footer: those are for checking, and for finding out what
/// is there when a manifest is lost.
///
/// Sources: SHA-256 FIPS 180-4; CRC32C RFC 3720, appendix B.4; [Codec].
final class Pack {
  static final int HEADER_BYTES = 16;
  static final int TRAILER_BYTES = 16;
  static final int ALIGNMENT = 4096;
  static final int FULL_BYTES = 64 * 1024 * 1024;
  static final int NONCE_BYTES = 16;

  private static final long MAGIC = 0x434149524e50434bL;
  private static final long END_MAGIC = 0x434149524e454e44L;
  private static final int VERSION = 1;
  private static final int FOOTER_HEAD_BYTES = 40;
  private static final int EXTENT_BYTES = 53;

  private Pack() {}

  /// The header of every pack.
  static ByteBuffer header() {
    var header = ByteBuffer.allocate(HEADER_BYTES);
    return header.putLong(MAGIC).putInt(VERSION).putInt(Sha256.ALGORITHM << 24).flip();
  }

  /// Where an extent of this size starts if it comes next after `end`.
  static long place(long end, int storedBytes) {
    return storedBytes < ALIGNMENT ? end : (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /// Size of footer and trailer.
  static long tailBytes(int extents) {
    return FOOTER_HEAD_BYTES + (long) extents * EXTENT_BYTES + TRAILER_BYTES;
  }

  /// Footer without trailer.
  static ByteBuffer footer(byte[] nonce, long token, List<ChunkRef> extents) {
    int bytes = Math.toIntExact(tailBytes(extents.size()) - TRAILER_BYTES);
    var footer = ByteBuffer.allocate(bytes).putInt(VERSION).put(nonce).putLong(token);
    footer.putLong((long) Sha256.ALGORITHM << 56).putInt(extents.size());
    for (ChunkRef extent : extents) {
      extent.sha256().write(footer);
      footer.putLong(extent.offset()).putInt(extent.storedBytes()).putInt(extent.sizeBytes());
      footer.put((byte) extent.codec().number()).putInt(extent.crc32c());
    }
    return footer.flip();
  }

  static ByteBuffer trailer(ByteBuffer footer) {
    var trailer = ByteBuffer.allocate(TRAILER_BYTES).putInt(footer.remaining());
    return trailer.putInt(crc32c(footer)).putLong(END_MAGIC).flip();
  }

  /// Length of the footer that a trailer announces, in a pack of `sizeBytes`; -1 if it is damaged.
  static int footerBytes(ByteBuffer trailer, long sizeBytes) {
    int length = trailer.getInt(0);
    boolean fits =
        length >= FOOTER_HEAD_BYTES && length <= sizeBytes - HEADER_BYTES - TRAILER_BYTES;
    return fits && trailer.getLong(8) == END_MAGIC ? length : -1;
  }

  /// CRC32C of what remains in `bytes`, which is not moved.
  static int crc32c(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }
}
