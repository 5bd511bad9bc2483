package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/// A tar put together byte by byte, whatever it says. Source: POSIX.1-2017, pax, ustar Interchange
/// Format.
final class TarBytes {
  private static final int RECORD = 512;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  TarBytes file(String name, String text) {
    return entry(name, '0', "", text.getBytes(UTF_8).length, text.getBytes(UTF_8));
  }

  TarBytes directory(String name) {
    return entry(name, '5', "", 0, new byte[0]);
  }

  TarBytes link(String name, String target) {
    return entry(name, '2', target, 0, new byte[0]);
  }

  TarBytes hardLink(String name, String target) {
    return entry(name, '1', target, 0, new byte[0]);
  }

  /// @param size what the header says, whatever `body` has
  TarBytes entry(String name, char type, String target, long size, byte[] body) {
    var header = new byte[RECORD];
    put(header, 0, name);
    put(header, 100, "0000644\0");
    put(header, 108, "0000000\0");
    put(header, 116, "0000000\0");
    put(header, 124, "%011o\0".formatted(size));
    put(header, 136, "%011o\0".formatted(1_700_000_000L));
    put(header, 148, "        ");
    header[156] = (byte) type;
    put(header, 157, target);
    put(header, 257, "ustar\0" + "00");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    out.writeBytes(header);
    out.writeBytes(body);
    out.writeBytes(new byte[(RECORD - body.length % RECORD) % RECORD]);
    return this;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  /// With the two records of zeros that end a tar.
  byte[] whole() {
    byte[] cut = cutOff();
    var whole = new byte[cut.length + 2 * RECORD];
    System.arraycopy(cut, 0, whole, 0, cut.length);
    return whole;
  }

  byte[] cutOff() {
    return out.toByteArray();
  }
}
