package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Host;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.run.WatchedDirectory;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// A restore that took longer than its lease leaves the directory to whoever has it now.
final class DirectoryGuardTest {
  private static final Path WATCHED = Path.of("/jobs/watched");

  private final SequentialEnv env = new SequentialEnv(7);
  private final CrashingDisk disk = new CrashingDisk();
  private final List<Step> steps = Workload.small(disk, Path.of("/data/sources"), 7);
  private final Store store = Worker.store(new MemoryBlobStore(), disk, env);

  private WatchedDirectory directory(Path at) {
    return WatchedDirectory.open(
        disk, env, new Host("a", "", 1), at, Path.of("/"), Worker.JOB, store.id(), _ -> {});
  }

  private Restorer restorer() {
    return new Restorer(store.repository());
  }

  /// A checkpoint in the store, and a directory that holds something else.
  private Worker worker() {
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    Worker worker = Worker.claim(store, disk, env, "node-a");
    worker.save(steps.getLast());
    disk.createDirectories(WATCHED.resolve("sub"));
    disk.create(WATCHED.resolve("sub/live")).close();
    disk.create(WATCHED.resolve("other")).close();
    return worker;
  }

  @Test
  void after_the_guard_says_no_nothing_changes_any_more() {
    try (Worker worker = worker()) {
      DirectoryContents before = DirectoryContents.of(disk, WATCHED);
      assertThatThrownBy(() ->
              directory(WATCHED)
                  .goTo(
                      restorer(),
                      Worker.JOB,
                      worker.history().lineage(),
                      () -> {
                        throw new CairnException.Fenced("displaced");
                      },
                      Meter.NONE))
          .isInstanceOf(CairnException.Fenced.class);
      assertThat(DirectoryContents.of(disk, WATCHED)).isEqualTo(before);
      assertThat(disk.list(Path.of("/jobs"))).containsExactly(Path.of("watched"));
    }
  }

  @Test
  void the_guard_is_asked_before_every_change() {
    try (Worker worker = worker()) {
      var asked = new AtomicInteger();
      directory(WATCHED)
          .goTo(
              restorer(),
              Worker.JOB,
              worker.history().lineage(),
              asked::incrementAndGet,
              Meter.NONE);
      Worker.requireFiles(DirectoryContents.of(disk, WATCHED), steps.getLast());
      assertThat(asked)
          .hasValueGreaterThanOrEqualTo(2); // the old one goes aside, the new one comes
    }
  }
}
