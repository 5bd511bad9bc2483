package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// `cairn run` is asked to stop: by SIGTERM, which hands the job back, or by Ctrl-C, which pauses
/// it.
class SignalTest {
  private static final Duration GRACE = Duration.ofSeconds(20);
  private static final int CONFLICT = 11;
  private static final int HANDED_BACK = 75;
  private static final int STOPPED = 130;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");
  private final CountLog log = CountLog.of(node);

  @Test
  void sigterm_hands_the_job_back_with_what_the_command_saved_last() {
    CairnProcess cairn = node.start(counting());
    log.awaitCounted(1, 5);
    Instant asked = Instant.now();
    cairn.signal("TERM");

    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(HANDED_BACK);
    assertState(Status.PENDING, "preempted");
    Entry last = lastCheckpoint();
    assertThat(last.at()).isBefore(asked.plus(GRACE));
    assertGoesOn(node.start(counting()), 2);
  }

  @Test
  void ctrl_c_pauses_the_job_until_a_person_says_that_it_goes_on() {
    CairnProcess cairn = node.start(counting());
    log.awaitCounted(1, 5);
    cairn.signal("INT");

    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(STOPPED);
    assertThat(cairn.said()).contains("go on with: cairn jobs resume job");
    assertState(Status.PAUSED, "person");
    CairnProcess refused = node.start(counting());
    assertThat(refused.awaitExit()).as(refused::told).isEqualTo(CONFLICT);
    assertThat(refused.said()).contains("job job is paused").contains("cairn jobs resume job");
    assertThat(node.cairn("jobs", "resume", Run.JOB).awaitExit()).isZero();
    assertState(Status.PENDING, "resumed");
    CairnProcess again = node.start(counting());
    log.awaitCounted(2, 5);
    again.signal("INT");
    assertThat(again.awaitExit()).as(again::told).isEqualTo(STOPPED);
    assertThat(log.starts().get(1).from()).isEqualTo(stopped(1));
    assertGoesOn(node.start(counting().with("--resume")), 3);
  }

  @Test
  void a_second_ctrl_c_ends_a_command_that_does_not_listen() {
    Run deaf = Run.of("sh", "-c", "trap '' INT TERM; echo deaf; while :; do sleep 1; done");
    CairnProcess cairn = node.start(deaf.with("--grace", "1h"));
    Until.holds("it is deaf", () -> cairn.output().contains("deaf"));
    cairn.signal("INT");
    cairn.awaitSaid("Ctrl-C again forces");
    cairn.signal("INT");

    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(STOPPED);
    assertState(Status.PAUSED, "person");
  }

  @Test
  void a_command_that_does_not_listen_is_killed_when_the_grace_is_over() {
    Run deaf = Run.of("sh", "-c", "trap '' INT TERM; echo deaf; while :; do sleep 1; done");
    CairnProcess cairn = node.start(deaf.with("--grace", "1s"));
    Until.holds("it is deaf", () -> cairn.output().contains("deaf"));
    cairn.signal("TERM");

    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(HANDED_BACK);
    assertState(Status.PENDING, "preempted");
  }

  @Test
  void while_it_waits_to_start_a_failed_command_again_signals_mean_the_same() {
    Run failing = Run.of("sh", "-c", "exit 3").with("--backoff", "1h");
    CairnProcess first = node.start(failing).awaitSaid("starting it again in");
    first.signal("TERM");
    assertThat(first.awaitExit()).as(first::told).isEqualTo(HANDED_BACK);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.PENDING);

    CairnProcess second = node.start(failing).awaitSaid("job job is pending (child_failed)");
    second.signal("INT");
    assertThat(second.awaitExit()).as(second::told).isEqualTo(STOPPED);
    assertState(Status.PAUSED, "person");
    assertThat(machines.state(Run.JOB).attempt()).isEqualTo(1);
  }

  @Test
  void sigusr1_asks_for_a_checkpoint() {
    CairnProcess cairn = node.start(counting().with("--every", "1h"));
    int counted = log.awaitCounted(1, 5).last();
    cairn.signal("USR1");

    Entry saved = machines.awaitCheckpoint(Run.JOB, 1);
    assertThat(count(saved)).isGreaterThanOrEqualTo(counted);
    assertThat(cairn.isAlive()).isTrue();
  }

  private static Run counting() {
    return Run.counting().with("--grace", GRACE.toSeconds() + "s");
  }

  private void assertState(Status status, String reason) {
    JobState state = machines.state(Run.JOB);
    assertThat(state.status()).isEqualTo(status);
    assertThat(state.reason()).isEqualTo(reason);
    assertThat(state.held()).isFalse();
  }

  /// The number that the command saved when it was asked to end.
  private int stopped(int start) {
    String end = log.starts().get(start - 1).end();
    assertThat(end).startsWith("stop ");
    return Integer.parseInt(end.substring("stop ".length()));
  }

  /// It holds what the command saved when it was asked to end, whether that was captured before or
  /// after it ended.
  private Entry lastCheckpoint() {
    Entry last =
        machines.entries(Run.JOB).stream()
            .filter(e -> e.event() instanceof Event.Checkpointed)
            .toList()
            .getLast();
    assertThat(count(last)).isEqualTo(stopped(1));
    return last;
  }

  private int count(Entry checkpoint) {
    return CountLog.number(machines.restore(Run.JOB, checkpoint.number()).resolve("count"));
  }

  private void assertGoesOn(CairnProcess cairn, int start) {
    int limit = log.awaitCounted(start, 1).last() + 3;
    node.enough(limit);
    assertThat(cairn.awaitExit()).as(cairn::told).isZero();
    assertThat(log.starts().get(start - 1).from()).isEqualTo(stopped(start - 1));
    assertState(Status.COMPLETED, "");
  }
}
