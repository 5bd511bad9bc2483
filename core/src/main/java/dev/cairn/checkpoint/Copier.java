package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Copies the lineage of a job into another store, in the order that keeps I2, I3 and I5: pin what
/// is read, claim the job there, copy under that claim, publish, one checkpoint after another.
///
/// A copy that was made before, or did not come to its end, is gone on from: what it has is not
/// copied again. The copy has spent nothing. Thread-safe.
public final class Copier {
  private static final Errand ERRAND = new Errand("cairn copy", "copy_failed");

  private final Store from;
  private final Store to;
  private final Env env;
  private final Claimer claimer;
  private final String node;

  /// @param claimer of jobs in `to`
  /// @param node where this is, for people
  public Copier(Store from, Store to, Env env, Claimer claimer, String node) {
    this.from = from;
    this.to = to;
    this.env = env;
    this.claimer = claimer;
    this.node = node;
  }

  /// One copied checkpoint.
  ///
  /// @param storedBytes what it takes there
  public record Copied(CheckpointId source, long number, long sizeBytes, long storedBytes) {}

  /// Copies what `target` does not have yet, the oldest first. Each is durable when the next one
  /// begins.
  ///
  /// @param target the name of the job there
  /// @param patience while somebody else holds it
  /// @throws CairnException.Conflict if `target` exists and is something else, or has gone on by
  ///   itself
  /// @throws CairnException.Corrupt if a checkpoint is damaged; those before it are copied
  public List<Copied> copy(
      JobLog source, JobId target, String by, Claimer.Patience patience, Meter meter) {
    JobLog log = JobLog.open(to.journal(), env, target);
    String origin = from.id() + "/" + source.job();
    if (log.history().exists() || log.history().broken().isPresent()) {
      requireCopy(log.history(), origin);
    } else {
      submit(log, source.history(), origin);
    }
    Attempt claimed =
        claimer
            .claim(log, Event.Purpose.MAINTENANCE, patience)
            .map(Claimer.Claimed::attempt)
            .orElseThrow(() ->
                new CairnException.Conflict(
                    "job %s in %s is held by somebody else".formatted(target, to.location()), ""));
    return ERRAND.run(
        claimed,
        attempt -> {
          requireCopy(attempt.log().history(), origin);
          return copy(attempt, source, by, meter);
        });
  }

  private static void requireCopy(History history, String origin) {
    history
        .broken()
        .ifPresent(slot -> {
          throw slot.error();
        });
    boolean copy =
        history
            .submitted()
            .map(s -> origin.equals(s.labels().get(Checkpoint.COPIED_FROM)))
            .orElse(false);
    boolean untouched =
        history.lineage().stream()
            .allMatch(p -> p.checkpoint().labels().containsKey(Checkpoint.COPIED_FROM));
    if (!copy || !untouched) {
      throw new CairnException.Conflict(
          copy
              ? "job %s there has gone on by itself since it was copied".formatted(history.job())
              : "job %s exists there already, and is no copy of this one".formatted(history.job()),
          "Nothing was copied. Give the copy another name with --as.");
    }
  }

  private static void submit(JobLog log, History source, String origin) {
    var labels =
        new HashMap<String, String>(
            source.submitted().map(Event.Submitted::labels).orElse(Map.of()));
    labels.put(Checkpoint.COPIED_FROM, origin);
    int keepLast = source.submitted().map(Event.Submitted::keepLast).orElse(0);
    log.append(_ -> new Event.Submitted("cairn copy", keepLast, labels));
  }

  private List<Copied> copy(Attempt attempt, JobLog source, String by, Meter meter) {
    Set<String> there = new HashSet<>();
    for (Published published : attempt.log().history().live().values()) {
      there.add(published.checkpoint().labels().getOrDefault(Checkpoint.COPIED_FROM, ""));
    }
    var copied = new ArrayList<Copied>();
    for (Published published : source.history().lineage().reversed()) {
      var id = new CheckpointId(source.job(), published.number());
      if (!there.contains(id.toString())) {
        copied.add(copyOne(attempt, source, id, by, meter));
      }
    }
    return copied;
  }

  private Copied copyOne(Attempt attempt, JobLog source, CheckpointId id, String by, Meter meter) {
    Entry pin =
        source.append(history -> {
          history.checkpoint(id.number()); // or it was dropped just now
          return new Event.Pinned(by, id.number());
        });
    try {
      long start = env.nanos();
      Checkpoint original = source.history().checkpoint(id.number()).checkpoint();
      History history = attempt.log().history();
      Published parent = history.lineage().stream().findFirst().orElse(null);
      Repository.Saved saved = save(attempt, source.job(), original, parent, meter);
      var checkpoint =
          new Checkpoint(
              original.kind(),
              parent == null ? null : parent.number(),
              original.progress().unspent(),
              labelled(original.labels(), id),
              original.state(),
              saved == null ? null : saved.manifest(),
              original.files(),
              original.sizeBytes(),
              saved == null ? 0 : saved.newBytes(),
              saved == null ? 0 : saved.storedBytes(),
              Duration.ofNanos(env.nanos() - start).toMillis(),
              node,
              List.of());
      Entry entry = publish(attempt, checkpoint, saved == null ? Set.of() : saved.packs());
      return new Copied(id, entry.number(), checkpoint.sizeBytes(), checkpoint.storedBytes());
    } finally {
      unpin(source, id, by, pin);
    }
  }

  private Repository.@Nullable Saved save(
      Attempt attempt, JobId source, Checkpoint original, @Nullable Published parent, Meter meter) {
    ManifestRef manifest = original.manifest();
    return manifest == null
        ? null
        : to.repository()
            .copy(
                from.repository(),
                source,
                manifest,
                attempt.job(),
                attempt.token(),
                parent == null ? null : parent.checkpoint().manifest(),
                meter);
  }

  private static Map<String, String> labelled(Map<String, String> labels, CheckpointId id) {
    var all = new HashMap<>(labels);
    all.put(Checkpoint.COPIED_FROM, id.toString());
    return all;
  }

  private Entry publish(Attempt attempt, Checkpoint checkpoint, Set<String> packs) {
    long decided = attempt.log().history().last();
    return attempt.append(history -> {
      if (history.last() != decided) {
        to.repository().requirePacks(attempt.job(), packs);
      }
      return new Event.Checkpointed(checkpoint, List.of());
    });
  }

  /// A pin that is left costs space until somebody takes it back.
  private static void unpin(JobLog source, CheckpointId id, String by, Entry pin) {
    try {
      source.append(_ -> new Event.Unpinned(by, id.number(), pin.number()));
    } catch (CairnException e) {
      return; // what was copied is copied
    }
  }
}
