package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import dev.cairn.env.Env;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.Workload.Step;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every call of the store fails once, before it was done or after: whoever tries again ends where
/// an undisturbed run ends (I1, I2, I3, I5).
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class FaultSweepTest {
  private static final long SEED = 20_261_121;
  private static final int DOUBLE_FAULTS = 1_000;
  private static final int TRIES = 5;
  private static final Path SOURCES = Path.of("/data/sources");

  private final CrashingDisk prepared = new CrashingDisk();
  private final List<Step> steps = Workload.small(prepared, SOURCES, SEED);

  /// @param calls that fail, counted from 1
  /// @param when on which side of what they do
  private record Faults(List<Long> calls, When when) {}

  /// What is left of a life.
  ///
  /// @param checkpoints steps of the kept checkpoints, oldest first
  /// @param parents of these, as steps
  private record Outcome(
      Status status, String reason, boolean held, List<Long> checkpoints, List<Long> parents) {}

  @Test
  void a_retried_call_ends_as_an_undisturbed_one() {
    FaultyBlobStore calm = new FaultyBlobStore(new MemoryBlobStore());
    Outcome undisturbed = new Life(calm).run();
    assertThat(undisturbed.checkpoints).hasSize(Worker.KEEP_LAST);
    var cases = new ArrayList<Faults>();
    for (long call = 1; call <= calm.calls(); call++) {
      for (When when : When.values()) {
        cases.add(new Faults(List.of(call), when));
      }
    }
    Sweep.over(cases, faults -> requireSame(faults, undisturbed, calm.log()));
  }

  @Test
  void so_do_two_that_fail() {
    FaultyBlobStore calm = new FaultyBlobStore(new MemoryBlobStore());
    Outcome undisturbed = new Life(calm).run();
    var random = new SplittableRandom(SEED);
    var cases = new ArrayList<Faults>();
    for (int i = 0; i < DOUBLE_FAULTS; i++) {
      long first = random.nextLong(1, calm.calls() + 1);
      long second = first + 1 + random.nextLong(random.nextBoolean() ? 4 : calm.calls());
      When when = random.nextBoolean() ? When.BEFORE : When.AFTER;
      cases.add(new Faults(List.of(first, second), when));
    }
    Sweep.over(cases, faults -> requireSame(faults, undisturbed, calm.log()));
  }

  private void requireSame(Faults faults, Outcome undisturbed, List<String> log) {
    var store = new FaultyBlobStore(new MemoryBlobStore());
    for (long call : faults.calls) {
      store.failAt(
          call,
          faults.when,
          () -> new CairnException.Unavailable("planned at call " + call, "", null));
    }
    try {
      assertThat(new Life(store).run()).isEqualTo(undisturbed);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          "seed %d; the call was: %s"
              .formatted(SEED, log.get((int) Math.min(faults.calls.getFirst(), log.size()) - 1)),
          e);
    }
  }

  /// A life of a job whose worker tries again what the store did not do.
  private final class Life {
    private final CrashingDisk disk = prepared.afterCrash(0, Mode.KEEP_ALL);
    private final Env env = new SequentialEnv(SEED);
    private final Store store;
    private final List<Long> acknowledged = new ArrayList<>();

    Life(BlobStore blobs) {
      this.store = Worker.store(blobs, settling(new BlobJournal(blobs, env)), disk, env);
    }

    Outcome run() {
      JobLog log = again(() -> JobLog.open(store.journal(), env, Worker.JOB));
      again(() -> submit(log));
      try (Worker worker = again(() -> claim(log))) {
        for (Step step : steps) {
          acknowledged.add(again(() -> worker.save(step)));
          if (step.number() == 5) {
            prune(worker);
          }
        }
        again(worker::release);
        // What the last sweep may have left over, the next one finds.
        return again(() -> judge(worker.history()));
      }
    }

    private boolean submit(JobLog log) {
      Worker.submit(log);
      return true;
    }

    private Worker claim(JobLog log) {
      return Worker.claim(store, disk, env, "node-a", Event.Purpose.WORK, Worker.KEEP_LAST, log);
    }

    private void prune(Worker worker) {
      long second = worker.history().live().headMap(worker.history().live().lastKey()).lastKey();
      JobLog person = again(() -> JobLog.existing(store.journal(), env, Worker.JOB));
      again(() -> ask(person, second));
      again(() -> {
        worker.answerPruneRequests();
        return true;
      });
      assertThat(worker.history().live()).doesNotContainKey(second);
    }

    private boolean ask(JobLog person, long number) {
      person.refresh();
      if (!person.state().asks(JobState.Request.Kind.PRUNE)) {
        person.append(_ -> new Event.PruneRequested("ann", List.of(number)));
      }
      return true;
    }

    private Outcome judge(History history) {
      List<Entry> entries = Worker.requireSoundJournal(store);
      List<Long> published =
          entries.stream()
              .filter(entry -> entry.event() instanceof Event.Checkpointed)
              .map(Entry::number)
              .toList();
      assertThat(published).as("checkpoints in the journal").isEqualTo(acknowledged);
      for (Published kept : history.live().values()) {
        Path target = Path.of("/data/check-%d-%s".formatted(kept.number(), env.randomHex(4)));
        Worker.requireExact(store, disk, kept, target, Worker.stepOf(kept, steps));
      }
      assertThat(Worker.packs(store)).containsAll(Worker.neededPacks(store, history));
      return new Outcome(
          history.state().status(),
          history.state().reason(),
          history.state().held(),
          history.live().values().stream().map(this::step).toList(),
          history.live().values().stream().map(this::parentStep).toList());
    }

    private long step(Published published) {
      return Worker.stepOf(published, steps).number();
    }

    /// Which of the acknowledged it was; 0 for none.
    private long parentStep(Published published) {
      Long parent = published.checkpoint().parent();
      return parent == null ? 0 : acknowledged.indexOf(parent) + 1L;
    }
  }

  private static <T> T again(Supplier<T> action) {
    for (int i = 1; ; i++) {
      try {
        return action.get();
      } catch (CairnException.Unavailable e) {
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }

  /// A journal that insists on this: after an append of unknown outcome the very same entry comes
  /// again before any other.
  private static Journal settling(Journal journal) {
    var unsettled = new AtomicReference<@Nullable Entry>();
    return (Journal)
        Proxy.newProxyInstance(
            Journal.class.getClassLoader(),
            new Class<?>[] {Journal.class},
            (_, method, arguments) -> {
              boolean append = method.getName().equals("append");
              if (append) {
                Entry entry = (Entry) arguments[0];
                @Nullable Entry before = unsettled.getAndSet(entry);
                assertThat(before == null || before.equals(entry)).isTrue();
              }
              try {
                Object answer = method.invoke(journal, arguments);
                if (append) {
                  unsettled.set(null);
                }
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
