package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A fork is disturbed at every call: what it acknowledges stands, its source is untouched, and
/// whoever asks for the same again gets it (I1, I2, I5).
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class ForkSweepTest {
  private static final long SEED = 20_261_126;
  private static final Path ROOT = Path.of("/data/store");
  private static final int TRIES = 5;

  private final CrashingDisk prepared = new CrashingDisk();
  private final List<Step> steps = Workload.small(prepared, Path.of("/data/sources"), SEED);

  private void requireSourceExact(Store store, Disk disk, Env env, List<Long> saved) {
    History source = Forks.history(store, env, Worker.JOB);
    assertThat(source.isDamaged()).isFalse();
    assertThat(source.live().keySet()).containsExactlyElementsOf(saved);
    for (Published published : source.live().values()) {
      Path target = Path.of("/data/source-" + env.randomHex(8));
      Worker.requireExact(store, disk, published, target, Worker.stepOf(published, steps));
    }
    Worker.requireSoundJournal(store);
  }

  /// A state only, a large state with files, a tree with everything in it.
  @ParameterizedTest
  @ValueSource(ints = {3, 4, 7})
  void an_acknowledged_fork_survives_power_loss_at_every_call(int step) {
    CrashingDisk start = Outages.copy(prepared);
    var env = new SequentialEnv(~SEED); // or the stories would draw the same ids and nonces again
    List<Long> saved;
    try (Store store = Store.openOrCreate(start, env, ROOT)) {
      saved = Forks.save(store, start, env, steps);
    }
    var outages = new Outages(SEED);
    outages.losePower(
        start,
        () -> new Forking(step, saved),
        Outages.changes(outages.crashes(start, () -> new Forking(step, saved))));
  }

  private final class Forking implements Outages.Story {
    private final Step step;
    private final List<Long> saved;
    private final long source;
    private boolean told;

    Forking(int step, List<Long> saved) {
      this.step = steps.get(step - 1);
      this.saved = saved;
      this.source = saved.get(step - 1);
    }

    @Override
    public void act(Disk disk, Env env) {
      try (Store store = Store.open(disk, env, ROOT)) {
        Forks.fork(store, env, source, Forks.TARGET);
        told = true;
      }
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      var env = new SequentialEnv(SEED + seed + 1);
      try (Store store = Store.open(disk, env, ROOT)) {
        requireSourceExact(store, disk, env, saved);
        History target = Forks.history(store, env, Forks.TARGET);
        assertThat(target.isDamaged()).isFalse();
        if (told) {
          assertThat(target.state().held()).isFalse();
          assertThat(Forks.history(store, env, Worker.JOB).pinned()).isEmpty();
        }
        if (told || !target.live().isEmpty()) {
          Forks.requireExact(store, disk, env, Forks.TARGET, step);
        } else {
          Forks.fork(store, env, source, Forks.TARGET);
        }
        deleteSource(store, disk, env);
      }
      CrashingDisk last = disk.afterCrash(seed, Mode.DROP_ALL);
      try (Store store = Store.open(last, env, ROOT)) {
        Published published = Forks.requireExact(store, last, env, Forks.TARGET, step);
        assertThat(Forks.packs(store, Forks.TARGET))
            .containsAll(Forks.needed(store, Forks.TARGET, published));
      }
    }

    private void deleteSource(Store store, Disk disk, Env env) {
      try (Worker deleter =
          Worker.claim(store, disk, env, "node-d", Purpose.MAINTENANCE, Forks.KEEP_ALL)) {
        deleter.checkpointer().delete("ann");
      }
    }
  }

  /// @param call that fails, counted from 1
  /// @param when on which side of what it does
  private record Fault(long call, String what, When when) {}

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 7})
  void a_fork_that_is_asked_for_again_ends_as_an_undisturbed_one(int step) {
    var calm = new Disturbed(step);
    calm.run();
    assertThat(calm.tries).isEqualTo(1);
    var cases = new ArrayList<Fault>();
    List<String> log = calm.blobs.log();
    for (int call = 1; call <= log.size(); call++) {
      for (When when : When.values()) {
        cases.add(new Fault(call, log.get(call - 1), when));
      }
    }
    Sweep.over(
        cases,
        fault -> {
          var disturbed = new Disturbed(step);
          disturbed.blobs.failAt(
              fault.call,
              fault.when,
              () -> new CairnException.Unavailable("planned: " + fault, "", null));
          disturbed.run();
          disturbed.check(fault.what.contains("jobs/" + Worker.JOB + "/journal"));
        });
  }

  private final class Disturbed {
    private final CrashingDisk disk = Outages.copy(prepared);
    private final Env env = new SequentialEnv(SEED);
    private final BlobStore memory = new MemoryBlobStore();
    private final List<Long> saved = Forks.save(Worker.store(memory, disk, env), disk, env, steps);
    private final FaultyBlobStore blobs = new FaultyBlobStore(memory);
    private final Store store = Worker.store(blobs, disk, env);
    private final Step step;
    private int tries;

    Disturbed(int step) {
      this.step = steps.get(step - 1);
    }

    void run() {
      while (true) {
        tries++;
        try {
          Forks.fork(store, env, saved.get((int) step.number() - 1), Forks.TARGET);
          return;
        } catch (CairnException.Unavailable e) {
          if (tries == TRIES) {
            throw e;
          }
        } catch (CairnException.Conflict e) {
          assertThat(tries).as("whoever asks again may find it done").isGreaterThan(1);
          return;
        }
      }
    }

    /// @param mayBePinned whether it was an entry of the source whose answer was missing
    void check(boolean mayBePinned) {
      requireSourceExact(store, disk, env, saved);
      Published published = Forks.requireExact(store, disk, env, Forks.TARGET, step);
      assertThat(Forks.packs(store, Forks.TARGET))
          .containsAll(Forks.needed(store, Forks.TARGET, published));
      assertThat(Forks.history(store, env, Forks.TARGET).state().held()).isFalse();
      if (!mayBePinned) {
        assertThat(Forks.history(store, env, Worker.JOB).pinned()).isEmpty();
      }
    }
  }
}
