package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Somebody asks something of a job, from another machine: its holder answers, or, where it is dead
/// or there is none, the one who asks sees to it.
class RequestTest {
  private static final int CONFLICT = 11;
  private static final int UNAVAILABLE = 14;
  private static final int HANDED_BACK = 75;
  private static final int STOPPED = 130;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node a = machines.node("a");
  private final Machines.Node b = machines.node("b");
  private final CountLog log = CountLog.of(a);

  @Test
  void a_checkpoint_that_is_asked_for_is_made_now() {
    a.start(Run.counting().with("--every", "1h"));
    int counted = log.awaitCounted(1, 3).last();
    CairnProcess asked = b.cairn("checkpoint", Run.JOB);

    assertThat(asked.awaitExit()).as(asked::told).isZero();
    long number = machines.newestCheckpoint(Run.JOB);
    assertThat(asked.output()).isEqualTo("saved job@%d\n".formatted(number));
    Checkpoint checkpoint = machines.history(Run.JOB).checkpoint(number).checkpoint();
    assertThat(checkpoint.kind()).isEqualTo(Checkpoint.Kind.MANUAL);
    assertThat(checkpoint.node()).isEqualTo("a");
    assertThat(CountLog.number(machines.restore(Run.JOB, number).resolve("count")))
        .isGreaterThanOrEqualTo(counted);
    assertThat(machines.state(Run.JOB).requests()).isEmpty();
  }

  @Test
  void a_checkpoint_of_what_has_not_changed_is_made_all_the_same() {
    a.start(Run.of("sh", "-c", "echo 1 >out/count; exec sleep 1000"));
    machines.awaitCheckpoint(Run.JOB, 1);
    long before = machines.newestCheckpoint(Run.JOB);

    CairnProcess asked = b.cairn("checkpoint", Run.JOB, "--json");
    assertThat(asked.awaitExit()).as(asked::told).isZero();
    long after = machines.newestCheckpoint(Run.JOB);
    assertThat(after).isGreaterThan(before);
    assertThat(asked.output()).contains("\"id\"").contains("job@" + after);
  }

  @Test
  void nobody_can_be_asked_for_a_checkpoint_when_nobody_runs_the_job() {
    CairnProcess cairn = a.start(Run.counting());
    machines.awaitCheckpoint(Run.JOB, 1);
    cairn.kill();
    CairnProcess ofDead = a.cairn("checkpoint", Run.JOB);
    assertThat(ofDead.awaitExit()).as(ofDead::told).isEqualTo(UNAVAILABLE);
    assertThat(ofDead.said()).contains("is dead: its process is gone from a");

    a.cairn("jobs", "pause", Run.JOB);
    CairnProcess ofPaused = a.cairn("checkpoint", Run.JOB);
    assertThat(ofPaused.awaitExit()).as(ofPaused::told).isEqualTo(CONFLICT);
    assertThat(ofPaused.said()).contains("nobody runs it");
  }

  @Test
  void a_job_is_paused_by_its_holder_and_goes_on_when_it_is_resumed() {
    CairnProcess cairn = a.start(Run.counting());
    log.awaitCounted(1, 3);
    CairnProcess pause = b.cairn("jobs", "pause", Run.JOB);

    assertThat(pause.awaitExit()).as(pause::told).isZero();
    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(STOPPED);
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.PAUSED);
    assertThat(b.start(Run.counting()).awaitExit()).isEqualTo(CONFLICT);
    CairnProcess elsewhere = b.start(Run.counting().with("--resume"));
    CountLog.Start start = CountLog.of(b).awaitCounted(1, 1);
    assertThat("stop " + start.from()).isEqualTo(log.starts().getFirst().end());
    b.enough(start.last());
    assertThat(elsewhere.awaitExit()).as(elsewhere::told).isZero();
  }

  @Test
  void a_job_is_cancelled_by_its_holder() {
    CairnProcess cairn = a.start(Run.counting());
    long command = log.awaitCounted(1, 3).pid();
    CairnProcess cancel = b.cairn("jobs", "cancel", Run.JOB, "--reason", "a typo");

    assertThat(cancel.awaitExit()).as(cancel::told).isZero();
    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(STOPPED);
    assertThat(Host.started(command)).isEmpty();
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.CANCELLED);
    assertThat(machines.entries(Run.JOB).getLast().event()).isInstanceOf(Event.Cancelled.class);
  }

  @Test
  void a_cancel_is_done_in_place_of_a_holder_that_was_killed() {
    CairnProcess cairn = a.start(Run.counting().with("--lease", "1h"));
    machines.awaitCheckpoint(Run.JOB, 1);
    cairn.kill();
    CairnProcess cancel = a.cairn("jobs", "cancel", Run.JOB);

    assertThat(cancel.awaitExit()).as(cancel::told).isZero();
    assertThat(cancel.said()).contains("its holder is dead").contains("done in its place");
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.CANCELLED);
    assertThat(machines.state(Run.JOB).requests()).isEmpty();
  }

  @Test
  void a_pause_is_done_in_place_of_a_holder_on_another_machine_when_its_lease_is_over() {
    CairnProcess cairn = a.start(Run.counting().with("--lease", "2s"));
    machines.awaitCheckpoint(Run.JOB, 1);
    cairn.kill(-machines.group(Run.JOB));
    CairnProcess pause = b.cairn("jobs", "pause", Run.JOB);

    assertThat(pause.awaitExit()).as(pause::told).isZero();
    assertThat(pause.said()).contains("its heartbeat stood still for 2 s");
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.PAUSED);
  }

  @Test
  void the_holder_drops_what_no_rule_keeps() {
    CairnProcess cairn = a.start(Run.counting());
    machines.awaitCheckpoint(Run.JOB, 1);
    Until.holds(
        "five checkpoints", () -> machines.history(Run.JOB).live().size() >= 5, cairn::told);
    long oldest = machines.history(Run.JOB).live().firstKey();
    CairnProcess prune = b.cairn("prune", Run.JOB, "--keep-last", "1");

    assertThat(prune.awaitExit()).as(prune::told).isZero();
    assertThat(prune.output()).contains("no rule keeps it", "dropped job@" + oldest);
    assertThat(machines.history(Run.JOB).live()).doesNotContainKey(oldest);
    assertThat(machines.state(Run.JOB).requests()).isEmpty();
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.RUNNING);
    machines.restore(Run.JOB, machines.newestCheckpoint(Run.JOB));
  }

  @Test
  void a_job_that_nobody_runs_is_cancelled_at_once_and_only_once() {
    CairnProcess cairn = a.start(Run.counting());
    log.awaitCounted(1, 1);
    cairn.signal("TERM");
    assertThat(cairn.awaitExit()).as(cairn::told).isEqualTo(HANDED_BACK);

    CairnProcess cancel = b.cairn("jobs", "cancel", Run.JOB);
    assertThat(cancel.awaitExit()).as(cancel::told).isZero();
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.CANCELLED);
    CairnProcess again = b.cairn("jobs", "cancel", Run.JOB);
    assertThat(again.awaitExit()).as(again::told).isEqualTo(CONFLICT);
    CairnProcess refused = a.start(Run.counting());
    assertThat(refused.awaitExit()).as(refused::told).isEqualTo(CONFLICT);
    assertThat(log.starts()).hasSize(1);
  }
}
