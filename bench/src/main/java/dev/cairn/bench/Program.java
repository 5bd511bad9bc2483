package dev.cairn.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Whole processes with their children, from start to end.
final class Program {
  private static final int CLOCK_TICKS = 100;

  /// Places in `/proc/PID/stat` after the name: user and system time, and the same of the children
  /// that have ended.
  private static final List<Integer> TIMES = List.of(14 - 3, 15 - 3, 16 - 3, 17 - 3);

  private Program() {}

  /// @param peakBytes of resident memory, as seen until shortly before its end; the sum of the
  ///   peaks of processes that ran at once
  /// @param cpuSeconds of all its threads and children, likewise
  record Run(double seconds, double peakBytes, double cpuSeconds, String out) {}

  private record Usage(double peakBytes, double cpuSeconds) {
    static final Usage NONE = new Usage(0, 0);

    Usage plus(Usage other) {
      return new Usage(peakBytes + other.peakBytes, cpuSeconds + other.cpuSeconds);
    }

    Usage most(Usage other) {
      return new Usage(
          Math.max(peakBytes, other.peakBytes), Math.max(cpuSeconds, other.cpuSeconds));
    }
  }

  /// Runs a command line that must succeed.
  static Run run(Map<String, String> environment, List<String> line) {
    return run(environment, line, Path.of(""));
  }

  /// Runs a command line, which must succeed, in a directory.
  static Run run(Map<String, String> environment, List<String> line, Path directory) {
    try {
      Path out = Files.createTempFile("cairn-bench-out", "");
      Path err = Files.createTempFile("cairn-bench-err", "");
      out.toFile().deleteOnExit(); // when it is interrupted
      err.toFile().deleteOnExit();
      try {
        return run(environment, line, directory, out, err);
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Run run(
      Map<String, String> environment, List<String> line, Path directory, Path out, Path err)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(line);
    builder.environment().putAll(environment);
    builder.directory(directory.toAbsolutePath().toFile());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    long start = System.nanoTime();
    Process process = builder.start();
    Usage usage = Usage.NONE;
    try {
      while (!process.waitFor(5, TimeUnit.MILLISECONDS)) {
        usage = usage.most(usage(String.valueOf(process.pid())));
      }
    } finally {
      if (process.isAlive()) { // this thread was interrupted
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    double seconds = (System.nanoTime() - start) / (double) Duration.ofSeconds(1).toNanos();
    if (process.exitValue() != 0) {
      throw new IllegalStateException(
          "%s ended with %d: %s"
              .formatted(
                  String.join(" ", line), process.exitValue(), Files.readString(err).strip()));
    }
    return new Run(seconds, usage.peakBytes(), usage.cpuSeconds(), Files.readString(out));
  }

  /// What the process and its children have used; nothing if it has ended.
  ///
  /// Children are those of the first thread, as shells have them; `ProcessHandle` would look
  /// through all processes of the machine each time.
  private static Usage usage(String pid) {
    Path proc = Path.of("/proc", pid);
    Usage usage = new Usage(peakBytes(proc), cpuSeconds(proc));
    for (String child :
        text(proc.resolve("task").resolve(pid).resolve("children")).split(" ", -1)) {
      if (!child.isBlank()) {
        usage = usage.plus(usage(child.strip()));
      }
    }
    return usage;
  }

  private static double peakBytes(Path proc) {
    return text(proc.resolve("status"))
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024)
        .sum();
  }

  private static double cpuSeconds(Path proc) {
    String stat = text(proc.resolve("stat"));
    if (stat.isEmpty()) {
      return 0;
    }
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return TIMES.stream().mapToDouble(i -> Double.parseDouble(fields[i])).sum() / CLOCK_TICKS;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }
}
