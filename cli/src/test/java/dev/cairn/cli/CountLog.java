package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// What a command wrote into its log, which no restore ever touches: `start ATTEMPT PID NUMBER`,
/// then one number after the other, at last `stop NUMBER` or `end NUMBER`. Other lines do not
/// count.
record CountLog(Path file) {
  static CountLog of(Machines.Node node) {
    return new CountLog(node.file(Run.LOG));
  }

  /// One start of the command.
  ///
  /// @param from the number that it found
  /// @param counted the numbers that it counted
  /// @param end its last words, or nothing
  record Start(int attempt, long pid, int from, List<Integer> counted, String end) {
    int last() {
      return counted.isEmpty() ? from : counted.getLast();
    }
  }

  /// All lines that are whole.
  List<String> lines() {
    String text = CairnProcess.contents(file);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  /// The lines of one start of the command, the first of them that of the start itself.
  List<String> linesOf(int start) {
    var found = new ArrayList<String>();
    int starts = 0;
    for (String line : lines()) {
      starts += line.startsWith("start ") ? 1 : 0;
      if (starts == start) {
        found.add(line);
      }
    }
    return found;
  }

  List<Start> starts() {
    var starts = new ArrayList<Start>();
    for (String line : lines()) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("start")) {
        starts.add(
            new Start(
                Integer.parseInt(words[1]),
                Long.parseLong(words[2]),
                Integer.parseInt(words[3]),
                new ArrayList<>(),
                ""));
      } else if (words[0].equals("stop") || words[0].equals("end")) {
        Start last = starts.removeLast();
        starts.add(new Start(last.attempt, last.pid, last.from, last.counted, line));
      } else if (words.length == 1 && words[0].chars().allMatch(Character::isDigit)) {
        starts.getLast().counted.add(Integer.valueOf(words[0]));
      }
    }
    return starts;
  }

  /// Waits until the command has been started that often, and has then counted that many numbers.
  Start awaitCounted(int start, int numbers) {
    Until.holds(
        "start %d of the command counts %d numbers".formatted(start, numbers),
        () -> {
          List<Start> starts = starts();
          return starts.size() > start
              || starts.size() == start && starts.getLast().counted.size() >= numbers;
        },
        () -> lines().toString());
    return starts().get(start - 1);
  }

  /// Every start counted on from the number it found, without a gap.
  void assertCountedOn() {
    for (Start start : starts()) {
      int from = start.from + 1;
      assertThat(start.counted)
          .as("attempt %d", start.attempt)
          .isEqualTo(IntStream.range(from, from + start.counted.size()).boxed().toList());
    }
  }

  /// Every start found exactly what the newest checkpoint of that moment holds: nothing older, and
  /// nothing that was not in a checkpoint.
  void assertStartedFromNewestCheckpoints(Machines machines) {
    List<Entry> entries = machines.entries(Run.JOB);
    for (Start start : starts()) {
      Entry claim =
          entries.stream()
              .filter(
                  e -> e.event() instanceof Event.Claimed && e.after().attempt() == start.attempt)
              .findFirst()
              .orElseThrow();
      long newest =
          entries.stream()
              .filter(e -> e.event() instanceof Event.Checkpointed && e.number() < claim.number())
              .mapToLong(Entry::number)
              .max()
              .orElse(0);
      int saved = newest == 0 ? 0 : number(machines.restore(Run.JOB, newest).resolve("count"));
      assertThat(start.from).as("attempt %d, from %d", start.attempt, newest).isEqualTo(saved);
    }
  }

  /// 0 if there is no such file.
  static int number(Path state) {
    return Files.exists(state) ? Integer.parseInt(CairnProcess.contents(state).strip()) : 0;
  }
}
