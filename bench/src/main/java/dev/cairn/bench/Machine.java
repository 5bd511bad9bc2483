package dev.cairn.bench;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// What the figures were measured on.
final class Machine {
  private Machine() {}

  static String facts(Path disk) {
    return "%d cores (%s), %d GiB memory, %s, %s, Java %s, load %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            field(Path.of("/proc/cpuinfo"), "model name"),
            Math.round(memoryKib() / 1048576.0),
            System.getProperty("os.name") + " " + System.getProperty("os.version"),
            fileSystem(disk),
            System.getProperty("java.version"),
            load());
  }

  private static double memoryKib() {
    String text = field(Path.of("/proc/meminfo"), "MemTotal").replaceAll("[^0-9]", "");
    return text.isEmpty() ? 0 : Double.parseDouble(text);
  }

  private static String fileSystem(Path disk) {
    try {
      FileStore store = Files.getFileStore(disk);
      return "%s on %s".formatted(store.type(), store.name());
    } catch (IOException e) {
      return "unknown file system";
    }
  }

  /// The value after the first `name …:` of a file of such lines; empty if there is none.
  static String field(Path file, String name) {
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  private static String load() {
    try {
      return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
    } catch (IOException e) {
      return "unknown";
    }
  }

  static String mib(double bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / (1 << 20));
  }
}
