package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A small file system of a test's own, which can be full or read-only as no mode bits make it for
/// root. Where this user may not mount, the test is skipped.
final class Mount implements AutoCloseable {
  private final Path place;

  private Mount(Path place) {
    this.place = place;
  }

  static Mount at(Path place, long sizeBytes) throws IOException {
    Files.createDirectories(place);
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "size=" + sizeBytes, "cairn-test", place.toString());
    assumeTrue(mounted, "this user may not mount a file system");
    return new Mount(place);
  }

  Path place() {
    return place;
  }

  long usedBytes() {
    return place.toFile().getTotalSpace() - place.toFile().getUsableSpace();
  }

  void makeReadOnly() {
    assertThat(run("mount", "-o", "remount,ro", place.toString())).isTrue();
  }

  @Override
  public void close() {
    assertThat(run("umount", "-l", place.toString())).isTrue();
  }

  private static boolean run(String... line) {
    try {
      Process process =
          new ProcessBuilder(List.of(line))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
