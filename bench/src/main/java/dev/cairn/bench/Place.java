package dev.cairn.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// Directories of a measurement: the project's, and scratch space that is removed at the end.
final class Place implements AutoCloseable {
  private final Path scratch;

  /// @param parent on the disk that is to be measured
  Place(Path parent) {
    try {
      Files.createDirectories(parent);
      scratch = Files.createTempDirectory(parent, "cairn-bench-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Where the project is whose classes these are.
  static Path project() {
    try {
      Path classes =
          Path.of(Place.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return classes.resolve("../../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  Path resolve(String name) {
    return scratch.resolve(name);
  }

  static void remove(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
                throws IOException {
              Files.delete(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    remove(scratch);
  }
}
