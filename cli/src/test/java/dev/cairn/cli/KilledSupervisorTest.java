package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// `cairn run` itself is killed by SIGKILL, and the same line is typed again on the same machine.
class KilledSupervisorTest {
  @RegisterExtension private final Machines machines = new Machines();

  @Test
  void its_command_ends_with_it_and_the_same_line_goes_on() throws Exception {
    Machines.Node node = machines.node("a");
    CountLog log = CountLog.of(node);
    int kills = 3;
    for (int attempt = 1; attempt <= kills; attempt++) {
      CairnProcess cairn = node.start(Run.counting());
      CountLog.Start start = awaitCheckpointed(log, attempt);
      cairn.kill();
      Until.holds("the command is dead too", () -> !isAlive(start.pid()));
      assertThat(pipes(node)).hasSize(1);
    }

    completes(node, log, kills + 1);
    assertThat(pipes(node)).isEmpty();
    assertThat(machines.node("a").cairn("jobs", "history", Run.JOB).output().lines())
        .filteredOn(line -> line.contains("claimed by a"))
        .hasSize(kills + 1);
  }

  @Test
  void the_same_line_goes_on_when_everything_is_killed_at_once_and_started_again_at_once() {
    Machines.Node node = machines.node("a");
    CountLog log = CountLog.of(node);
    int kills = 3;
    for (int attempt = 1; attempt <= kills; attempt++) {
      CairnProcess cairn = node.start(Run.counting());
      awaitCheckpointed(log, attempt);
      cairn.kill(-cairn.pid(), -machines.group(Run.JOB));
    }

    completes(node, log, kills + 1);
  }

  @Test
  void a_command_that_outlived_supervisor_and_watchdog_is_ended_before_the_next_one_starts() {
    Machines.Node node = machines.node("a");
    CountLog log = CountLog.of(node);
    CairnProcess cairn = node.start(Run.counting());
    CountLog.Start first = awaitCheckpointed(log, 1);
    cairn.kill(cairn.watchdog());
    assertThat(isAlive(first.pid())).isTrue();

    CairnProcess next = node.start(Run.counting());
    next.awaitSaid(
        "ended process group %d, left over from attempt 1 on a (pid %d)"
            .formatted(first.pid(), cairn.pid()));
    assertThat(isAlive(first.pid())).isFalse();
    node.enough(log.awaitCounted(2, 1).last());
    assertThat(next.awaitExit()).isZero();

    log.assertCountedOn(); // no number of the first after the start of the second
    assertThat(log.starts()).hasSize(2);
  }

  private CountLog.Start awaitCheckpointed(CountLog log, int attempt) {
    CountLog.Start start = log.awaitCounted(attempt, 1);
    machines.awaitCheckpoint(Run.JOB, attempt);
    return start;
  }

  private void completes(Machines.Node node, CountLog log, int attempts) {
    CairnProcess last = node.start(Run.counting());
    int limit = log.awaitCounted(attempts, 1).last() + 5;
    node.enough(limit);
    assertThat(last.awaitExit()).as(last::told).isZero();

    assertThat(last.said()).contains("took job job over from attempt").contains("restored job@");
    log.assertCountedOn();
    log.assertStartedFromNewestCheckpoints(machines);
    assertThat(log.starts().stream().map(CountLog.Start::attempt))
        .containsExactlyElementsOf(Stream.iterate(1, n -> n + 1).limit(attempts).toList());
    assertThat(log.starts().getLast().end()).isEqualTo("end " + limit);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.COMPLETED);
    assertThat(claims()).hasSize(attempts);
  }

  private List<Entry> claims() {
    return machines.entries(Run.JOB).stream()
        .filter(e -> e.event() instanceof Event.Claimed)
        .toList();
  }

  private static boolean isAlive(long pid) {
    return Host.started(pid).isPresent(); // unreaped remains are dead
  }

  private static List<Path> pipes(Machines.Node node) throws Exception {
    try (Stream<Path> pipes = Files.list(node.runtime())) {
      return pipes.toList();
    }
  }
}
