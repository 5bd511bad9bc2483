package dev.cairn.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The least that a durable copy takes: every file copied inside the kernel and forced, every
/// directory forced.
final class Copy {
  private Copy() {}

  static void durably(Path from, Path to) throws IOException {
    try (var all = Files.walk(from)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectory(target);
        } else {
          file(path, target);
        }
      }
    }
    try (var all = Files.walk(to).filter(Files::isDirectory)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        try (var directory = FileChannel.open(path, StandardOpenOption.READ)) {
          directory.force(true);
        }
      }
    }
  }

  private static void file(Path from, Path to) throws IOException {
    try (var in = FileChannel.open(from, StandardOpenOption.READ);
        var out = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long size = in.size();
      for (long at = 0; at < size; ) {
        at += in.transferTo(at, size - at, out);
      }
      out.force(true);
    }
  }
}
