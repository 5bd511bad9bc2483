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

/// Whole processes, from start to end.
final class Program {
  private static final int CLOCK_TICKS = 100;
  private static final int USER_TIME = 14 - 3;
  private static final int SYSTEM_TIME = 15 - 3;

  private Program() {}

  /// @param peakBytes of resident memory, as seen until shortly before its end
  /// @param cpuSeconds of all its threads, likewise
  record Run(double seconds, double peakBytes, double cpuSeconds, String out) {}

  /// Runs a command line that must succeed.
  static Run run(Map<String, String> environment, List<String> line) {
    try {
      Path out = Files.createTempFile("cairn-bench-out", "");
      Path err = Files.createTempFile("cairn-bench-err", "");
      try {
        return run(environment, line, out, err);
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

  private static Run run(Map<String, String> environment, List<String> line, Path out, Path err)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(line);
    builder.environment().putAll(environment);
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    long start = System.nanoTime();
    Process process = builder.start();
    double peak = 0;
    double cpu = 0;
    Path proc = Path.of("/proc", String.valueOf(process.pid()));
    while (!process.waitFor(5, TimeUnit.MILLISECONDS)) {
      peak = Math.max(peak, peakBytes(proc));
      cpu = Math.max(cpu, cpuSeconds(proc));
    }
    double seconds = (System.nanoTime() - start) / (double) Duration.ofSeconds(1).toNanos();
    if (process.exitValue() != 0) {
      throw new IllegalStateException(
          "%s ended with %d: %s"
              .formatted(String.join(" ", line), process.exitValue(), Files.readString(err)));
    }
    return new Run(seconds, peak, cpu, Files.readString(out));
  }

  private static double peakBytes(Path proc) {
    String text = Machine.field(proc.resolve("status"), "VmHWM").replaceAll("[^0-9]", "");
    return text.isEmpty() ? 0 : Double.parseDouble(text) * 1024;
  }

  private static double cpuSeconds(Path proc) {
    try {
      String stat = Files.readString(proc.resolve("stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return (Double.parseDouble(fields[USER_TIME]) + Double.parseDouble(fields[SYSTEM_TIME]))
          / CLOCK_TICKS;
    } catch (IOException e) {
      return 0; // it has ended
    }
  }
}
