package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.BlobStore;
import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.JobState.Request;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal;
import dev.cairn.journal.Journal.Slot;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/// One attempt at the job of the sweeps, in the order in which workers do things: claim, restore,
/// save, end. All of it on the calling thread; what it waits for, it waits by its [Env].
final class Worker implements AutoCloseable {
  static final JobId JOB = JobId.of("job");
  static final int KEEP_LAST = 3;

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final int MOST_LOOKS = 20;

  private final Store store;
  private final Attempt attempt;
  private final Checkpointer checkpointer;

  Worker(Store store, Disk disk, Env env, String node, int keepLast, Attempt attempt) {
    this.store = store;
    this.attempt = attempt;
    this.checkpointer =
        new Checkpointer(store.repository(), disk, env, attempt, new Retention(keepLast), node);
  }

  /// A store over any objects.
  static Store store(BlobStore blobs, Disk disk, Env env) {
    return store(blobs, new BlobJournal(blobs, env), disk, env);
  }

  static Store store(BlobStore blobs, Journal journal, Disk disk, Env env) {
    return new Store("test", blobs.location(), blobs, journal, new Repository(blobs, disk, env));
  }

  /// Makes the job unless it exists.
  static void submit(JobLog log) {
    log.refresh();
    if (!log.history().exists()) {
      log.append(_ -> new Event.Submitted("sweep", KEEP_LAST, Map.of()));
    }
  }

  /// Claims the job for work; if somebody holds it, as soon as the lease is over.
  static Worker claim(Store store, Disk disk, Env env, String node) {
    return claim(store, disk, env, node, Event.Purpose.WORK, KEEP_LAST);
  }

  static Worker claim(
      Store store, Disk disk, Env env, String node, Event.Purpose purpose, int keepLast) {
    return claim(
        store, disk, env, node, purpose, keepLast, JobLog.existing(store.journal(), env, JOB));
  }

  static Worker claim(
      Store store,
      Disk disk,
      Env env,
      String node,
      Event.Purpose purpose,
      int keepLast,
      JobLog log) {
    var looks = new int[1];
    // Neither host has a boot id, so that nobody is ever known to be gone without waiting.
    var claimer = new Claimer(store.journal(), env, new Host(node, "", 0), HEARTBEAT, LEASE);
    Claimer.Claimed claimed =
        claimer
            .claim(
                log,
                purpose,
                (_, _, look) -> {
                  env.sleep(look);
                  return ++looks[0] < MOST_LOOKS;
                })
            .orElseThrow(() -> new AssertionError("could not claim in " + MOST_LOOKS + " looks"));
    return new Worker(store, disk, env, node, keepLast, claimed.attempt());
  }

  Attempt attempt() {
    return attempt;
  }

  Checkpointer checkpointer() {
    return checkpointer;
  }

  History history() {
    return attempt.log().history();
  }

  /// Restores the newest valid checkpoint, and goes on from there.
  Restorer.Outcome restore(Path target) {
    Restorer.Outcome outcome =
        new Restorer(store.repository())
            .newestValid(JOB, history().lineage(), target, null, Meter.NONE);
    Published found = outcome.checkpoint();
    checkpointer.wentOnFrom(found == null ? null : found.number(), outcome.damaged().keySet());
    return outcome;
  }

  /// @return the number of the checkpoint
  long save(Step step) {
    List<Long> asked =
        attempt.log().state().requests().stream()
            .filter(request -> request.kind() == Request.Kind.CHECKPOINT)
            .map(Request::number)
            .toList();
    var capture =
        new Capture(
            Checkpoint.Kind.PERIODIC,
            CapturedFiles.in(step.source(), _ -> false),
            Progress.NONE.withStep(step.number()),
            Map.of(),
            step.state(),
            asked);
    try {
      return checkpointer.save(capture, Meter.NONE).entry().number();
    } catch (Changed e) {
      throw new AssertionError("nobody writes there", e);
    }
  }

