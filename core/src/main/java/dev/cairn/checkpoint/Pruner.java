package dev.cairn.checkpoint;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Proven;
import dev.cairn.repository.VerifyLevel;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Drops checkpoints by policy from outside: plans first, so that the plan can be shown; then,
/// where nobody runs the job, carries it out under a maintenance claim. What goes is decided once
/// more on the history on which the entry that says so is put, so that whatever was pinned or gone
/// on from meanwhile stays (I5). Thread-safe.
public final class Pruner {
  /// So many of the newest are read to their ends before anything goes: what may be gone on from
  /// must be known to be whole, not thought to be.
  private static final int PROVEN = 2;

  private static final Errand ERRAND = new Errand("cairn prune", "prune_failed");

  private final Store store;
  private final Disk disk;
  private final Env env;
  private final Claimer claimer;
  private final String node;

  public Pruner(Store store, Disk disk, Env env, Claimer claimer, String node) {
    this.store = store;
    this.disk = disk;
    this.env = env;
    this.claimer = claimer;
    this.node = node;
  }

  /// What is to go of one job.
  ///
  /// @param damaged numbers of checkpoints that turned out damaged
  /// @param freesBytes what that frees, as far as is known: packs that nothing needs then
  public record Proposal(
      Retention retention, RetentionPlan plan, Set<Long> damaged, long freesBytes) {
    public Proposal {
      damaged = Set.copyOf(damaged);
    }

    /// Whether there is anything to do.
    public boolean isWorthwhile() {
      return freesBytes > 0 || !plan.drops().isEmpty();
    }
  }

  /// Plans what goes by `retention`; or everything but what is pinned, if the job was completed by
  /// somebody who wanted that, and its time is over.
  ///
  /// Before anything may go, the newest checkpoints of the lineage are read until two are whole,
  /// and of all others the lists.
  ///
  /// @throws CairnException.Corrupt if the journal is damaged: nothing is dropped then
  public Proposal propose(JobLog log, Retention retention, Meter meter) {
    History history = log.history();
    history
        .broken()
        .ifPresent(slot -> {
          throw slot.error();
        });
    if (history.isDamaged()) {
      throw new CairnException.Corrupt(
          "an entry in the journal of job %s is damaged, so nothing of it is dropped"
              .formatted(log.job()),
          "See: cairn checkpoints verify " + log.job());
    }
    RetentionPlan plan = plan(history, retention, Set.of());
    Set<Long> damaged = Set.of();
    if (!plan.drops().isEmpty() && !isOver(history)) {
      damaged = damaged(history, meter);
      plan = plan(history, retention, damaged);
    }
    return new Proposal(retention, plan, damaged, freesBytes(history, new TreeSet<>(plan.drops())));
  }

  private RetentionPlan plan(History history, Retention retention, Set<Long> damaged) {
    var candidates = Candidates.of(history, damaged);
    return isOver(history) ? Retention.cleanUp(candidates) : retention.plan(candidates, env.now());
  }

  /// Whether the job is completed, and the time for which its checkpoints were to be kept then is
  /// over.
  public boolean isOver(History history) {
    Instant now = env.now();
    return history.completed().filter(entry -> isOver(entry, now)).isPresent();
  }

  private static boolean isOver(Entry entry, Instant now) {
    if (!(entry.event() instanceof Event.Completed completed) || completed.keepMillis() == null) {
      return false;
    }
    long keepMillis = completed.keepMillis();
    return keepMillis <= 0
        || Duration.between(entry.at(), now).compareTo(Duration.ofMillis(keepMillis)) >= 0;
  }

  private Set<Long> damaged(History history, Meter meter) {
    var restorer = new Restorer(store.repository());
    var proven = new Proven();
    var damaged = new TreeSet<Long>();
    var seen = new HashSet<Long>();
    int whole = 0;
    for (Published published : history.lineage()) {
      VerifyLevel level = whole < PROVEN ? VerifyLevel.FULL : VerifyLevel.FAST;
      seen.add(published.number());
      if (restorer.verify(history.job(), published, level, proven, meter).isWhole()) {
        whole++;
      } else {
        damaged.add(published.number());
      }
    }
    for (Published published : history.live().values()) {
      if (seen.add(published.number())
          && !restorer
              .verify(history.job(), published, VerifyLevel.FAST, proven, meter)
              .isWhole()) {
        damaged.add(published.number());
      }
    }
    return damaged;
  }

  /// What packs take that nothing names once `drops` are gone. While somebody runs the job, packs
  /// that no entry names may be of a checkpoint that is being saved, and are not counted.
  private long freesBytes(History history, Set<Long> drops) {
    JobId job = history.job();
    Set<String> kept = new HashSet<>();
    Set<String> gone = new HashSet<>();
    for (Published published : history.live().values()) {
      ManifestRef manifest = published.checkpoint().manifest();
      boolean goes = drops.contains(published.number());
      if (manifest == null) {
        continue;
      }
      try {
        (goes ? gone : kept).addAll(store.repository().packs(job, manifest));
      } catch (CairnException.Corrupt e) {
        if (!goes) {
          return 0; // an unreadable manifest of a kept checkpoint forbids all deletion
        }
      }
    }
    boolean held = history.state().held();
    return store.blobs().list("jobs/" + job + "/packs").stream()
        .filter(pack -> !kept.contains(pack.leaf()))
        .filter(pack -> !held || gone.contains(pack.leaf()))
        .mapToLong(BlobStore.Item::sizeBytes)
        .sum();
  }

  /// What of `proposal` still goes as the journal stands now.
  public List<Long> stillDrops(History history, Proposal proposal) {
    Set<Long> wanted = new TreeSet<>(proposal.plan().drops());
    return List.copyOf(plan(history, proposal.retention(), proposal.damaged()).dropsOf(wanted));
  }

  /// Carries a proposal out on a job that nobody runs, and deletes what nothing needs, of dead
  /// attempts too.
  ///
  /// @param by who wants that, for the journal
  /// @return numbers of the checkpoints that went
  /// @throws CairnException.Conflict if somebody runs the job, or patience ended
  public List<Long> carryOut(JobLog log, Proposal proposal, String by, Claimer.Patience patience) {
    return ERRAND.run(Errand.claim(claimer, log, patience), attempt -> drop(attempt, proposal, by));
  }

  private List<Long> drop(Attempt attempt, Proposal proposal, String by) {
    var checkpointer =
        new Checkpointer(store.repository(), disk, env, attempt, proposal.retention(), node);
    if (stillDrops(attempt.log().history(), proposal).isEmpty()) {
      checkpointer.sweep();
      return List.of();
    }
    return checkpointer.prune(
        history -> Set.copyOf(stillDrops(history, proposal)), "pruned by " + by);
  }
}
