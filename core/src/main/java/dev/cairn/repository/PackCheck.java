package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Checks that a pack says about itself what its name promises: header, footer, trailer. The
/// extents are checked chunk by chunk, by whoever needs them.
final class PackCheck {
  private static final int MAX_FOOTER_BYTES = 1 << 28;

  private final JobPacks packs;

  PackCheck(JobPacks packs) {
    this.packs = packs;
  }

  /// What a pack is like without its extents.
  sealed interface Frame {
    /// It is what its name promises.
    ///
    /// @param extentsEnd the first byte after the extents
    /// @param footerBytes size of its index
    record Whole(long extentsEnd, int footerBytes, List<ChunkRef> extents) implements Frame {
      public Whole {
        extents = List.copyOf(extents);
      }
    }

    /// It is not; its chunks may still be.
    ///
    /// @param sizeBytes absent if there is no such pack
    record Broken(@Nullable Long sizeBytes, Damage damage) implements Frame {}
  }

  Frame check(PackName pack) {
    Long size = packs.sizeBytes(pack).orElse(null);
    if (size == null) {
      return new Frame.Broken(null, Damage.missing(pack));
    }
    try {
      return check(pack, size);
    } catch (Damage e) {
      return new Frame.Broken(size, e);
    }
  }

  private Frame.Whole check(PackName pack, long size) throws Damage {
    if (size < Pack.HEADER_BYTES + Pack.TRAILER_BYTES) {
      throw new Damage(pack.leaf(), "ends at byte %d, too early".formatted(size));
    }
    if (!read(pack, 0, Pack.HEADER_BYTES).equals(Pack.header())) {
      throw Damage.at(pack, 0, "its header is not that of a pack");
    }
    long trailerAt = size - Pack.TRAILER_BYTES;
    ByteBuffer trailer = read(pack, trailerAt, Pack.TRAILER_BYTES);
    int footerBytes = Pack.footerBytes(trailer, size);
    if (footerBytes < 0 || footerBytes > MAX_FOOTER_BYTES) {
      throw Damage.at(pack, trailerAt, "its end is not that of a pack");
    }
    long footerAt = trailerAt - footerBytes;
    ByteBuffer footer = read(pack, footerAt, footerBytes);
    if (!Pack.trailer(footer).equals(trailer) || !Sha256.of(footer).equals(pack.footer())) {
      throw Damage.at(pack, footerAt, "its index of chunks does not match its name");
    }
    return new Frame.Whole(footerAt, footerBytes, PackIndex.read(footer, pack, footerAt));
  }

  private ByteBuffer read(PackName pack, long offset, int bytes) throws Damage {
    ByteBuffer read =
        packs.read(pack, offset, bytes).orElseThrow(() -> Damage.missing(pack)).slice();
    if (read.remaining() < bytes) {
      throw new Damage(
          pack.leaf(), "ends at byte %d, too early".formatted(offset + read.remaining()));
    }
    return read;
  }
}
