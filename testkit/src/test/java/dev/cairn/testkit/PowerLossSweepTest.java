package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.Status;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Power loss at every call of the disk, in a whole life of a job (I1, I2, I4, I5).
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class PowerLossSweepTest {
  private static final long SEED = 20_261_121;
  private static final int TRIMMED = 32;

  private static final Path SOURCES = Path.of("/data/sources");
  private static final Path ROOT = Path.of("/data/new/store");
  private static final Path TARGET = Path.of("/data/restored");

  private final CrashingDisk sources = new CrashingDisk();
  private final List<Step> steps = Workload.small(sources, SOURCES, SEED);
  private final Outages outages = new Outages(SEED);

  @Test
  void what_was_acknowledged_survives_power_loss_at_every_call() {
    outages.losePower(sources, Life::new, outages.crashes(sources, Life::new));
  }

  /// The kernel lives on with all that it was told but not asked to force; the power goes only when
  /// a successor has built upon it.
  @Test
  void what_a_successor_of_a_killed_process_builds_survives_power_loss() {
    List<Outages.Crash> kills =
        outages.crashes(sources, Life::new).stream()
            .filter(crash -> crash.when() == When.BEFORE && !crash.what().equals(Outages.END))
            .toList();
    Sweep.over(
        kills,
        kill -> {
          var life = new Life();
          CrashingDisk disk = Outages.copy(sources);
          try {
            life.act(KilledDisk.at(kill.call(), disk), new SequentialEnv(SEED));
          } catch (KilledDisk.Killed _) {
            // As planned.
          }
          life.check(disk, SEED);
        });
  }

  @Test
  void a_job_is_deleted_wholly_or_not_at_all() {
    CrashingDisk start = Outages.copy(sources);
    new Life().act(start, new SequentialEnv(SEED));
    outages.losePower(start, Deletion::new, Outages.changes(outages.crashes(start, Deletion::new)));
  }

  @Test
  void trimming_old_entries_loses_nothing_and_brings_nothing_back() {
    CrashingDisk start = Outages.copy(sources);
    var env = new SequentialEnv(SEED);
    try (Store store = Store.openOrCreate(start, env, ROOT)) {
      Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
      try (Worker worker = Worker.claim(store, start, env, "node-a")) {
        for (int i = 0; i < TRIMMED + Worker.KEEP_LAST - 1; i++) {
          // A state that is worth trimming, and none.
          worker.save(steps.get(i % 2 == 0 ? 2 : 5));
        }
        worker.release();
      }
    }
    var calm = new Trimming();
    calm.act(Outages.copy(start), new SequentialEnv(SEED));
    assertThat(calm.trimmed).isTrue();
    List<Outages.Crash> changes = Outages.changes(outages.crashes(start, Trimming::new));
    // One trimmed entry is like another: a prime step meets each of the calls that it takes.
    outages.losePower(
        start,
        Trimming::new,
        IntStream.iterate(0, i -> i < changes.size(), i -> i + 5).mapToObj(changes::get).toList());
  }

  /// A whole life of a job.
  private final class Life implements Outages.Story {
    private boolean opened;
    private boolean submitted;
    private boolean released;
    private long restored;
    private Set<Long> kept = Set.of();

    @Override
    public void act(Disk disk, Env env) {
      try (Store store = Store.openOrCreate(disk, env, ROOT)) {
        opened = true;
        Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
        submitted = true;
        try (Worker worker = Worker.claim(store, disk, env, "node-a")) {
          for (Step step : steps) {
            worker.save(step);
            tell(worker.history());
            if (step.number() == 5) {
              prune(store, env, worker);
            }
          }
          worker.release();
          released = true;
          Published newest = worker.history().lineage().getFirst();
          new Restorer(store.repository()).restore(Worker.JOB, newest, TARGET, null, Meter.NONE);
          restored = newest.number();
        }
      }
    }

    private void prune(Store store, Env env, Worker worker) {
      long second = worker.history().live().headMap(worker.history().live().lastKey()).lastKey();
      JobLog.existing(store.journal(), env, Worker.JOB)
          .append(_ -> new Event.PruneRequested("ann", List.of(second)));
      worker.answerPruneRequests();
      tell(worker.history());
      assertThat(kept).doesNotContain(second);
    }

    private void tell(History history) {
      kept = new TreeSet<>(history.live().keySet());
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      var env = new SequentialEnv(SEED + seed + 1);
      if (opened) {
        Store.open(disk, env, ROOT).close();
      }
      try (Store store = Store.openOrCreate(disk, env, ROOT)) {
        if (submitted) {
          JobLog.existing(store.journal(), env, Worker.JOB);
        }
        JobLog log = JobLog.open(store.journal(), env, Worker.JOB);
        assertThat(log.history().isDamaged()).isFalse();
        if (released) {
          assertThat(log.state().status()).isEqualTo(Status.PENDING);
        }
        requireKept(kept, store, disk, log.history());
        checkRestored(store, disk, log.history());
        Worker.submit(log);
      }
      goOn(disk, env, seed);
    }

    private void checkRestored(Store store, CrashingDisk disk, History history) {
      if (restored != 0) {
        Step saved = Worker.stepOf(history.checkpoint(restored), steps);
        Worker.requireFiles(DirectoryContents.of(disk, TARGET), saved);
      } else if (!history.lineage().isEmpty()) {
        Published newest = history.lineage().getFirst();
        try {
          Worker.requireExact(store, disk, newest, TARGET, Worker.stepOf(newest, steps));
        } catch (CairnException.Conflict _) {
          assertThat(disk.list(TARGET)).isNotEmpty(); // it says so and leaves it alone
        }
      }
    }
  }

  /// I1, I5: what was told of is there, or was let go by an entry. I2: whatever is there is whole.
  private void requireKept(Set<Long> kept, Store store, CrashingDisk disk, History history) {
    Set<Long> gone = letGo(Worker.requireSoundJournal(store));
    for (long number : kept) {
      assertThat(history.live().containsKey(number) || gone.contains(number))
          .as("checkpoint %d is still there", number)
          .isTrue();
    }
    for (Published published : history.live().values()) {
      Path target = Path.of("/data/check-" + published.number());
      Worker.requireExact(store, disk, published, target, Worker.stepOf(published, steps));
    }
  }

  /// The checkpoints that some entry says are gone.
  static Set<Long> letGo(List<Entry> entries) {
    var gone = new TreeSet<Long>();
    for (Entry entry : entries) {
      switch (entry.event()) {
        case Event.Checkpointed e -> gone.addAll(e.drops());
        case Event.Pruned e -> gone.addAll(e.drops());
        case Event.Dropped e -> gone.addAll(e.drops());
        default -> {}
      }
    }
    return gone;
  }

  /// A successor takes over, goes on from the newest checkpoint, and its own work lasts as well.
  private void goOn(CrashingDisk disk, Env env, long seed) {
    Step step = Workload.next(disk, Path.of("/data/more"), SEED, steps.size() + 1L);
    int before;
    try (Store store = Store.open(disk, env, ROOT);
        Worker worker = Worker.claim(store, disk, env, "node-b")) {
      before = worker.history().live().size();
      Restorer.Outcome outcome = worker.restore(Path.of("/data/successor"));
      assertThat(outcome.damaged()).isEmpty();
      assertThat(outcome.checkpoint() == null).isEqualTo(before == 0);
      worker.save(step);
      worker.complete();
      assertThat(Worker.packs(store)).isEqualTo(Worker.neededPacks(store, worker.history()));
    }
    CrashingDisk last = disk.afterCrash(seed, Mode.DROP_ALL);
    var calm = new SequentialEnv(seed);
    try (Store store = Store.open(last, calm, ROOT)) {
      JobLog log = JobLog.existing(store.journal(), calm, Worker.JOB);
      Worker.requireSoundJournal(store);
      assertThat(log.state().status()).isEqualTo(Status.COMPLETED);
      assertThat(log.history().live()).hasSize(Math.min(Worker.KEEP_LAST, before + 1));
      var all = new ArrayList<>(steps);
      all.add(step);
      for (Published published : log.history().live().values()) {
        Path target = Path.of("/data/last-" + published.number());
        Worker.requireExact(store, last, published, target, Worker.stepOf(published, all));
      }
      // Deletes may come undone: that only costs space.
      assertThat(Worker.packs(store)).containsAll(Worker.neededPacks(store, log.history()));
    }
  }

  /// A person deletes a job that has ended.
  private final class Deletion implements Outages.Story {
    private boolean deleted;

    @Override
    public void act(Disk disk, Env env) {
      try (Store store = Store.open(disk, env, ROOT);
          Worker worker =
              Worker.claim(store, disk, env, "node-b", Purpose.MAINTENANCE, Worker.KEEP_LAST)) {
        worker.checkpointer().delete("ann");
        deleted = true;
      }
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      var env = new SequentialEnv(SEED + seed + 1);
      try (Store store = Store.open(disk, env, ROOT)) {
        JobLog log = JobLog.open(store.journal(), env, Worker.JOB);
        assertThat(log.history().isDamaged()).isFalse();
        Worker.requireSoundJournal(store);
        if (log.history().exists()) {
          assertThat(deleted).isFalse();
          assertThat(log.history().live()).hasSize(Worker.KEEP_LAST);
          requireKept(Set.of(), store, disk, log.history());
        }
        Worker.submit(log);
      }
      goOn(disk, env, seed);
    }
  }

  /// One more save, after which so many old entries have no use that their bodies go.
  private final class Trimming implements Outages.Story {
    private Set<Long> kept = Set.of();
    private boolean trimmed;

    @Override
    public void act(Disk disk, Env env) {
      try (Store store = Store.open(disk, env, ROOT);
          Worker worker = Worker.claim(store, disk, env, "node-b")) {
        kept = Set.copyOf(worker.history().live().keySet());
        long number = worker.save(steps.getFirst());
        trimmed = worker.history().untrimmed().isEmpty();
        kept = Set.copyOf(worker.history().live().keySet());
        assertThat(kept).contains(number);
      }
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      var env = new SequentialEnv(SEED + seed + 1);
      try (Store store = Store.open(disk, env, ROOT)) {
        History history = JobLog.existing(store.journal(), env, Worker.JOB).history();
        requireKept(kept, store, disk, history);
        assertThat(history.untrimmed()).hasSizeLessThan(trimmed ? 1 : TRIMMED + 1);
        assertThat(history.live()).hasSize(Worker.KEEP_LAST);
        assertThat(history.lineage()).hasSize(Worker.KEEP_LAST);
      }
      goOn(disk, env, seed);
    }
  }
}
