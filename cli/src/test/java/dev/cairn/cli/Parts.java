package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What `parts.sh` leaves behind: the states that it saves, and what it logs when it starts.
final class Parts {
  static final String SCRIPT = "parts.sh";

  private static final Pattern COUNT = Pattern.compile("(\\d+)\nof (\\S+)\nwhole (\\d+)\n");
  private static final Pattern START =
      Pattern.compile("start (\\d+) \\d+ (\\d+) (\\d+) (?:nothing|\\S+@(\\d+))");
  private static final int EVERY = 5;
  private static final int KEPT = 5;

  private Parts() {}

  /// `cairn run` of the script for one job, with a directory, a limit and a log of its own.
  static Run run(String job) {
    return Run.of("sh", Run.program(SCRIPT), watched(job), enough(job), log(job))
        .with("--job", job)
        .with("--watch", watched(job));
  }

  static String watched(String job) {
    return Run.WATCHED + "-" + job;
  }

  static String log(String job) {
    return Run.LOG + "-" + job;
  }

  private static String enough(String job) {
    return Run.ENOUGH + "-" + job;
  }

  /// Lets the script end on that node when it has reached that number.
  static void enough(Machines.Node node, String job, int number) {
    try {
      Path fresh = node.file(enough(job) + ".new");
      Files.writeString(fresh, number + "\n");
      Files.move(fresh, node.file(enough(job)), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A restored state, all of whose files belong together.
  ///
  /// @return its number; 0 if it holds nothing, as before the first start
  static int whole(Path directory, String job) {
    Path count = directory.resolve("count");
    if (!Files.exists(count)) {
      assertThat(names(directory)).allMatch(name -> name.endsWith(".tmp"));
      return 0;
    }
    String text = CairnProcess.contents(count);
    Matcher matcher = COUNT.matcher(text);
    assertThat(matcher.matches()).as("of %s: '%s'", job, text).isTrue();
    assertThat(matcher.group(2)).isEqualTo(job);
    assertThat(matcher.group(3)).isEqualTo(matcher.group(1));
    int number = Integer.parseInt(matcher.group(1));
    int newest = number / EVERY;
    for (int part = Math.max(1, newest - KEPT + 1); part <= newest; part++) {
      assertThat(CairnProcess.contents(directory.resolve("part-" + part)))
          .as("part %d of %s at %d, of %s", part, job, number, names(directory))
          .isEqualTo("part %d\nof %s\n".formatted(part, job));
    }
    return number;
  }

  /// Makes what the script leaves in its directory when it has counted so far.
  static void write(Path directory, String job, int number) {
    try {
      Files.createDirectories(directory);
      int newest = number / EVERY;
      for (int part = Math.max(1, newest - KEPT + 1); part <= newest; part++) {
        Files.writeString(
            directory.resolve("part-" + part), "part %d\nof %s\n".formatted(part, job));
      }
      Files.writeString(
          directory.resolve("count"), "%1$d\nof %2$s\nwhole %1$d\n".formatted(number, job));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(Path directory) {
    if (!Files.exists(directory)) {
      return List.of(); // a checkpoint of nothing
    }
    try (var names = Files.list(directory)) {
      return names.map(name -> name.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// One start of the script.
  ///
  /// @param from the number that it found
  /// @param token of its attempt
  /// @param checkpoint that it was told it goes on from; 0 for none
  record Start(int attempt, int from, long token, long checkpoint) {}

  /// What the log on that node says of starts.
  static List<Start> starts(Machines.Node node, String job) {
    var starts = new ArrayList<Start>();
    for (String line : new CountLog(node.file(log(job))).lines()) {
      Matcher start = START.matcher(line);
      if (start.matches()) {
        starts.add(
            new Start(
                Integer.parseInt(start.group(1)),
                Integer.parseInt(start.group(2)),
                Long.parseLong(start.group(3)),
                start.group(4) == null ? 0 : Long.parseLong(start.group(4))));
      }
    }
    return starts;
  }
}
