package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Destination;
import dev.cairn.checkpoint.InPlaceMark;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.testkit.Workload.Step;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A restore into a directory loses power or is killed at every call; the next one into the same
/// directory gives exactly what was saved (I4), and nothing that looks whole is not.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class RestoreSweepTest {
  private static final long SEED = 20_261_126;
  private static final Path PARENT = Path.of("/jobs");
  private static final Path TARGET = PARENT.resolve("target");

  /// Process ids that no system gives out: those processes are gone.
  private static final long NOBODY = 1L << 30;

  private static final Host FIRST = new Host("node", "boot", NOBODY);
  private static final Host SECOND = new Host("node", "boot", NOBODY + 1);
  private static final Host REBOOTED = new Host("node", "another boot", NOBODY);

  private final MemoryBlobStore blobs = new MemoryBlobStore();
  private final CrashingDisk start = new CrashingDisk();
  private final List<Step> steps = Workload.large(start, Path.of("/data/sources"), SEED);

  /// With many chunks, small files, links, directories.
  private final Step rich = steps.get(5);

  private final Step other = steps.get(1);
  private final Published richSaved;
  private final Published otherSaved;

  RestoreSweepTest() {
    Store store = Worker.store(blobs, start, new SequentialEnv(SEED));
    Worker.submit(JobLog.open(store.journal(), new SequentialEnv(SEED), Worker.JOB));
    try (Worker worker = Worker.claim(store, start, new SequentialEnv(SEED), "node")) {
      long first = worker.save(other);
      long second = worker.save(rich);
      richSaved = worker.history().checkpoint(second);
      otherSaved = worker.history().checkpoint(first);
    }
    start.createDirectories(PARENT);
  }

  private void restore(Disk disk, Env env, Host host, Published published, boolean inPlace) {
    var repository = new Repository(blobs, disk, env);
    var destination = new Destination(disk, env, host, TARGET, Path.of("/"));
    var restorer = new Restorer(repository);
    List<Published> one = List.of(published);
    var outcome =
        inPlace
            ? destination.over(restorer, Worker.JOB, one, Restore.all(), Meter.NONE)
            : destination.fresh(restorer, Worker.JOB, one, Restore.all(), Meter.NONE);
    assertThat(outcome.checkpoint()).isEqualTo(published);
  }

  /// One restore into nothing.
  private final class Fresh implements Outages.Story {
    private final Host next;
    private boolean done;

    Fresh(Host next) {
      this.next = next;
    }

    @Override
    public void act(Disk disk, Env env) {
      restore(disk, env, FIRST, richSaved, false);
      done = true;
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      check(disk, seed, rich, richSaved);
    }

    /// @param step what is restored next
    private void check(CrashingDisk disk, long seed, Step step, Published published) {
      boolean there = disk.stat(TARGET).isPresent();
      assertThat(there || !done).isTrue();
      if (there) { // whole or not at all
        Worker.requireFiles(DirectoryContents.of(disk, TARGET), rich);
        return;
      }
      restore(disk, new SequentialEnv(seed + 1), next, published, false);
      Worker.requireFiles(DirectoryContents.of(disk, TARGET), step);
      assertThat(disk.list(PARENT)).containsExactly(TARGET.getFileName());
      CrashingDisk later = disk.afterCrash(seed, CrashingDisk.Mode.DROP_ALL);
      Worker.requireFiles(DirectoryContents.of(later, TARGET), step);
    }
  }

  @Test
  void a_fresh_restore_survives_power_loss_at_every_call() {
    var outages = new Outages(SEED);
    outages.losePower(
        start,
        () -> new Fresh(REBOOTED),
        Outages.changes(outages.crashes(start, () -> new Fresh(REBOOTED))));
  }

  /// The next restore goes on from what is there, and the power goes after it.
  @Test
  void a_fresh_restore_that_was_killed_at_any_call_goes_on() {
    var outages = new Outages(SEED);
    Sweep.over(
        kills(outages.crashes(start, () -> new Fresh(SECOND))),
        kill -> {
          for (boolean same : new boolean[] {true, false}) {
            var story = new Fresh(SECOND);
            CrashingDisk disk = Outages.copy(start);
            killed(disk, kill, story);
            story.check(disk, SEED, same ? rich : other, same ? richSaved : otherSaved);
          }
        });
  }

  private static List<Outages.Crash> kills(List<Outages.Crash> crashes) {
    return Outages.changes(crashes).stream()
        .filter(crash -> !crash.what().equals(Outages.END))
        .toList();
  }

  private static void killed(CrashingDisk disk, Outages.Crash kill, Outages.Story story) {
    try {
      story.act(KilledDisk.at(kill.call(), disk), new SequentialEnv(SEED));
    } catch (KilledDisk.Killed _) {
      // As planned.
    }
  }

  @Test
  void what_was_restored_is_not_written_again() {
    var outages = new Outages(SEED);
    List<Outages.Crash> crashes =
        Outages.changes(outages.crashes(start, () -> new Fresh(SECOND))).stream()
            .filter(crash -> crash.what().equals("rename"))
            .toList();
    CrashingDisk disk = Outages.copy(start);
    killed(disk, crashes.getLast(), new Fresh(SECOND));
    int before = disk.log().size();
    restore(disk, new SequentialEnv(SEED), SECOND, richSaved, false);
    assertThat(disk.log().subList(before, disk.log().size()))
        .doesNotContain("write", "writeAt", "create");
  }

  /// One restore over an older state of the tree, with something wrong in it.
  private final class Over implements Outages.Story {
    private final Host next;
    private final DirectoryContents before;
    private boolean done;

    Over(Host next, CrashingDisk from) {
      this.next = next;
      this.before = DirectoryContents.of(Outages.copy(from), TARGET);
    }

    @Override
    public void act(Disk disk, Env env) {
      restore(disk, env, FIRST, richSaved, true);
      done = true;
    }

    @Override
    public void check(CrashingDisk disk, long seed) {
      DirectoryContents now = DirectoryContents.of(disk, TARGET);
      if (done) {
        Worker.requireFiles(now, rich);
      }
      if (!InPlaceMark.isIn(disk, TARGET) && !now.equals(before)) {
        Worker.requireFiles(now, rich); // what is not marked is as it was, or whole
      }
      restore(disk, new SequentialEnv(seed + 1), next, richSaved, true);
      Worker.requireFiles(DirectoryContents.of(disk, TARGET), rich);
      CrashingDisk later = disk.afterCrash(seed, CrashingDisk.Mode.DROP_ALL);
      Worker.requireFiles(DirectoryContents.of(later, TARGET), rich);
    }
  }

  private CrashingDisk withOlder() {
    CrashingDisk disk = Outages.copy(start);
    restore(disk, new SequentialEnv(SEED), FIRST, otherSaved, false);
    try (Disk.DiskFile file = disk.edit(TARGET.resolve("many"))) {
      file.writeAt(ByteBuffer.allocate(5000), 700_000);
      file.force();
    }
    disk.link(TARGET.resolve("shared"), PARENT.resolve("another name"));
    return Outages.copy(disk);
  }

  @Test
  void a_restore_in_place_survives_power_loss_at_every_call() {
    CrashingDisk older = withOlder();
    var outages = new Outages(SEED);
    outages.losePower(
        older,
        () -> new Over(REBOOTED, older),
        Outages.changes(outages.crashes(older, () -> new Over(REBOOTED, older))));
  }

  @Test
  void a_restore_in_place_that_was_killed_at_any_call_goes_on() {
    CrashingDisk older = withOlder();
    var outages = new Outages(SEED);
    Sweep.over(
        kills(outages.crashes(older, () -> new Over(SECOND, older))),
        kill -> {
          var story = new Over(SECOND, older);
          CrashingDisk disk = Outages.copy(older);
          killed(disk, kill, story);
          story.check(disk, SEED);
        });
  }

  @Test
  void nothing_is_restored_where_another_restore_is_at_work() {
    Host alive = new Host("node", "boot", ProcessHandle.current().pid());
    CrashingDisk older = withOlder();
    var outages = new Outages(SEED);
    for (boolean inPlace : new boolean[] {true, false}) {
      CrashingDisk from = inPlace ? older : start;
      Outages.Story story =
          new Outages.Story() {
            @Override
            public void act(Disk disk, Env env) {
              restore(disk, env, alive, richSaved, inPlace);
            }

            @Override
            public void check(CrashingDisk disk, long seed) {}
          };
      List<Outages.Crash> calls = Outages.changes(outages.crashes(from, () -> story));
      CrashingDisk disk = Outages.copy(from);
      killed(disk, calls.get(calls.size() / 2), story);
      DirectoryContents before = DirectoryContents.of(disk, PARENT);
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> restore(disk, new SequentialEnv(1), SECOND, richSaved, inPlace))
          .isInstanceOf(CairnException.Conflict.class)
          .hasMessageContaining("process " + alive.pid());
      assertThat(DirectoryContents.of(disk, PARENT)).isEqualTo(before);
    }
  }
}
