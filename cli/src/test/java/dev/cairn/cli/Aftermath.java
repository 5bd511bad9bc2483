package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint;
import dev.cairn.testkit.history.JournalCheck;
import dev.cairn.testkit.history.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What must hold of a store whatever was done to the processes that used it, while none of them
/// writes:
///
/// - The journal of each job is one that the protocol allows ([JournalCheck]).
/// - Every checkpoint that must be restorable is restored, every byte of it checked, and holds a
///   state that the command wrote as a whole.
/// - Every checkpoint that a process called saved stands in the journal.
/// - Every start of the command found the state of the checkpoint that its claim names. As that is
///   the newest, the counting never goes back further than what was acknowledged.
///
/// Jobs are those of `parts.sh`.
final class Aftermath {
  private static final Pattern SAVED =
      Pattern.compile("^cairn: saved (\\S+)@(\\d+) \\(", Pattern.MULTILINE);

  private final Machines machines;
  private final int before;

  /// The numbers that checkpoints hold, by their ids, as restores and starts found them: they never
  /// change.
  private final Map<String, Integer> states = new HashMap<>();

  /// Of the store that `machines` use now, and of processes that are started from now on.
  Aftermath(Machines machines) {
    this.machines = machines;
    this.before = machines.started().size();
  }

  /// Checks one job.
  ///
  /// @param nodes where its command was started
  /// @return the number that its newest checkpoint holds; 0 if there is none
  int check(String job, Collection<Machines.Node> nodes) {
    JournalCheck journal = journal(job);
    assertThat(journal.violations()).as("the journal of %s: %s", job, journal.lines()).isEmpty();
    for (long number : journal.live().keySet()) {
      Path restored = machines.restore(job, number);
      holds(job, number, Parts.whole(restored, job), "restored");
      Machines.delete(restored);
    }
    checkAcknowledged(job, journal.lines());
    nodes.forEach(node -> checkStarts(job, journal.lines(), node));
    Long newest = journal.lines().getLast().after().newest();
    return newest == null ? 0 : Objects.requireNonNull(states.get(job + "@" + newest));
  }

  private JournalCheck journal(String job) {
    try {
      return JournalCheck.of(machines.store(), job);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void holds(String job, long number, int state, String who) {
    String id = job + "@" + number;
    Integer known = states.putIfAbsent(id, state);
    assertThat(state).as("what %s holds: %s", id, who).isEqualTo(known == null ? state : known);
  }

  private void checkAcknowledged(String job, List<Line> lines) {
    List<CairnProcess> started = machines.started();
    for (CairnProcess process : started.subList(before, started.size())) {
      Matcher saved = SAVED.matcher(process.said());
      while (saved.find()) {
        if (saved.group(1).equals(job)) {
          long number = Long.parseLong(saved.group(2));
          assertThat(lines)
              .as("%s says: %s", process, saved.group())
              .hasSizeGreaterThanOrEqualTo((int) number);
          assertThat(line(lines, number)).matches(Line::isCheckpoint);
        }
      }
    }
  }

  private void checkStarts(String job, List<Line> lines, Machines.Node node) {
    for (Parts.Start start : Parts.starts(node, job)) {
      Line claim = line(lines, start.token());
      assertThat(claim).as("%s on %s", start, node.name()).matches(Line::isWork);
      Long from = claim.number("from");
      if (from != null) { // else it found what stood there before the first start
        assertThat(start.checkpoint())
            .as("%s on %s", start, node.name())
            .isEqualTo(isBaseline(line(lines, from)) ? 0 : from);
        holds(job, from, start.from(), start + " on " + node.name());
      }
    }
  }

  private static Line line(List<Line> lines, long number) {
    return lines.get((int) number - 1);
  }

  private static boolean isBaseline(Line line) {
    return line.event().path("checkpoint").path("labels").has(Checkpoint.BASELINE);
  }
}
