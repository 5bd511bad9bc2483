package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
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
import dev.cairn.env.Disk;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.testkit.Workload.Step;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A new job out of a checkpoint of another (I2, I3, I4, I5).
final class ForkTest {
  private static final long SEED = 4711;
  private static final int KEEP_ALL = 100;

  private final SequentialEnv env = new SequentialEnv(SEED);
  private final CrashingDisk disk = new CrashingDisk();
  private final List<Step> steps = Workload.small(disk, Path.of("/data/sources"), SEED);
  private final MemoryBlobStore memory = new MemoryBlobStore();
  private final Meddled meddled = new Meddled(memory);
  private final Store store = Worker.store(meddled.store(), disk, env);
  private final List<Long> saved = new ArrayList<>();

  /// A store at which others are at work between any two puts of one caller.
  private static final class Meddled {
    private final BlobStore blobs;
    private final List<String> puts = new ArrayList<>();
    private Runnable meddler = () -> {};
    private boolean meddling;

    Meddled(BlobStore blobs) {
      this.blobs = blobs;
    }

    void before(Runnable everyPut) {
      meddler = everyPut;
    }

    /// Once, before the first put of a name that starts like this.
    void before(String prefix, Runnable once) {
      var done = new boolean[1];
      meddler =
          () -> {
            if (!done[0] && puts.getLast().startsWith(prefix)) {
              done[0] = true;
              once.run();
            }
          };
    }

