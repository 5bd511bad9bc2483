package dev.cairn.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.SplittableRandom;

/// What the golden store holds: small, but with something for each way in which contents can be
/// stored.
final class GoldenSources {
  private static final int PERIOD = 1_500;

  /// Found by trying: contents of that period have a place where chunks are cut by content, for any
  /// average size, so that hardly more than one of them has to be stored.
  private static final long SEED_WITH_CUT = 380;

  private final Path root;

  GoldenSources(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  /// Everything that a directory can hold.
  void first() {
    write("empty", new byte[0]);
    write("small.txt", "a\n".getBytes(UTF_8));
    write("d/noise.bin", noise(6_000, 1));
    write("d/text.txt", text(1_500).getBytes(UTF_8));
    write("d/ü/日本 😀.txt", "non-ASCII\n".getBytes(UTF_8));
    write("w2.bin", walk(3_000, 2));
    write("w4.bin", walk(3_000, 4));
    write("w8.bin", walk(2_000, 8));
    write("moving.bin", periodic(5 << 20));
    sparse("zeros.bin", 3 << 20);
    directory("nothing/in/here");
    link("link", "d/text.txt");
    link("d/dangling", "../../none");
    mode("small.txt", "rw-------");
    mode("w2.bin", "rwxr-x--x");
    mode("nothing", "rwx------");
    settle(1);
  }

  /// Contents that move, and some at an end.
  void second() {
    byte[] inserted = noise(777, 2);
    byte[] moved = periodic(5 << 20);
    write("moving.bin", ByteBuffer.allocate(777 + moved.length).put(inserted).put(moved).array());
    write("d/text.txt", text(1_510).getBytes(UTF_8));
    settle(2);
  }

  /// Something goes, something comes.
  void third() {
    delete("small.txt");
    delete("link");
    write("new.txt", "new\n".getBytes(UTF_8));
    write("d/text.txt", text(1_520).getBytes(UTF_8));
    settle(3);
  }

  /// JSON of about `size` bytes.
  static String state(int size) {
    return "{\"cursor\":%d,\"text\":\"%s\"}".formatted(size, "é".repeat(size / 2));
  }

  static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  private static String text(int lines) {
    var text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      text.append("line ").append(i).append(" of a log\n");
    }
    return text.toString();
  }

  /// Numbers of `width` bytes whose high bytes go slowly.
  private static byte[] walk(int count, int width) {
    var random = new SplittableRandom(width);
    var bytes = ByteBuffer.allocate(count * width).order(ByteOrder.LITTLE_ENDIAN);
    long at = 1L << 8 * width - 3;
    for (int i = 0; i < count; i++) {
      at += random.nextLong(1L << Math.max(7, 8 * (width - 3)));
      switch (width) {
        case 2 -> bytes.putShort((short) at);
        case 4 -> bytes.putInt((int) at);
        default -> bytes.putLong(at);
      }
    }
    return bytes.array();
  }

  private static byte[] periodic(int size) {
    byte[] period = noise(PERIOD, SEED_WITH_CUT);
    var bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = period[i % PERIOD];
    }
    return bytes;
  }

  private void write(String name, byte[] bytes) {
    io(() -> {
      Files.createDirectories(root.resolve(name).getParent());
      Files.write(root.resolve(name), bytes);
    });
  }

  private void sparse(String name, long size) {
    io(() -> {
      try (var file = new RandomAccessFile(root.resolve(name).toFile(), "rw")) {
        file.setLength(size);
      }
    });
  }

  private void directory(String name) {
    io(() -> Files.createDirectories(root.resolve(name)));
  }

  private void link(String name, String target) {
    io(() -> Files.createSymbolicLink(root.resolve(name), Path.of(target)));
  }

  private void mode(String name, String mode) {
    io(() ->
        Files.setPosixFilePermissions(root.resolve(name), PosixFilePermissions.fromString(mode)));
  }

  private void delete(String name) {
    io(() -> Files.delete(root.resolve(name)));
  }

  /// Times that do not depend on when this runs.
  private void settle(int second) {
    var time = FileTime.from(Instant.parse("2026-01-01T00:00:00.123456789Z").plusSeconds(second));
    io(() -> {
      try (var names = Files.walk(root)) {
        for (Path path : names.toList()) {
          if (!Files.isSymbolicLink(path)
              && Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
                      .compareTo(FileTime.from(Instant.parse("2026-02-01T00:00:00Z")))
                  > 0) {
            Files.setLastModifiedTime(path, time);
          }
        }
      }
    });
  }

  private interface Io {
    void run() throws IOException;
  }

  private static void io(Io body) {
    try {
      body.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
