package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Forker;
import dev.cairn.checkpoint.Forker.Forked;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The job of the sweeps with all its checkpoints kept, in memory; forks of it, and what has to be
/// true of them.
final class Forks {
  static final JobId TARGET = JobId.of("fork");
  static final int KEEP_ALL = 100;

  private static final long SEED = 4711;

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final int MOST_LOOKS = 20;

  final SequentialEnv env = new SequentialEnv(SEED);
  final CrashingDisk disk = new CrashingDisk();
  final List<Step> steps = Workload.small(disk, Path.of("/data/sources"), SEED);
  final MemoryBlobStore memory = new MemoryBlobStore();
  final Interrupted interrupted = new Interrupted(memory);
  final Store store = Worker.store(interrupted.store(), disk, env);
  private final List<Long> saved = save(store, disk, env, steps);

  /// Saves all steps, and keeps all.
  ///
  /// @return numbers of the checkpoints
  static List<Long> save(Store store, Disk disk, Env env, List<Step> steps) {
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    try (Worker worker = Worker.claim(store, disk, env, "node-a", Purpose.WORK, KEEP_ALL)) {
      List<Long> saved = steps.stream().map(worker::save).toList();
      worker.release();
      return saved;
    }
  }

  /// The number of the checkpoint that was saved of a step.
  long checkpoint(int step) {
    return saved.get(step - 1);
  }

  Forked fork(int step) {
    return fork(step, TARGET);
  }

  Forked fork(int step, JobId target) {
    return fork(store, env, checkpoint(step), target);
  }

  /// Somebody with a clock of his own, who may come in the middle of what others do.
  Worker maintain(int keepLast) {
    var other = new SequentialEnv(SEED + 1);
    return Worker.claim(store, disk, other, "node-b", Purpose.MAINTENANCE, keepLast);
  }

  JobLog log(JobId job) {
    return JobLog.existing(store.journal(), env, job);
  }

  History source() {
    return history(store, env, Worker.JOB);
  }

  History target() {
    return history(store, env, TARGET);
  }

  /// @return the one checkpoint of a fork of `step`
  Published requireExact(JobId job, int step) {
    return requireExact(store, disk, env, job, steps.get(step - 1));
  }

  /// Forks [Worker#JOB], waiting by `env` while somebody holds the target.
  static Forked fork(Store store, Env env, long checkpoint, JobId target) {
    return fork(store, env, new CheckpointId(Worker.JOB, checkpoint), target);
  }

  static Forked fork(Store store, Env env, CheckpointId source, JobId target) {
    // No boot id, so that nobody is ever known to be gone without waiting.
    var claimer = new Claimer(store.journal(), env, new Host("node-f", "", 0), HEARTBEAT, LEASE);
    var looks = new int[1];
    return new Forker(store, env, claimer, "node-f")
        .fork(
            source,
            target,
            "ann",
            (_, _, look) -> {
              env.sleep(look);
              return ++looks[0] < MOST_LOOKS;
            },
            Meter.NONE);
  }

  static History history(Store store, Env env, JobId job) {
    return JobLog.open(store.journal(), env, job).history();
  }

  /// The one checkpoint of a job, restored, checked and compared with what its source was saved of.
  static Published requireExact(Store store, Disk disk, Env env, JobId job, Step saved) {
    return requireExact(store, disk, env, job, saved, Path.of("/data"));
  }

  /// @param below takes what is restored
  static Published requireExact(
      Store store, Disk disk, Env env, JobId job, Step saved, Path below) {
    History history = history(store, env, job);
    assertThat(history.live()).hasSize(1);
    Published published = history.live().firstEntry().getValue();
    Checkpoint checkpoint = published.checkpoint();
    assertThat(checkpoint.parent()).isNull();
    assertThat(checkpoint.progress().step()).isEqualTo(saved.number());
    var restorer = new Restorer(store.repository());
    Path restored = below.resolve("restored-" + env.randomHex(8));
    restorer.restore(job, published, restored, null, Meter.NONE);
    Worker.requireFiles(DirectoryContents.of(disk, restored), saved);
    assertThat(restorer.state(job, published).orElse(null)).isEqualTo(saved.state());
    assertThat(restorer.verify(job, published, Meter.NONE).isWhole()).isTrue();
    return published;
  }

  /// Leaf names of the packs of a job.
  static Set<String> packs(Store store, JobId job) {
    var leaves = new TreeSet<String>();
    store.blobs().list("jobs/" + job + "/packs").forEach(item -> leaves.add(item.leaf()));
    return leaves;
  }

  /// Leaf names of the packs that `published` needs.
  static Set<String> needed(Store store, JobId job, Published published) {
    Checkpoint.ManifestRef manifest = published.checkpoint().manifest();
    return manifest == null ? Set.of() : store.repository().packs(job, manifest);
  }
}
