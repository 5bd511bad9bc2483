package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The same line runs on two machines: the second stands by, and takes over when the first is gone.
class TakeoverTest {
  private static final Duration LEASE = Duration.ofSeconds(3);
  private static final int CONFLICT = 11;
  private static final int UNAVAILABLE = 14;
  private static final int HANDED_BACK = 75;
  private static final int STOPPED = 130;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node a = machines.node("a");
  private final Machines.Node b = machines.node("b");

  @Test
  void the_second_machine_takes_over_when_the_lease_of_the_dead_first_one_is_over()
      throws Exception {
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    CairnProcess second = b.start(counting()).awaitSaid("standing by: job job is run by a ");
    first.kill(-machines.group(Run.JOB));
    long token = machines.state(Run.JOB).token();
    int limit = endSoon(b, 1);

    assertThat(second.awaitExit()).as(second::told).isZero();
    assertThat(second.said())
        .contains("took job job over from attempt 1 on a (pid %d)".formatted(first.pid()));
    Entry claim = claim(2);
    assertThat(claim.at()).isAfter(machines.lastBeat(Run.JOB, token).plus(LEASE));
    CountLog.of(b).assertStartedFromNewestCheckpoints(machines);
    assertThat(CountLog.of(b).starts().getFirst().from()).isPositive();
    assertThat(CountLog.of(b).starts().getLast().end()).isEqualTo("end " + limit);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.COMPLETED);
  }

  @Test
  void on_the_same_machine_a_dead_holder_is_replaced_without_waiting_for_the_lease() {
    Run run = counting().with("--lease", "1h");
    CairnProcess first = a.start(run);
    awaitCheckpoint(1);
    CairnProcess second = a.start(run).awaitSaid("standing by");
    first.kill();
    endSoon(a, 2);

    assertThat(second.awaitExit()).as(second::told).isZero();
    assertThat(second.said()).contains("its process is gone from a");
  }

  @Test
  void a_supervisor_that_slept_past_its_lease_ends_its_command_and_publishes_nothing() {
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    long command = machines.group(Run.JOB);
    CairnProcess second = b.start(counting()).awaitSaid("standing by");
    first.signal("STOP");
    second.awaitSaid("took job job over");
    awaitCheckpoint(2);
    int counted = CountLog.of(a).starts().getFirst().last();
    CountLog.of(a).awaitCounted(1, counted + 1); // its command has gone on all the time
    first.signal("CONT");

    assertThat(first.awaitExit()).as(first::told).isEqualTo(CONFLICT);
    assertThat(first.said()).contains("nothing more is published from here");
    assertThat(Host.started(command)).as("start of the command of the first").isEmpty();
    assertNothingPublishedByOthersAfter(claim(2));
    assertThat(second.isAlive()).isTrue();
  }

  @Test
  void a_supervisor_that_slept_past_its_lease_goes_on_if_nobody_took_over() throws Exception {
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    first.signal("STOP");
    Instant end = machines.lastBeat(Run.JOB, claim(1).number()).plus(LEASE);
    Until.holds("its lease is over", () -> Instant.now().isAfter(end));
    int counted = CountLog.of(a).starts().getFirst().last();
    first.signal("CONT");
    a.enough(counted + 20);

    assertThat(first.awaitExit()).as(first::told).isZero();
    CountLog.of(a).assertCountedOn();
    CountLog.of(a).assertStartedFromNewestCheckpoints(machines);
    assertThat(CountLog.of(a).starts().getLast().end()).startsWith("end ");
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.COMPLETED);
  }

  @Test
  void a_cancel_that_nobody_has_answered_is_answered_before_the_successor_starts_anything() {
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    first.signal("STOP");
    CairnProcess cancel = b.cairn("jobs", "cancel", Run.JOB, "--timeout", "1ms");
    assertThat(cancel.awaitExit()).as(cancel::told).isEqualTo(UNAVAILABLE);
    assertThat(cancel.said()).contains("The request stands");
    CairnProcess second = b.start(counting());

    assertThat(second.awaitExit()).as(second::told).isEqualTo(STOPPED);
    assertThat(second.said()).contains("cancelled before it was started");
    assertThat(CountLog.of(b).lines()).isEmpty();
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.CANCELLED);
    first.signal("CONT");
    assertThat(first.awaitExit()).as(first::told).isEqualTo(CONFLICT);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.CANCELLED);
  }

  @Test
  void files_that_were_there_before_the_takeover_are_kept_under_a_name_that_is_told()
      throws Exception {
    Files.createDirectories(b.watched());
    Files.writeString(b.watched().resolve("notes.txt"), "mine");
    Files.writeString(b.watched().resolve("count"), "of something else");
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    CairnProcess second = b.start(counting()).awaitSaid("standing by");
    assertThat(b.watched().resolve("notes.txt")).hasContent("mine"); // until it is needed
    first.signal("TERM");
    int limit = endSoon(b, 1);

    assertThat(second.awaitExit()).as(second::told).isZero();
    String told = "files that were in %s and in no checkpoint are kept in ".formatted(b.watched());
    Path kept =
        second
            .said()
            .lines()
            .filter(line -> line.contains(told))
            .map(line -> Path.of(line.substring(line.indexOf(told) + told.length())))
            .findFirst()
            .orElseThrow();
    assertThat(kept.resolve("notes.txt")).hasContent("mine");
    assertThat(kept.resolve("count")).hasContent("of something else");
    assertThat(b.watched()).isDirectoryNotContaining("glob:**/notes.txt");
    assertThat(CountLog.number(b.watched().resolve("count"))).isEqualTo(limit);
  }

  @Test
  void the_second_machine_waits_too_before_a_failed_command_is_started_again() {
    String untilEnough =
        "echo up; while [ ! -e %s ]; do sleep 0.05; done; exit 3".formatted(Run.ENOUGH);
    Run failing = Run.of("sh", "-c", untilEnough).with("--backoff", "1h");
    CairnProcess first = a.start(failing);
    Until.holds("it runs", () -> first.output().contains("up"));
    CairnProcess second = b.start(failing).awaitSaid("standing by: job job is run by a ");
    a.enough(0);
    first.awaitSaid("starting it again in");
    second.awaitSaid("job job is pending (child_failed); starting it in");
    first.signal("INT");

    assertThat(first.awaitExit()).as(first::told).isEqualTo(STOPPED);
    assertThat(second.awaitExit()).as(second::told).isEqualTo(CONFLICT);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.PAUSED);
    assertThat(machines.state(Run.JOB).attempt()).isEqualTo(1);
  }

  @Test
  void standing_by_ends_well_when_the_job_is_completed_elsewhere() {
    CairnProcess first = a.start(counting());
    awaitCheckpoint(1);
    CairnProcess second = b.start(counting()).awaitSaid("standing by");
    endSoon(a, 1);

    assertThat(first.awaitExit()).as(first::told).isZero();
    assertThat(second.awaitExit()).as(second::told).isZero();
    assertThat(second.said()).contains("job job is completed");
    assertThat(CountLog.of(b).lines()).isEmpty();
  }

  @Test
  void standing_by_is_called_off_by_a_signal_or_from_the_start() {
    a.start(counting());
    awaitCheckpoint(1);
    CairnProcess refused = b.start(counting().with("--no-wait"));
    CairnProcess second = b.start(counting()).awaitSaid("standing by");
    second.signal("TERM");

    assertThat(second.awaitExit()).as(second::told).isEqualTo(HANDED_BACK);
    assertThat(refused.awaitExit()).as(refused::told).isEqualTo(CONFLICT);
    assertThat(refused.said()).contains("job job is held by a ");
    assertThat(machines.state(Run.JOB).attempt()).isEqualTo(1);
  }

  private static Run counting() {
    return Run.counting().with("--lease", LEASE.toSeconds() + "s");
  }

  /// Lets the command end a few numbers after that start of it.
  private static int endSoon(Machines.Node node, int start) {
    int limit = CountLog.of(node).awaitCounted(start, 1).last() + 5;
    node.enough(limit);
    return limit;
  }

  private void awaitCheckpoint(int attempt) {
    machines.awaitCheckpoint(Run.JOB, attempt);
  }

  private Entry claim(int attempt) {
    return machines.entries(Run.JOB).stream()
        .filter(e -> e.event() instanceof Event.Claimed && e.after().attempt() == attempt)
        .findFirst()
        .orElseThrow();
  }

  /// Entries of an attempt bear its token and count its ordinals; checkpoints tell where they were
  /// made, too.
  private void assertNothingPublishedByOthersAfter(Entry claim) {
    List<Entry> later =
        machines.entries(Run.JOB).stream()
            .filter(e -> e.number() > claim.number() && e.event() instanceof Event.OfAttempt)
            .toList();
    assertThat(later).isNotEmpty().allMatch(e -> e.after().token() == claim.number());
    assertThat(later.stream().map(e -> e.after().ordinal()))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, later.size()).boxed().toList());
    assertThat(later)
        .allMatch(
            e -> !(e.event() instanceof Event.Checkpointed c) || c.checkpoint().node().equals("b"));
  }
}
