package dev.cairn.testkit.history;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;

/// What really stands in the journal of one job of a store in a directory.
///
/// @param lines its readable entries, oldest first
/// @param violations everything that is wrong with it; empty for a sound journal
/// @param live the checkpoints that must be restorable, by number
/// @param status `pending`, `running` and so on, or `none` if there is no such job
public record JournalCheck(
    List<Line> lines, List<Violation> violations, NavigableMap<Long, Line> live, String status) {
  public JournalCheck {
    lines = List.copyOf(lines);
    violations = List.copyOf(violations);
  }

  /// Reads the journal of `job` in the store at `root`.
  public static JournalCheck of(Path root, String job) throws IOException {
    Path journal = root.resolve("jobs").resolve(job).resolve("journal");
    List<Path> files;
    try (var listed = Files.list(journal)) {
      files =
          listed
              .filter(file -> !leaf(file).startsWith("."))
              .sorted(java.util.Comparator.comparing(JournalCheck::leaf))
              .toList();
    }
    var rules = new Rules(job);
    var lines = new ArrayList<Line>();
    var violations = new ArrayList<Violation>();
    for (Path file : files) {
      try {
        Line line = Line.parse(Files.readAllBytes(file));
        if (!leaf(file).equals(String.format(Locale.ROOT, "%020d.json", line.number()))) {
          violations.add(
              new Violation("I3", "numbers_have_no_gaps", line + " has the name " + leaf(file)));
        }
        lines.add(line);
        violations.addAll(rules.accept(line, null));
      } catch (Line.Unreadable e) {
        violations.add(new Violation("I1", "entries_are_readable", file + ": " + e.getMessage()));
      }
    }
    return new JournalCheck(lines, violations, rules.live(), rules.status());
  }

  private static String leaf(Path file) {
    return String.valueOf(file.getFileName());
  }
}