  /// Carries out what others have asked to drop.
  void answerPruneRequests() {
    if (attempt.refresh().asks(Request.Kind.PRUNE)) {
      checkpointer.answerPruneRequests();
    }
  }

  Entry end(Event.End event) {
    return attempt.append(_ -> event);
  }

  Entry release() {
    return end(new Event.Released("preempted", "", false, null, 0));
  }

  Entry complete() {
    return end(new Event.Completed("done"));
  }

  /// As a process that dies: the job stays held.
  @Override
  public void close() {
    attempt.close();
  }

  /// Restores one checkpoint, and compares it with what was saved.
  ///
  /// @param disk takes what is restored, below `target`, and holds the sources
  /// @throws CairnException.Corrupt if it is damaged
  static void requireExact(Store store, Disk disk, Published published, Path target, Step saved) {
    var restorer = new Restorer(store.repository());
    restorer.restore(JOB, published, target, null, Meter.NONE);
    requireFiles(DirectoryContents.of(disk, target), saved);
    requireState(restorer, published, saved);
  }

  static void requireFiles(DirectoryContents restored, Step saved) {
    if (!restored.equals(saved.contents())) { // else it takes long
      assertThat(restored.nodes()).isEqualTo(saved.contents().nodes());
    }
  }

  /// @throws CairnException.Corrupt if it is damaged
  static void requireState(Restorer restorer, Published published, Step saved) {
    assertThat(published.checkpoint().progress().step()).isEqualTo(saved.number());
    String state = restorer.state(JOB, published).orElse(null);
    if (!Objects.equals(state, saved.state())) {
      assertThat(state).isEqualTo(saved.state());
    }
  }

  /// The step that a checkpoint was saved of.
  static Step stepOf(Published published, List<Step> steps) {
    Long step = published.checkpoint().progress().step();
    return steps.stream()
        .filter(candidate -> step != null && candidate.number() == step)
        .findFirst()
        .orElseThrow(() -> new AssertionError("checkpoint of an unknown step " + step));
  }

  /// Folds the whole journal anew: numbers without gaps, each entry decided on the one before it,
  /// each attempt entry by the newest claim (I3), no number and no id twice.
  ///
  /// @return all entries
  static List<Entry> requireSoundJournal(Store store) {
    List<Slot> slots = store.journal().entries(JOB, Entry.FIRST, 10_000);
    List<String> leaves =
        store.blobs().list("jobs/" + JOB + "/journal").stream().map(BlobStore.Item::leaf).toList();
    assertThat(leaves).hasSize(slots.size());
    var ids = new TreeSet<String>();
    JobState before = JobState.NONE;
    for (Slot slot : slots) {
      assertThat(slot).isInstanceOf(Slot.Readable.class);
      Entry entry = ((Slot.Readable) slot).entry();
      assertThat(ids.add(entry.id())).isTrue();
      if (!(entry.event() instanceof Event.Dropped)) {
        assertThat(entry.after())
            .as("entry %d", entry.number())
            .isEqualTo(before.after(entry.event(), entry.number(), before.token()));
      }
      before = entry.after();
    }
    return slots.stream().map(slot -> ((Slot.Readable) slot).entry()).toList();
  }

  /// Leaf names of the packs in the store.
  static Set<String> packs(Store store) {
    var leaves = new TreeSet<String>();
    store.blobs().list("jobs/" + JOB + "/packs").forEach(item -> leaves.add(item.leaf()));
    return leaves;
  }

  /// Leaf names of the packs that kept checkpoints name.
  static Set<String> neededPacks(Store store, History history) {
    var leaves = new TreeSet<String>();
    for (Published published : history.live().values()) {
      Checkpoint.ManifestRef manifest = published.checkpoint().manifest();
      if (manifest != null) {
        leaves.addAll(store.repository().packs(JOB, manifest));
      }
    }
    return leaves;
  }
}
