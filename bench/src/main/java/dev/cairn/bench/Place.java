package dev.cairn.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Directories of a measurement: the project's, and scratch space that is removed at the end, also
/// when the measurement is interrupted; commands that still run are then killed.
final class Place implements AutoCloseable {
  private static final int TRIES = 200;

  private final Path scratch;
  private final Thread cleaner = new Thread(this::giveUp, "cleaner");

  /// @param parent on the disk that is to be measured
  Place(Path parent) {
    try {
      Files.createDirectories(parent);
      scratch = Files.createTempDirectory(parent, "cairn-bench-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(cleaner);
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

  Path root() {
    return scratch;
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

  /// Others may be writing there until they notice, so it tries again for a while.
  private void giveUp() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    for (int i = 0; Files.exists(scratch) && i < TRIES; i++) {
      try {
        remove(scratch);
      } catch (UncheckedIOException _) {
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  @Override
  public void close() {
    remove(scratch);
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException _) {
      // it is running: the measurement was interrupted
    }
  }
}
