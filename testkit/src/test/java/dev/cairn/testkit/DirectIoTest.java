package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.Caching;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.RealDisk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Large objects go past the cache where the file system can do that, as the kernel sees it.
final class DirectIoTest {
  private static final int SIZE = 3 * 1024 * 1024 + 123;

  private @TempDir Path directory;

  /// Another process, so that its system calls can be traced.
  static final class Writes {
    private Writes() {}

    /// Writes the file `args[0]` past the cache.
    public static void main(String[] args) {
      write(Path.of(args[0]));
    }
  }

  private static void write(Path file) {
    try (Arena arena = Arena.ofConfined();
        DiskFile out = new RealDisk().create(file, Caching.PAST)) {
      ByteBuffer bytes = arena.allocate(SIZE, Disk.DIRECT_BYTES).asByteBuffer();
      bytes.put(bytes()).flip();
      out.write(bytes);
      out.force();
    }
  }

  private static byte[] bytes() {
    var bytes = new byte[SIZE];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static boolean isThere(String command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command, "-V").redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> traceOf(Path file) throws Exception {
    Path trace = directory.resolve("trace");
    Process process =
        new ProcessBuilder(
                "strace",
                "-f",
                "-qq",
                "-o",
                trace.toString(),
                "-e",
                "trace=openat,write,pwrite64,fsync,fdatasync",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Writes.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("said").toFile())
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(directory.resolve("said"));
    assumeThat(said).as("this system lets us trace").doesNotContain("Operation not permitted");
    assertThat(process.exitValue()).as(said).isZero();
    return whole(Files.readAllLines(trace));
  }

  /// Calls in one line each: one during which another thread made a call is told in two.
  private static List<String> whole(List<String> lines) {
    var begun = new HashMap<String, String>();
    var calls = new ArrayList<String>();
    for (String line : lines) {
      String thread = line.split(" ", 2)[0];
      if (line.endsWith("<unfinished ...>")) {
        begun.put(thread, line.replace("<unfinished ...>", "").strip());
      } else if (line.contains(" resumed>")) {
        calls.add(begun.remove(thread) + line.substring(line.indexOf(" resumed>") + 9));
      } else {
        calls.add(line);
      }
    }
    return calls;
  }

  @Test
  void a_file_written_past_the_cache_is_opened_for_direct_writes() throws Exception {
    assumeThat(isThere("strace")).as("the command strace is installed").isTrue();
    Path file = directory.resolve("file");
    List<String> trace = traceOf(file);
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes());
    List<String> direct =
        trace.stream()
            .filter(call -> call.contains("\"" + file + "\"") && call.contains("O_DIRECT"))
            .toList();
    assertThat(direct).as("opened with O_DIRECT").hasSize(1);
    assumeThat(direct.getFirst()).as("a file system with direct I/O").doesNotContain("EINVAL");
    String descriptor = direct.getFirst().replaceAll(".*= ", "").strip();
    assertThat(trace)
        .as("whole blocks are written through it")
        .anyMatch(call ->
            call.matches(".*pwrite64\\(" + descriptor + ",.*, \\d+, \\d+\\)? .*= [1-9]\\d+000.*")
                || call.matches(".*pwrite64\\(" + descriptor + ",.*= [1-9]\\d{3,}"));
    assertThat(trace).anyMatch(call -> call.contains("fsync(") || call.contains("fdatasync("));
  }

  @Test
  void where_there_is_no_direct_io_the_same_bytes_are_written() throws IOException {
    Path memory = Path.of("/dev/shm");
    assumeThat(Files.isWritable(memory)).as("there is a file system in memory").isTrue();
    Path place = Files.createTempDirectory(memory, "cairn");
    try {
      write(place.resolve("file"));
      assertThat(Files.readAllBytes(place.resolve("file"))).isEqualTo(bytes());
    } finally {
      Files.deleteIfExists(place.resolve("file"));
      Files.delete(place);
    }
  }
}
