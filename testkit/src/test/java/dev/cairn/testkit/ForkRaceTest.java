package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A fork while others are at work on its source, on its target or on an earlier life of its id
/// (I3, I5).
final class ForkRaceTest {
  private final Forks box = new Forks();

  @Test
  void a_late_deleter_of_an_earlier_life_hits_nothing_of_a_fork() {
    JobId other = JobId.of("other");
    long number = box.fork(7, other).published().number();
    long zombie;
    try (Worker deleter = box.maintain(Forks.KEEP_ALL)) {
      zombie = deleter.attempt().token();
      deleter.checkpointer().delete("ann");
    }
    // It is still at it, whatever a fork into the same id has come to.
    box.interrupted.beforeEveryPut(
        () -> box.store.repository().sweep(Worker.JOB, zombie, Set.of()));
    Forks.fork(box.store, box.env, new CheckpointId(other, number), Worker.JOB);
    box.store.repository().sweep(Worker.JOB, zombie, Set.of());
    Published published = box.requireExact(Worker.JOB, 7);
    assertThat(published.entry().after().token()).isGreaterThan(zombie);
  }

  @Test
  void nobody_lets_go_what_is_being_copied() {
    box.interrupted.before("jobs/fork/packs/", () -> trim(1));
    box.fork(1);
    box.requireExact(Forks.TARGET, 1);
    assertThat(box.source().live()).containsKey(box.checkpoint(1));
    trim(1);
    assertThat(box.source().live()).doesNotContainKey(box.checkpoint(1));
  }

  /// Saves, and lets go what retention does not hold.
  private void trim(int keepLast) {
    try (Worker worker = box.maintain(keepLast)) {
      worker.save(box.steps.get(5));
      worker.release();
    }
  }

  @Test
  void a_pin_of_somebody_else_stays() {
    long number = box.checkpoint(1);
    box.interrupted.before(
        "jobs/fork/packs/", () -> box.log(Worker.JOB).append(_ -> new Event.Pinned("bob", number)));
    box.fork(1);
    assertThat(box.source().pinned()).containsExactly(number);
    box.fork(1, JobId.of("second"));
    assertThat(box.source().pinned()).containsExactly(number);
    box.log(Worker.JOB).append(_ -> new Event.Unpinned("bob", number));
    assertThat(box.source().pinned()).isEmpty();
  }

  @Test
  void what_a_person_deletes_meanwhile_is_told_as_gone() {
    box.interrupted.before(
        "jobs/fork/journal/",
        () -> {
          try (Worker worker = box.maintain(Forks.KEEP_ALL)) {
            worker.checkpointer().prune(Set.of(box.checkpoint(6)), "asked");
            worker.release();
          }
        });
    assertThatThrownBy(() -> box.fork(6))
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessage(
            "checkpoint job@%d was pruned while it was copied; the newest is job@%d"
                .formatted(box.checkpoint(6), box.checkpoint(7)));
    assertThat(box.target().state().held()).isFalse();
    assertThat(box.target().live()).isEmpty();
  }

  @Test
  void a_fork_whose_claim_is_lost_publishes_nothing() {
    box.interrupted.before(
        "jobs/fork/packs/",
        () -> {
          JobLog log = box.log(Forks.TARGET);
          log.append(_ -> new Event.PauseRequested("bob", ""));
          log.append(_ -> new Event.Resumed("bob", null));
        });
    assertThatThrownBy(() -> box.fork(7)).isInstanceOf(CairnException.Fenced.class);
    assertThat(box.target().live()).isEmpty();
    assertThat(box.source().pinned()).isEmpty();
    box.fork(7); // the same may be asked for again
    Published published = box.requireExact(Forks.TARGET, 7);
    assertThat(Forks.packs(box.store, Forks.TARGET))
        .isEqualTo(Forks.needed(box.store, Forks.TARGET, published));
  }

  /// The pin, a request: neither displaces anybody, and the packs are looked at again.
  @Test
  void control_entries_meanwhile_do_no_harm() {
    box.interrupted.before(
        "jobs/fork/packs/",
        () -> box.log(Forks.TARGET).append(_ -> new Event.PauseRequested("bob", "")));
    box.fork(7);
    box.requireExact(Forks.TARGET, 7);
    assertThat(box.target().state().status()).isEqualTo(Status.PAUSED);
  }

  @Test
  void packs_that_vanish_before_the_entry_are_missed() {
    String entry = "jobs/fork/journal/%020d.json".formatted(3);
    box.interrupted.before(
        entry,
        () -> {
          Forks.packs(box.store, Forks.TARGET)
              .forEach(pack -> box.memory.delete("jobs/fork/packs/" + pack));
          box.log(Forks.TARGET).append(_ -> new Event.PauseRequested("bob", ""));
        });
    assertThatThrownBy(() -> box.fork(7))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("is missing");
    assertThat(box.target().live()).isEmpty();
  }

  @Test
  void whoever_came_first_with_the_same_fork_has_it() {
    var claimed = new boolean[1];
    box.interrupted.before(
        "jobs/fork/journal/",
        () -> {
          claimed[0] = true;
          box.fork(7);
        });
    assertThatThrownBy(() -> box.fork(7)).isInstanceOf(CairnException.Conflict.class);
    assertThat(claimed[0]).isTrue();
    box.requireExact(Forks.TARGET, 7);
    assertThat(box.source().pinned()).isEmpty();
  }

  @Test
  void a_fork_that_somebody_else_carries_on_meanwhile_is_not_doubled() {
    box.interrupted.before(
        "jobs/fork/journal/%020d.json".formatted(2), // submitted, about to be claimed
        () -> box.fork(7));
    assertThatThrownBy(() -> box.fork(7))
        .isInstanceOf(CairnException.Conflict.class)
        .hasMessageContaining("somebody else has saved into job fork");
    box.requireExact(Forks.TARGET, 7);
    assertThat(box.target().state().held()).isFalse();
  }
}
