package dev.cairn.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/// What is measured of directories, and what is done to them between measurements.
final class Trees {
  private Trees() {}

  private static List<Path> files(Path root) throws IOException {
    try (var all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /// The sum of the sizes of all files, holes counted.
  static long sizeBytes(Path root) throws IOException {
    long sum = 0;
    for (Path file : files(root)) {
      sum += Files.size(file);
    }
    return sum;
  }

  /// What the file system has allocated for the tree, holes not counted.
  static long allocatedBytes(Path root) {
    String out =
        Program.run(Map.of(), List.of("du", "-s", "--block-size=1", root.toString())).out();
    return Long.parseLong(out.substring(0, out.indexOf('\t')));
  }

  /// Reads all files once, so that the page cache holds them if it has the room.
  static void read(Path root) throws IOException {
    var block = ByteBuffer.allocateDirect(1 << 20);
    for (Path file : files(root)) {
      try (var in = FileChannel.open(file, StandardOpenOption.READ)) {
        while (in.read(block.clear()) >= 0) {}
      }
    }
  }

  /// @throws IllegalStateException unless both have the same files with the same bytes
  static void requireSame(Path expected, Path actual) throws IOException {
    List<Path> files = files(expected);
    if (!files.stream()
        .map(expected::relativize)
        .toList()
        .equals(files(actual).stream().map(actual::relativize).toList())) {
      throw new IllegalStateException(actual + " has not the files of " + expected);
    }
    for (Path file : files) {
      Path twin = actual.resolve(expected.relativize(file));
      if (Files.mismatch(file, twin) >= 0) {
        throw new IllegalStateException(twin + " is not what was saved");
      }
    }
  }
}
