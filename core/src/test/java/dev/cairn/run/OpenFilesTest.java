package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.env.Host;
import dev.cairn.env.SystemEnv;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFilesTest {
  private static ChildProcess startUntilReady(Path dir, String... argv) {
    var streams =
        new ChildProcess.Streams(
            Redirect.from(Path.of("/dev/null").toFile()),
            Redirect.to(dir.resolve("stdout.txt").toFile()),
            Redirect.DISCARD);
    ChildProcess child =
        ChildProcess.start(Command.of(List.of(argv), dir), Host.here(), new SystemEnv(), streams);
    Eventually.until(
        "it is ready", () -> Files.exists(dir.resolve("ready")) || !child.groupAlive());
    return child;
  }

  @Test
  void files_open_for_writing_are_found_and_others_are_not(@TempDir Path dir) throws IOException {
    Files.createDirectories(dir.resolve("watched/sub"));
    Files.writeString(dir.resolve("watched/input"), "x");
    String script =
        """
        exec 3>'watched/model 1.bin' 4<>watched/sub/index 5>>watched/train.log 6<watched/input
        exec 7>outside 8>watched/gone
        rm watched/gone
        exec >watched/stdout.txt
        : >ready
        exec sleep 1000
        """;
    try (ChildProcess child = startUntilReady(dir, "sh", "-c", script)) {
      Eventually.until(
          "sleep runs",
          () -> OpenFiles.below(dir.resolve("watched"), child.pid()).toString().contains("sleep"));

      String who = "sleep (pid %d)".formatted(child.pid());
      assertThat(OpenFiles.below(dir.resolve("watched"), child.pid()))
          .containsOnly(entry("model 1.bin", who), entry("sub/index", who));
      assertThat(OpenFiles.below(dir.resolve("watched/sub"), child.pid()))
          .containsOnlyKeys("index");
      assertThat(OpenFiles.below(dir.resolve("missing"), child.pid())).isEmpty();
      assertThat(OpenFiles.below(dir.resolve("watched"), Integer.MAX_VALUE)).isEmpty();
    }
  }

  @Test
  void a_directory_is_found_through_a_link_too(@TempDir Path dir) throws IOException {
    Files.createDirectories(dir.resolve("real"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("real"));
    try (ChildProcess child =
        startUntilReady(dir, "sh", "-c", "exec 3>real/a; : >ready; exec sleep 1000")) {
      assertThat(OpenFiles.below(link, child.pid())).containsOnlyKeys("a");
    }
  }

  @Test
  void descendants_in_sessions_of_their_own_count(@TempDir Path dir) {
    String script = "setsid sh -c 'exec 3>a; : >ready; exec sleep 1000' & wait";
    try (ChildProcess child = startUntilReady(dir, "sh", "-c", script)) {
      assertThat(OpenFiles.below(dir, child.pid())).containsOnlyKeys("a");
    }
  }

  @Test
  void writable_maps_that_are_shared_count_without_a_descriptor(@TempDir Path dir)
      throws Exception {
    String script =
        """
        import mmap, os, time
        with open("array.npy", "w+b") as f:
            f.truncate(8192)
            shared = mmap.mmap(f.fileno(), 8192)
        with open("private.npy", "w+b") as f:
            f.truncate(8192)
            private = mmap.mmap(f.fileno(), 8192, flags=mmap.MAP_PRIVATE)
        for fd in os.listdir("/proc/self/fd"):  # the maps' own copies
            try:
                if os.readlink("/proc/self/fd/" + fd).endswith(".npy"):
                    os.close(int(fd))
            except OSError:
                pass
        open("ready", "w").close()
        time.sleep(1000)
        """;
    assumeTrue(hasPython(), "python3 is not installed");
    try (ChildProcess child = startUntilReady(dir, "python3", "-c", script)) {
      assertThat(OpenFiles.below(dir, child.pid())).containsOnlyKeys("array.npy");
    }
  }

  private static boolean hasPython() {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException | InterruptedException _) {
      return false;
    }
  }
}
