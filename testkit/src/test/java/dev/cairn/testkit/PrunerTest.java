package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Keep;
import dev.cairn.checkpoint.Pruner;
import dev.cairn.checkpoint.Pruner.Proposal;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState.Request;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Dropping by policy from outside, on real checkpoints (I5).
final class PrunerTest {
  private static final Path SOURCES = Path.of("/data/sources");
  private static final Retention LEAST = Retention.LEAST;
  private static final Retention ALL = new Retention(List.of(new Keep.All()));

  private final SequentialEnv env = new SequentialEnv(4711);
  private final CrashingDisk disk = new CrashingDisk();
  private final List<Step> steps = Workload.small(disk, SOURCES, 4711);
  private final MemoryBlobStore memory = new MemoryBlobStore();
  private final Store store = Worker.store(memory, disk, env);
  private final Pruner pruner =
      new Pruner(
          store,
          disk,
          env,
          new Claimer(
              store.journal(),
              env,
              new Host("c", "", 0),
              Duration.ofSeconds(1),
              Duration.ofSeconds(2)),
          "c");
  private final List<Long> saved = new ArrayList<>();

  @BeforeEach
  void submit() {
    Worker.submit(log());
  }

  private JobLog log() {
    return JobLog.open(store.journal(), env, Worker.JOB);
  }

  private History history() {
    return log().history();
  }

  private Worker work() {
    return Worker.claim(store, disk, env, "a", Event.Purpose.WORK, 100);
  }

  private void save(Worker worker, int count) {
    for (int i = 0; i < count; i++) {
      saved.add(worker.save(steps.get(saved.size() % steps.size())));
    }
  }

  /// A job with so many checkpoints that nobody runs.
  private void saved(int count) {
    try (Worker worker = work()) {
      save(worker, count);
      worker.release();
    }
  }

  private Proposal propose(Retention retention) {
    return pruner.propose(log(), retention, Meter.NONE);
  }

  private List<Long> carryOut(Proposal proposal) {
    return pruner.carryOut(log(), proposal, "ann", (_, _, _) -> false);
  }

  /// Spoils the pack that its list of files is in, which newer ones may need too.
  private void damage(long number) {
    ManifestRef manifest =
        Objects.requireNonNull(history().checkpoint(number).checkpoint().manifest());
    memory.put("jobs/job/packs/" + manifest.pack(), Blob.of("rot"));
  }

  @Test
  void a_plan_is_carried_out_and_what_only_that_needed_is_gone() {
    saved(4);
    Proposal proposal = propose(LEAST);
    assertThat(proposal.plan().drops()).isEqualTo(saved.subList(0, 2));
    long before = bytes();

    assertThat(carryOut(proposal)).isEqualTo(saved.subList(0, 2));
    assertThat(history().live().keySet()).containsExactlyElementsOf(saved.subList(2, 4));
    assertThat(Worker.packs(store)).isEqualTo(Worker.neededPacks(store, history()));
    assertThat(before - bytes()).isEqualTo(proposal.freesBytes()).isPositive();
    assertThat(history().state().held()).isFalse();
    assertThat(propose(LEAST).isWorthwhile()).isFalse();
  }

  private long bytes() {
    return store.blobs().list("jobs/job/packs").stream().mapToLong(i -> i.sizeBytes()).sum();
  }

  @Test
  void what_turns_out_damaged_takes_no_place_of_a_valid_one() {
    saved(5);
    damage(saved.get(4));
    damage(saved.get(3));
    Proposal proposal = propose(LEAST);
    assertThat(proposal.damaged()).containsExactlyInAnyOrder(saved.get(3), saved.get(4));
    assertThat(proposal.plan().drops()).containsExactly(saved.get(0));
  }

  @Test
  void nothing_is_dropped_where_the_journal_is_damaged() {
    saved(4);
    memory.put("jobs/job/journal/%020d.json".formatted(saved.get(1)), Blob.of("rot"));
    assertThatThrownBy(() -> propose(LEAST)).isInstanceOf(CairnException.Corrupt.class);
  }