    BlobStore store() {
      return (BlobStore)
          Proxy.newProxyInstance(
              BlobStore.class.getClassLoader(),
              new Class<?>[] {BlobStore.class},
              (_, method, arguments) -> {
                if (!meddling && method.getName().startsWith("put")) {
                  puts.add((String) arguments[0]);
                  meddling = true;
                  meddler.run();
                  meddling = false;
                }
                if (method.isDefault()) {
                  return blobs.readSmall((String) arguments[0], (Integer) arguments[1]);
                }
                try {
                  return method.invoke(blobs, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }

  @BeforeEach
  void save() {
    save(store, disk, steps);
  }

  private void save(Store into, Disk from, List<Step> all) {
    saved.clear();
    Worker.submit(JobLog.open(into.journal(), env, Worker.JOB));
    try (Worker worker = Worker.claim(into, from, env, "node-a", Purpose.WORK, KEEP_ALL)) {
      all.forEach(step -> saved.add(worker.save(step)));
      worker.release();
    }
  }

  private Worker maintain(int keepLast) {
    return Worker.claim(store, disk, env, "node-b", Purpose.MAINTENANCE, keepLast);
  }

  private Forked fork(int step) {
    return Forks.fork(store, env, saved.get(step - 1), Forks.TARGET);
  }

  private History source() {
    return Forks.history(store, env, Worker.JOB);
  }

  private History target() {
    return Forks.history(store, env, Forks.TARGET);
  }

  private Map<String, Integer> objects() {
    var objects = new TreeMap<String, Integer>();
    collect("", objects);
    return objects;
  }

  private void collect(String folder, Map<String, Integer> objects) {
    for (BlobStore.Item item : memory.list(folder)) {
      if (item.folder()) {
        collect(item.name(), objects);
      } else {
        objects.put(item.name(), memory.read(item.name(), 0, 1 << 20).orElseThrow().hashCode());
      }
    }
  }

  /// Files of many chunks, dense and not, links, empty files and directories, large states and
  /// small ones, and none of either.
  @Test
  void a_fork_holds_what_its_source_held_and_outlives_it(@TempDir Path directory) {
    var real = new RealDisk();
    List<Step> large = Workload.large(real, directory.resolve("sources"), SEED);
    try (Store there =
        Store.openOrCreate(real, env, directory.resolve("store"), Compression.AUTO)) {
      save(there, real, large);
      for (int i = 0; i < large.size(); i++) {
        JobId job = JobId.of("fork-" + (i + 1));
        Forked forked = Forks.fork(there, env, saved.get(i), job);
        assertThat(forked.pinLeft()).isFalse();
        assertThat(forked.published().entry().job()).isEqualTo(job);
      }
      try (Worker deleter =
          Worker.claim(there, real, env, "node-b", Purpose.MAINTENANCE, KEEP_ALL)) {
        deleter.checkpointer().delete("ann");
      }
      assertThat(Worker.packs(there)).isEmpty();
      for (int i = 0; i < large.size(); i++) {
        JobId job = JobId.of("fork-" + (i + 1));
        Published published = Forks.requireExact(there, real, env, job, large.get(i), directory);
        long token = published.entry().after().token();
        Set<String> packs = Forks.packs(there, job);
        assertThat(packs).isEqualTo(Forks.needed(there, job, published));
        assertThat(packs).allMatch(pack -> pack.startsWith(token + "-"));
      }
    }
  }

  @Test
  void a_fork_is_pending_with_a_journal_of_its_own() {
    Published published = fork(7).published();
    History history = target();
    assertThat(history.state().status()).isEqualTo(Status.PENDING);
    assertThat(history.state().held()).isFalse();
    assertThat(history.state().newest()).isEqualTo(published.number());
    assertThat(history.last()).isEqualTo(4); // submitted, claimed, checkpointed, released
    String from = new CheckpointId(Worker.JOB, saved.get(6)).toString();
    assertThat(published.checkpoint().labels()).containsEntry(Checkpoint.FORKED_FROM, from);
    assertThat(published.checkpoint().kind()).isEqualTo(Checkpoint.Kind.MANUAL);
    assertThat(history.submitted().orElseThrow().labels())
        .containsEntry(Checkpoint.FORKED_FROM, from);
    assertThat(history.submitted().orElseThrow().keepLast()).isEqualTo(Worker.KEEP_LAST);
  }

  @Test
  void a_fork_of_a_fork_is_one_like_any_other() {
    Published first = fork(7).published();
    JobId second = JobId.of("second");
    var id = new CheckpointId(Forks.TARGET, first.number());
    Published published = Forks.fork(store, env, id, second).published();
    Forks.requireExact(store, disk, env, second, steps.get(6));
    assertThat(published.checkpoint().labels())
        .containsEntry(Checkpoint.FORKED_FROM, id.toString());
  }

  @Test
  void labels_and_progress_come_along_but_not_what_was_spent() {
    var spent = new Progress(0.5, 9L, "stage", "text", new BigDecimal("1.25"), 77);
    long number;
    try (Worker worker = Worker.claim(store, disk, env, "node-b")) {
      Checkpoint plain = source().checkpoint(saved.getFirst()).checkpoint();
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
    Checkpoint fork = Forks.fork(store, env, number, Forks.TARGET).published().checkpoint();
    assertThat(fork.labels()).containsEntry("night", "1");
    assertThat(fork.progress().step()).isEqualTo(9);
    assertThat(fork.progress().fraction()).isEqualTo(0.5);
    assertThat(fork.progress().costUsd()).isZero();
    assertThat(fork.progress().tokens()).isZero();
  }

  @Test
  void the_source_is_as_it_was() {
    var before = source();
    Set<String> packs = Worker.packs(store);
    fork(7);
    History after = source();
    assertThat(after.state()).isEqualTo(before.state());
    assertThat(after.live()).isEqualTo(before.live());
    assertThat(after.pinned()).isEmpty();
    assertThat(Worker.packs(store)).isEqualTo(packs);
  }

  @Test
  void a_job_that_exists_is_left_alone() {
    fork(7);
    Map<String, Integer> before = objects();
    for (int step : List.of(1, 7)) {
      assertThatThrownBy(() -> fork(step))
          .isInstanceOf(CairnException.Conflict.class)
          .hasMessage("job fork exists already");
    }
    assertThatThrownBy(() -> Forks.fork(store, env, saved.getFirst(), Worker.JOB))
        .isInstanceOf(CairnException.Conflict.class);
    assertThat(objects()).isEqualTo(before);
  }

  @Test
  void what_is_not_there_cannot_be_forked() {
    Map<String, Integer> before = objects();
    assertThatThrownBy(() -> Forks.fork(store, env, 99, Forks.TARGET))
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessageContaining("job@99");
    var nobody = new CheckpointId(JobId.of("nobody"), 3);
    assertThatThrownBy(() -> Forks.fork(store, env, nobody, Forks.TARGET))
        .isInstanceOf(CairnException.NotFound.class);
    assertThat(objects()).isEqualTo(before);
  }

  @Test
  void a_damaged_source_is_told_and_what_is_left_can_be_deleted() {
    Checkpoint damaged = source().checkpoint(saved.get(6)).checkpoint();
    String pack = Objects.requireNonNull(damaged.manifest()).pack();
    String name = "jobs/" + Worker.JOB + "/packs/" + pack;
    byte[] body = memory.readSmall(name, 1 << 20).orElseThrow();
    byte[] spoilt = body.clone();
    spoilt[100] ^= 1;
    memory.put(name, Blob.of(spoilt));
    assertThatThrownBy(() -> fork(7))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("of job job cannot be read back: pack " + pack);
    assertThat(source().pinned()).isEmpty();
    History left = target();
    assertThat(left.state().held()).isFalse();
    assertThat(left.live()).isEmpty();
    assertThat(Forks.packs(store, Forks.TARGET)).isEmpty();

    memory.put(name, Blob.of(body)); // mended
    fork(7);
    Forks.requireExact(store, disk, env, Forks.TARGET, steps.get(6));
  }

  @Test
  void a_late_deleter_of_an_earlier_life_hits_nothing_of_a_fork() {
    JobId other = JobId.of("other");
    long number = Forks.fork(store, env, saved.get(6), other).published().number();
    long zombie;
    try (Worker deleter = maintain(KEEP_ALL)) {
      zombie = deleter.attempt().token();
      deleter.checkpointer().delete("ann");
    }
    // It is still at it, whatever a fork into the same id has come to.
    meddled.before(() -> store.repository().sweep(Worker.JOB, zombie, Set.of()));
    Forks.fork(store, env, new CheckpointId(other, number), Worker.JOB);
    store.repository().sweep(Worker.JOB, zombie, Set.of());
    Published published = Forks.requireExact(store, disk, env, Worker.JOB, steps.get(6));
    assertThat(published.entry().after().token()).isGreaterThan(zombie);
  }

  @Test
  void nobody_lets_go_what_is_being_copied() {
    meddled.before("jobs/fork/packs/", () -> trim(1));
    fork(1);
    Forks.requireExact(store, disk, env, Forks.TARGET, steps.getFirst());
    assertThat(source().live()).containsKey(saved.getFirst());
    trim(1);
    assertThat(source().live()).doesNotContainKey(saved.getFirst());
  }

  /// Saves, and lets go what retention does not hold.
  private void trim(int keepLast) {
    try (Worker worker = maintain(keepLast)) {
      worker.save(steps.get(5));
      worker.release();
    }
  }

  @Test
  void a_pin_of_somebody_else_stays() {
    long number = saved.getFirst();
    meddled.before(
        "jobs/fork/packs/",
        () ->
            JobLog.existing(store.journal(), env, Worker.JOB)
                .append(_ -> new Event.Pinned("bob", number)));
    fork(1);
    assertThat(source().pinned()).containsExactly(number);
    Forks.fork(store, env, number, JobId.of("second"));
    assertThat(source().pinned()).containsExactly(number);
    JobLog.existing(store.journal(), env, Worker.JOB)
        .append(_ -> new Event.Unpinned("bob", number));
    assertThat(source().pinned()).isEmpty();
  }

  @Test
  void what_a_person_deletes_meanwhile_is_told_as_gone() {
    meddled.before(
        "jobs/fork/journal/",
        () -> {
          try (Worker worker = maintain(KEEP_ALL)) {
            worker.checkpointer().prune(Set.of(saved.get(5)), "asked");
            worker.release();
          }
        });
    assertThatThrownBy(() -> fork(6))
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessage(
            "checkpoint job@%d was pruned while it was copied; the newest is job@%d"
                .formatted(saved.get(5), saved.getLast()));
    assertThat(target().state().held()).isFalse();
    assertThat(target().live()).isEmpty();
  }

  @Test
  void a_fork_whose_claim_is_lost_publishes_nothing() {
    meddled.before(
        "jobs/fork/packs/",
        () -> {
          JobLog log = JobLog.existing(store.journal(), env, Forks.TARGET);
          log.append(_ -> new Event.PauseRequested("bob", ""));
          log.append(_ -> new Event.Resumed("bob", null));
        });
    assertThatThrownBy(() -> fork(7)).isInstanceOf(CairnException.Fenced.class);
    assertThat(target().live()).isEmpty();
    assertThat(source().pinned()).isEmpty();
    fork(7); // the same may be asked for again
    Published published = Forks.requireExact(store, disk, env, Forks.TARGET, steps.get(6));
    assertThat(Forks.packs(store, Forks.TARGET))
        .isEqualTo(Forks.needed(store, Forks.TARGET, published));
  }

  /// The pin, a request: neither displaces anybody, and the packs are looked at again.
  @Test
  void control_entries_meanwhile_do_no_harm() {
    meddled.before(
        "jobs/fork/packs/",
        () ->
            JobLog.existing(store.journal(), env, Forks.TARGET)
                .append(_ -> new Event.PauseRequested("bob", "")));
    fork(7);
    Forks.requireExact(store, disk, env, Forks.TARGET, steps.get(6));
    assertThat(target().state().status()).isEqualTo(Status.PAUSED);
  }

  @Test
  void packs_that_vanish_before_the_entry_are_missed() {
    String entry = "jobs/fork/journal/%020d.json".formatted(3);
    meddled.before(
        entry,
        () -> {
          Forks.packs(store, Forks.TARGET)
              .forEach(pack -> memory.delete("jobs/fork/packs/" + pack));
          JobLog.existing(store.journal(), env, Forks.TARGET)
              .append(_ -> new Event.PauseRequested("bob", ""));
        });
    assertThatThrownBy(() -> fork(7))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("is missing");
    assertThat(target().live()).isEmpty();
  }

  @Test
  void whoever_came_first_with_the_same_fork_has_it() {
    var claimed = new boolean[1];
    meddled.before(
        "jobs/fork/journal/",
        () -> {
          claimed[0] = true;
          fork(7);
        });
    assertThatThrownBy(() -> fork(7)).isInstanceOf(CairnException.Conflict.class);
    assertThat(claimed[0]).isTrue();
    Forks.requireExact(store, disk, env, Forks.TARGET, steps.get(6));
    assertThat(source().pinned()).isEmpty();
  }

  @Test
  void a_fork_that_somebody_else_carries_on_meanwhile_is_not_doubled() {
    meddled.before(
        "jobs/fork/journal/%020d.json".formatted(2), // submitted, about to be claimed
        () -> fork(7));
    assertThatThrownBy(() -> fork(7))
        .isInstanceOf(CairnException.Conflict.class)
        .hasMessageContaining("somebody else has saved into job fork");
    Forks.requireExact(store, disk, env, Forks.TARGET, steps.get(6));
    assertThat(target().state().held()).isFalse();
  }

  @Test
  void a_fork_goes_on_as_a_job_of_its_own() {
    Published forked = fork(7).published();
    JobLog log = JobLog.existing(store.journal(), env, Forks.TARGET);
    var claimer =
        new Claimer(
            store.journal(),
            env,
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
