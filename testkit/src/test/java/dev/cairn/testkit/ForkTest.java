package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.checkpoint.Forker.Forked;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.testkit.Workload.Step;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A new job out of a checkpoint of another (I2, I3, I4, I5).
final class ForkTest {
  private final Forks box = new Forks();

  private Map<String, Integer> objects() {
    var objects = new TreeMap<String, Integer>();
    collect("", objects);
    return objects;
  }

  private void collect(String folder, Map<String, Integer> objects) {
    for (BlobStore.Item item : box.memory.list(folder)) {
      if (item.folder()) {
        collect(item.name(), objects);
      } else {
        objects.put(item.name(), box.memory.read(item.name(), 0, 1 << 20).orElseThrow().hashCode());
      }
    }
  }

  /// Files of many chunks, dense and not, links, empty files and directories, large states and
  /// small ones, and none of either.
  @Test
  void a_fork_holds_what_its_source_held_and_outlives_it(@TempDir Path directory) {
    var real = new RealDisk();
    List<Step> large = Workload.large(real, directory.resolve("sources"), 1);
    try (Store there = Store.openOrCreate(real, box.env, directory.resolve("store"))) {
      List<Long> saved = Forks.save(there, real, box.env, large);
      for (int i = 0; i < large.size(); i++) {
        JobId job = JobId.of("fork-" + (i + 1));
        Forked forked = Forks.fork(there, box.env, saved.get(i), job);
        assertThat(forked.pinLeft()).isFalse();
        assertThat(forked.published().entry().job()).isEqualTo(job);
      }
      try (Worker deleter =
          Worker.claim(there, real, box.env, "node-b", Purpose.MAINTENANCE, Forks.KEEP_ALL)) {
        deleter.checkpointer().delete("ann");
      }
      assertThat(Worker.packs(there)).isEmpty();
      for (int i = 0; i < large.size(); i++) {
        JobId job = JobId.of("fork-" + (i + 1));
        Published published =
            Forks.requireExact(there, real, box.env, job, large.get(i), directory);
        long token = published.entry().after().token();
        Set<String> packs = Forks.packs(there, job);
        assertThat(packs).isEqualTo(Forks.needed(there, job, published));
        assertThat(packs).allMatch(pack -> pack.startsWith(token + "-"));
      }
    }
  }

  @Test
  void a_fork_is_pending_with_a_journal_of_its_own() {
    Published published = box.fork(7).published();
    History history = box.target();
    assertThat(history.state().status()).isEqualTo(Status.PENDING);
    assertThat(history.state().held()).isFalse();
    assertThat(history.state().newest()).isEqualTo(published.number());
    assertThat(history.last()).isEqualTo(4); // submitted, claimed, checkpointed, released
    String from = new CheckpointId(Worker.JOB, box.checkpoint(7)).toString();
    assertThat(published.checkpoint().labels()).containsEntry(Checkpoint.FORKED_FROM, from);
    assertThat(published.checkpoint().kind()).isEqualTo(Checkpoint.Kind.MANUAL);
    assertThat(history.submitted().orElseThrow().labels())
        .containsEntry(Checkpoint.FORKED_FROM, from);
    assertThat(history.submitted().orElseThrow().keepLast()).isEqualTo(Worker.KEEP_LAST);
  }

  @Test
  void a_fork_of_a_fork_is_one_like_any_other() {
    Published first = box.fork(7).published();
    JobId second = JobId.of("second");
    var id = new CheckpointId(Forks.TARGET, first.number());
    Published published = Forks.fork(box.store, box.env, id, second).published();
    box.requireExact(second, 7);
    assertThat(published.checkpoint().labels())
        .containsEntry(Checkpoint.FORKED_FROM, id.toString());
  }