  @Test
  void what_is_pinned_after_the_plan_was_made_stays() {
    saved(4);
    Proposal proposal = propose(LEAST);
    log().append(_ -> new Event.Pinned("bob", saved.get(0)));
    assertThat(carryOut(proposal)).containsExactly(saved.get(1));
    assertThat(history().live()).containsKey(saved.get(0));
  }

  @Test
  void what_the_job_goes_on_from_after_the_plan_was_made_stays() {
    saved(4);
    try (Worker worker = work()) {
      worker.end(new Event.Paused("person", ""));
    }
    Proposal proposal = propose(LEAST);
    log().append(_ -> new Event.Resumed("bob", saved.get(0)));
    assertThat(carryOut(proposal)).containsExactly(saved.get(1));
  }

  @Test
  void packs_of_a_dead_attempt_that_nothing_names_go() {
    saved(1);
    String stray = "jobs/job/packs/2-%s.pack".formatted("ab".repeat(32));
    memory.put(stray, Blob.of("of a save that was never published"));
    Proposal proposal = propose(ALL);
    assertThat(proposal.plan().drops()).isEmpty();
    assertThat(proposal.isWorthwhile()).isTrue();
    assertThat(carryOut(proposal)).isEmpty();
    assertThat(store.blobs().list("jobs/job/packs"))
        .extracting(BlobStore.Item::name)
        .doesNotContain(stray);
  }

  @Test
  void a_job_that_somebody_runs_is_left_to_him() {
    saved(4);
    Proposal proposal = propose(LEAST);
    try (Worker worker = work()) {
      assertThatThrownBy(() -> carryOut(proposal)).isInstanceOf(CairnException.Conflict.class);
      assertThat(worker.history().live()).hasSize(4);
    }
  }

  @Test
  void the_holder_drops_what_a_policy_names_but_not_what_is_needed() {
    try (Worker worker = work()) {
      save(worker, 5);
      log().append(_ -> new Event.PruneRequested("ann", saved, true));
      log().append(_ -> new Event.Pinned("bob", saved.get(1)));
      worker.answerPruneRequests();
      assertThat(worker.history().live().keySet())
          .containsExactly(saved.get(1), saved.get(3), saved.get(4));
      assertThat(worker.history().state().asks(Request.Kind.PRUNE)).isFalse();
    }
  }

  @Test
  void the_holder_drops_what_a_person_names_whatever_it_is() {
    try (Worker worker = work()) {
      save(worker, 3);
      log().append(_ -> new Event.PruneRequested("ann", List.of(saved.get(2))));
      worker.answerPruneRequests();
      assertThat(worker.history().live()).doesNotContainKey(saved.get(2));
    }
  }

  private void completed(long keepMillis) {
    try (Worker worker = work()) {
      save(worker, 3);
      worker.end(new Event.Completed("done", keepMillis));
    }
  }

  @Test
  void a_completed_job_that_was_to_be_deleted_loses_all_but_what_is_pinned() {
    completed(0);
    log().append(_ -> new Event.Pinned("bob", saved.get(1)));
    Proposal proposal = propose(ALL);
    assertThat(carryOut(proposal)).containsExactly(saved.get(0), saved.get(2));
    assertThat(history().live()).containsOnlyKeys(saved.get(1));
    assertThat(history().state().status()).isEqualTo(Status.COMPLETED);
  }

  @Test
  void a_completed_job_is_kept_for_its_time() {
    completed(Duration.ofHours(1).toMillis());
    assertThat(propose(ALL).isWorthwhile()).isFalse();
    env.sleep(Duration.ofHours(1));
    assertThat(carryOut(propose(ALL))).isEqualTo(saved);
  }

  @Test
  void a_job_of_the_same_id_does_not_inherit_that() {
    completed(0);
    try (Worker worker = Worker.claim(store, disk, env, "b", Event.Purpose.MAINTENANCE, 100)) {
      worker.checkpointer().delete("ann");
    }
    Worker.submit(log());
    saved.clear();
    saved(3);
    assertThat(pruner.isOver(history())).isFalse();
    assertThat(propose(ALL).plan().drops()).isEmpty();
  }
}
