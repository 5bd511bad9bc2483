package dev.cairn.run;

import dev.cairn.domain.Heartbeat;
import dev.cairn.env.Seam;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The processes that exist at one moment, from `/proc/*/stat` (see proc(5)); empty on systems
/// without it.
record ProcessTable(List<Entry> entries) {
  /// More processes than that are not looked at.
  private static final int LIMIT = 200_000;

  ProcessTable {
    entries = List.copyOf(entries);
  }

  /// @param name of the program, as its system keeps it: at most 15 bytes
  /// @param state one letter; `Z` and `X` are remains that run no more
  /// @param started in the kernel's ticks since boot
  record Entry(
      long pid, String name, char state, long parent, long group, long session, long started) {
    boolean isAlive() {
      return state != 'Z' && state != 'X';
    }

    /// @param stat the text of `/proc/PID/stat`, whose second field may hold anything
    static Optional<Entry> parse(String stat) {
      int open = stat.indexOf('(');
      int close = stat.lastIndexOf(')');
      if (open < 1 || close < open) {
        return Optional.empty();
      }
      // Field 3 of the manual page, the state, is number 0 here.
      String[] fields = stat.substring(close + 1).strip().split(" +", -1);
      if (fields.length < 20 || fields[0].isEmpty()) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new Entry(
                Long.parseLong(stat.substring(0, open).strip()),
                stat.substring(open + 1, close),
                fields[0].charAt(0),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3]),
                Long.parseLong(fields[19])));
      } catch (NumberFormatException _) {
        return Optional.empty();
      }
    }
  }

  /// What still runs of `child`: its session, its group, and whatever descends from these.
  ///
  /// A process id is not given out again while it names a group or session that has members. So if
  /// it now belongs to a process with another start time, nothing is left.
  List<Entry> of(Heartbeat.Child child) {
    boolean reused =
        entries.stream().anyMatch(e -> e.pid() == child.group() && e.started() != child.started());
    return reused ? List.of() : of(child.group(), child.started());
  }

  /// As [#of(Heartbeat.Child)], for a session that is known to be ours.
  List<Entry> of(long session, long since) {
    var found = new ArrayList<Entry>();
    Set<Long> known = new HashSet<>();
    for (Entry entry : entries) {
      if (entry.session() == session && entry.started() >= since) {
        known.add(entry.pid());
        found.add(entry);
      }
    }
    int before = -1;
    while (!known.isEmpty() && before != known.size()) {
      before = known.size();
      for (Entry entry : entries) {
        if (known.contains(entry.parent()) && known.add(entry.pid())) {
          found.add(entry);
        }
      }
    }
    found.removeIf(entry -> !entry.isAlive());
    return found;
  }

  /// Whether that process stands still by a signal, or by a debugger.
  boolean isStopped(long pid, long started) {
    return entries.stream()
        .anyMatch(e ->
            e.pid() == pid && e.started() == started && (e.state() == 'T' || e.state() == 't'));
  }

  /// Reads the table of this machine.
  @Seam
  static ProcessTable read() {
    var entries = new ArrayList<Entry>();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (entries.size() == LIMIT) {
          break;
        }
        stat(process).flatMap(Entry::parse).ifPresent(entries::add);
      }
    } catch (IOException | DirectoryIteratorException _) {
      // No /proc, or not for us.
    }
    return new ProcessTable(entries);
  }

  /// Whether this system has such a table.
  @Seam
  static boolean exists() {
    return Files.exists(Path.of("/proc/self/stat"));
  }

  @Seam
  private static Optional<String> stat(Path process) {
    try {
      byte[] bytes = Files.readAllBytes(process.resolve("stat"));
      return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException _) {
      return Optional.empty(); // it has ended
    }
  }
}