  @Test
  void labels_and_progress_come_along_but_not_what_was_spent() {
    var spent = new Progress(0.5, 9L, "stage", "text", new BigDecimal("1.25"), 77);
    long number;
    try (Worker worker = Worker.claim(box.store, box.disk, box.env, "node-b")) {
      Checkpoint plain = box.source().checkpoint(box.checkpoint(1)).checkpoint();
      var costly =
          new Checkpoint(
              Checkpoint.Kind.PERIODIC,
              null,
              spent,
              Map.of("night", "1"),
              "{}",
              plain.manifest(),
              plain.files(),
              plain.sizeBytes(),
              0,
              0,
              0,
              "node-b",
              List.of());
      number = worker.attempt().append(_ -> new Event.Checkpointed(costly, List.of())).number();
      worker.complete();
    }
    Checkpoint fork = Forks.fork(box.store, box.env, number, Forks.TARGET).published().checkpoint();
    assertThat(fork.labels()).containsEntry("night", "1");
    assertThat(fork.progress().step()).isEqualTo(9);
    assertThat(fork.progress().fraction()).isEqualTo(0.5);
    assertThat(fork.progress().costUsd()).isZero();
    assertThat(fork.progress().tokens()).isZero();
  }

  @Test
  void the_source_is_as_it_was() {
    var before = box.source();
    Set<String> packs = Worker.packs(box.store);
    box.fork(7);
    History after = box.source();
    assertThat(after.state()).isEqualTo(before.state());
    assertThat(after.live()).isEqualTo(before.live());
    assertThat(after.pinned()).isEmpty();
    assertThat(Worker.packs(box.store)).isEqualTo(packs);
  }

  @Test
  void a_job_that_exists_is_left_alone() {
    box.fork(7);
    Map<String, Integer> before = objects();
    for (int step : List.of(1, 7)) {
      assertThatThrownBy(() -> box.fork(step))
          .isInstanceOf(CairnException.Conflict.class)
          .hasMessage("job fork exists already");
    }
    assertThatThrownBy(() -> box.fork(1, Worker.JOB)).isInstanceOf(CairnException.Conflict.class);
    assertThat(objects()).isEqualTo(before);
  }

  @Test
  void what_is_not_there_cannot_be_forked() {
    Map<String, Integer> before = objects();
    assertThatThrownBy(() -> Forks.fork(box.store, box.env, 99, Forks.TARGET))
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessageContaining("job@99");
    var nobody = new CheckpointId(JobId.of("nobody"), 3);
    assertThatThrownBy(() -> Forks.fork(box.store, box.env, nobody, Forks.TARGET))
        .isInstanceOf(CairnException.NotFound.class);
    assertThat(objects()).isEqualTo(before);
  }

  @Test
  void a_damaged_source_is_told_and_what_is_left_can_be_deleted() {
    Checkpoint damaged = box.source().checkpoint(box.checkpoint(7)).checkpoint();
    String pack = Objects.requireNonNull(damaged.manifest()).pack();
    String name = "jobs/" + Worker.JOB + "/packs/" + pack;
    byte[] body = box.memory.readSmall(name, 1 << 20).orElseThrow();
    byte[] spoilt = body.clone();
    spoilt[100] ^= 1;
    box.memory.put(name, Blob.of(spoilt));
    assertThatThrownBy(() -> box.fork(7))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("of job job cannot be read back: pack " + pack);
    assertThat(box.source().pinned()).isEmpty();
    History left = box.target();
    assertThat(left.state().held()).isFalse();
    assertThat(left.live()).isEmpty();
    assertThat(Forks.packs(box.store, Forks.TARGET)).isEmpty();

    box.memory.put(name, Blob.of(body)); // mended
    box.fork(7);
    box.requireExact(Forks.TARGET, 7);
  }

  @Test
  void a_fork_goes_on_as_a_job_of_its_own() {
    Published forked = box.fork(7).published();
    JobLog log = box.log(Forks.TARGET);
    var claimer =
        new Claimer(
            box.store.journal(),
            box.env,
            new Host("node-c", "", 0),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2));
    try (Attempt attempt =
        claimer.claim(log, Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt()) {
      Event.Claimed claim = log.history().claim().orElseThrow();
      assertThat(claim.from()).isEqualTo(forked.number());
      Entry end = attempt.append(_ -> new Event.Completed("done"));
      assertThat(end.after().attempt()).isEqualTo(1);
    }
  }
}
