package dev.cairn.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a first save asks the kernel for, by strace's account: direct opens, forces, reads and
/// writes. What is read through a mapping of a file is not seen.
final class Syscalls {
  private static final Set<String> FORCES = Set.of("fsync", "fdatasync");
  private static final Set<String> READS = Set.of("read", "pread64", "readv", "preadv", "preadv2");
  private static final Set<String> WRITES =
      Set.of("write", "pwrite64", "writev", "pwritev", "pwritev2");
  private static final String TRACED =
      "trace=openat,fsync,fdatasync,?sync,syncfs,read,pread64,readv,preadv,preadv2,write,pwrite64,"
          + "writev,pwritev,pwritev2,copy_file_range,sendfile,splice,io_uring_enter";

  private static final Pattern BEGUN = Pattern.compile("^(\\d+) +(\\w+)\\((.*)$");
  private static final Pattern RESUMED =
      Pattern.compile("^(\\d+) +<\\.\\.\\. (\\w+) resumed>(.*)$");
  private static final Pattern RESULT = Pattern.compile(" = (\\d+)(?:<(.*)>)?$");

  private final Path data;
  private final Path store;
  private final Map<String, Long> calls = new TreeMap<>();
  private final Map<String, Long> bytes = new HashMap<>();
  private final Map<String, String> unfinished = new HashMap<>();
  private final Opens inData = new Opens();
  private final Opens inStore = new Opens();

  private static final class Opens {
    private long all;
    private long direct;

    @Override
    public String toString() {
      return "%d of %d".formatted(direct, all);
    }
  }

  private Syscalls(Path data, Path store) {
    this.data = data;
    this.store = store;
  }

  /// @return false if strace is not installed
  static boolean print(List<Tool> tools, Place place, long sizeBytes, long seed)
      throws IOException {
    try {
      Program.run(Map.of(), List.of("strace", "-V"));
    } catch (java.io.UncheckedIOException e) {
      System.err.println("System calls: not counted, strace is not installed");
      return false;
    }
    Path data = place.resolve("data");
    CheckpointData.make(data, sizeBytes, seed);
    System.out.printf("%s of data%n%n", Machine.mib((double) Trees.sizeBytes(data)));
    System.out.println(
        "| first save | data opened with O_DIRECT | store opened with O_DIRECT | fsync, fdatasync"
            + " | sync, syncfs | reads (MiB) | writes (MiB) | copied in the kernel (MiB) | opens |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");
    for (Tool tool : tools) {
      Path home = place.resolve(tool.id());
      Tool.Site site = tool.prepare(home);
      Path trace = place.resolve("trace");
      tool.run(
          Stage.FIRST,
          site,
          data,
          "strace",
          "-f",
          "-qq",
          "-y",
          "-s",
          "0",
          "-e",
          "signal=none",
          "-e",
          TRACED,
          "-o",
          trace.toString());
      var seen = new Syscalls(data.toRealPath(), site.store().toRealPath());
      try (var lines = Files.lines(trace, StandardCharsets.ISO_8859_1)) {
        lines.forEach(seen::line);
      }
      seen.row(tool);
      Place.remove(home);
      Files.delete(trace);
    }
    return true;
  }

  /// A call may be cut in two by those of other threads; what was asked is in the first piece, the
  /// result in the last.
  private void line(String line) {
    Matcher begun = BEGUN.matcher(line);
    if (begun.matches()) {
      calls.merge(begun.group(2), 1L, Long::sum);
      if (line.endsWith("<unfinished ...>")) {
        unfinished.put(begun.group(1), begun.group(3));
      } else {
        ended(begun.group(2), begun.group(3), begun.group(3));
      }
      return;
    }
    Matcher resumed = RESUMED.matcher(line);
    if (resumed.matches()) {
      String asked = unfinished.remove(resumed.group(1));
      ended(resumed.group(2), asked == null ? "" : asked, resumed.group(3));
    }
  }

  private void ended(String call, String asked, String rest) {
    Matcher result = RESULT.matcher(rest);
    if (!result.find()) {
      return; // it failed
    }
    if (!call.equals("openat")) {
      bytes.merge(call, Long.parseLong(result.group(1)), Long::sum);
    } else if (result.group(2) != null) {
      Path file = Path.of(result.group(2));
      if (file.startsWith(data) && Files.isRegularFile(file)) {
        note(inData, asked);
      } else if (file.startsWith(store) && !asked.contains("O_DIRECTORY")) {
        note(inStore, asked);
      }
    }
  }

  private static void note(Opens opens, String asked) {
    opens.all++;
    // O_DIRECTORY begins with the same letters.
    if (Pattern.compile("O_DIRECT\\b").matcher(asked).find()) {
      opens.direct++;
    }
  }

  private void row(Tool tool) {
    System.out.printf(
        "| %s | %s | %s | %d | %d | %s | %s | %s | %d |%n",
        tool.title(),
        inData,
        inStore,
        count(FORCES),
        count(Set.of("sync", "syncfs")),
        transfers(READS),
        transfers(WRITES),
        transfers(Set.of("copy_file_range", "sendfile", "splice")),
        count(Set.of("openat")));
  }

  private String transfers(Set<String> names) {
    long sum = names.stream().mapToLong(name -> bytes.getOrDefault(name, 0L)).sum();
    return "%d (%d)".formatted(count(names), sum >> 20);
  }

  private long count(Set<String> names) {
    return names.stream().mapToLong(name -> calls.getOrDefault(name, 0L)).sum();
  }
}
