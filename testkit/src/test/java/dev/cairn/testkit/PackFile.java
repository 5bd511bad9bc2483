package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A pack read by the published format alone, with no help of the code that wrote it.
record PackFile(ByteBuffer bytes, List<Extent> extents) {
  private static final int HEADER_BYTES = 16;
  private static final int TRAILER_BYTES = 16;
  private static final int FOOTER_HEAD_BYTES = 40;
  private static final int EXTENT_BYTES = 53;

  /// One chunk, as the footer tells it.
  record Extent(String sha256, int offset, int storedBytes, int sizeBytes, int codec, int crc32c) {
    /// Size of the elements whose bytes are in another order; 1 if they are not.
    int width() {
      return codec < 2 ? 1 : 1 << codec - 1;
    }
  }

  static PackFile read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    var fields = ByteBuffer.wrap(bytes);
    int trailer = bytes.length - TRAILER_BYTES;
    assertThat(new String(bytes, 0, 8, StandardCharsets.US_ASCII)).isEqualTo("CAIRNPCK");
    assertThat(new String(bytes, trailer + 8, 8, StandardCharsets.US_ASCII)).isEqualTo("CAIRNEND");
    int footer = trailer - fields.getInt(trailer);
    int count = fields.getInt(footer + FOOTER_HEAD_BYTES - Integer.BYTES);
    assertThat(trailer).isEqualTo(footer + FOOTER_HEAD_BYTES + count * EXTENT_BYTES);
    var extents = new ArrayList<Extent>();
    int end = HEADER_BYTES;
    for (int i = 0; i < count; i++) {
      ByteBuffer of = fields.slice(footer + FOOTER_HEAD_BYTES + i * EXTENT_BYTES, EXTENT_BYTES);
      var sha256 = new byte[32];
      of.get(sha256);
      var extent =
          new Extent(
              HexFormat.of().formatHex(sha256),
              Math.toIntExact(of.getLong()),
              of.getInt(),
              of.getInt(),
              of.get(),
              of.getInt());
      assertThat(extent.offset).isBetween(end, footer - extent.storedBytes);
      end = extent.offset + extent.storedBytes;
      extents.add(extent);
    }
    return new PackFile(fields, List.copyOf(extents));
  }

  byte[] stored(Extent extent) {
    var stored = new byte[extent.storedBytes];
    bytes.get(extent.offset, stored);
    return stored;
  }
}
