package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes new jobs out of checkpoints of others, in the order that keeps I2, I3 and I5: pin what is
/// read, claim the new job, copy under that claim, publish.
///
/// Claimed first, the packs are the holder's own from the first byte: no sweep of the new job, not
/// even a late one of an earlier life of its id, takes them for garbage. Thread-safe.
public final class Forker {
  private final Store store;
  private final Env env;
  private final Claimer claimer;
  private final String node;

  /// @param claimer of this process
  /// @param node where this is, for people
  public Forker(Store store, Env env, Claimer claimer, String node) {
    this.store = store;
    this.env = env;
    this.claimer = claimer;
    this.node = node;
  }

  /// A new job with its first checkpoint.
  ///
  /// @param pinLeft whether the pin on the source could not be taken back: that costs space until
  ///   somebody does
  public record Forked(Published published, boolean pinLeft) {}

  /// Makes the job `target`, pending, with one checkpoint: what `source` holds, its labels and
  /// progress, without parent and without what the source has spent. Durable on return, and needs
  /// nothing of the source any more.
  ///
  /// If this throws, `target` may be there without a checkpoint: it can be deleted, or the same be
  /// asked for again. Killed in between, or without an answer when it pins, it also leaves a pin on
  /// the source.
  ///
  /// @param patience while somebody else holds `target`
  /// @throws CairnException.NotFound if `source` is not there, or was dropped meanwhile
  /// @throws CairnException.Conflict if `target` exists, and is not what an earlier try of the same
  ///   fork has left
  /// @throws CairnException.Corrupt if `source` is damaged
  /// @throws CairnException.Fenced if somebody took `target` over meanwhile; nothing was published
  /// @throws CairnException.Unavailable if the store did not take it
  public Forked fork(
      CheckpointId source, JobId target, String by, Claimer.Patience patience, Meter meter) {
    long start = env.nanos();
    JobLog from = JobLog.existing(store.journal(), env, source.job());
    Published original = from.history().checkpoint(source.number());
    JobLog to = JobLog.open(store.journal(), env, target);
    refuseIfTaken(to, source);
    var fork = new Fork(from, source, original.checkpoint(), start, meter);
    Entry pin = pin(from, source, by);
    Published published;
    boolean unpinned;
    try {
      submit(to, fork);
      published = fill(to, fork, patience);
    } finally {
      unpinned = unpin(from, source, by, pin);
    }
    return new Forked(published, !unpinned);
  }

  /// What is to be copied.
  ///
  /// @param from the journal of its job
  /// @param start when the fork began, by [Env#nanos]
  private record Fork(
      JobLog from, CheckpointId source, Checkpoint original, long start, Meter meter) {
    Map<String, String> labelled(Map<String, String> labels) {
      var all = new HashMap<>(labels);
      all.put(Checkpoint.FORKED_FROM, source.toString());
      return all;
    }
  }

  private static void refuseIfTaken(JobLog to, CheckpointId source) {
    to.history()
        .broken()
        .ifPresent(slot -> {
          throw slot.error();
        });
    if (to.history().exists() && !isUnfinished(to.history(), source)) {
      throw new CairnException.Conflict(
          "job %s exists already".formatted(to.job()), "Fork into a job with another name.");
    }
  }

  /// Whether the job is what a fork from `source` leaves that did not come to its end.
  private static boolean isUnfinished(History history, CheckpointId source) {
    return history.exists()
        && history.live().isEmpty()
        && history.state().newest() == null
        && history
            .submitted()
            .map(s -> source.toString().equals(s.labels().get(Checkpoint.FORKED_FROM)))
            .orElse(false);
  }

  /// Every fork has a pin of its own: it takes back no other's, and no other takes back this one.
  private static Entry pin(JobLog from, CheckpointId source, String by) {
    return from.append(history -> {
      history.checkpoint(source.number()); // or it was dropped just now
      return new Event.Pinned(by, source.number());
    });
  }

  /// @return whether the pin is gone
  private static boolean unpin(JobLog from, CheckpointId source, String by, Entry pin) {
    try {
      from.append(_ -> new Event.Unpinned(by, source.number(), pin.number()));
      return true;
    } catch (CairnException.NotFound e) {
      return true; // so is the whole job
    } catch (CairnException e) {
      return false;
    }
  }

  private static void submit(JobLog to, Fork fork) {
    if (isUnfinished(to.history(), fork.source)) {
      return;
    }
    Optional<Event.Submitted> original = fork.from.history().submitted();
    to.append(_ ->
        new Event.Submitted(
            "cairn fork " + fork.source,
            original.map(Event.Submitted::keepLast).orElse(Retention.DEFAULTS.keepLast()),
            fork.labelled(original.map(Event.Submitted::labels).orElse(Map.of()))));
  }

  private Published fill(JobLog to, Fork fork, Claimer.Patience patience) {
    Attempt attempt =
        claimer
            .claim(to, Event.Purpose.MAINTENANCE, patience)
            .map(Claimer.Claimed::attempt)
            .orElseThrow(() ->
                new CairnException.Conflict(
                    "job %s is held by somebody else".formatted(to.job()),
                    "See who it is: cairn jobs show " + to.job()));
    try (attempt) {
      try {
        Published published = fill(attempt, fork);
        attempt.append(_ -> released("done"));
        return published;
      } catch (CairnException e) {
        return handBack(attempt, e).orElseThrow(() -> e);
      }
    }
  }

  private Published fill(Attempt attempt, Fork fork) {
    if (!isUnfinished(attempt.log().history(), fork.source)) {
      throw new CairnException.Conflict(
          "somebody else has saved into job %s meanwhile".formatted(attempt.job()),
          "Fork into a job with another name.");
    }
    Optional<Repository.Saved> copy =
        Optional.ofNullable(fork.original.manifest())
            .map(manifest -> copy(attempt, fork, manifest));
    Published published = publish(attempt, checkpoint(fork, copy.orElse(null)), packs(copy));
    sweep(attempt, packs(copy)); // what an earlier try has left
    return published;
  }

  private static Set<String> packs(Optional<Repository.Saved> copy) {
    return copy.map(Repository.Saved::packs).orElse(Set.of());
  }

  private Repository.Saved copy(Attempt attempt, Fork fork, ManifestRef manifest) {
    try {
      return store
          .repository()
          .copy(fork.source.job(), manifest, attempt.job(), attempt.token(), fork.meter);
    } catch (CairnException.Corrupt e) {
      requireStillThere(fork, e);
      throw e;
    }
  }

  /// A pin does not hold against a person's deletion: then the bytes are not damaged but gone.
  private static void requireStillThere(Fork fork, CairnException.Corrupt because) {
    try {
      fork.from.refresh();
      fork.from.history().checkpoint(fork.source.number());
    } catch (CairnException.NotFound e) {
      Long newest = fork.from.state().newest();
      throw new CairnException.NotFound(
          "checkpoint %s was pruned while it was copied%s"
              .formatted(
                  fork.source,
                  newest == null
                      ? ""
                      : "; the newest is " + new CheckpointId(fork.source.job(), newest)),
          "See: cairn checkpoints list " + fork.source.job());
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  private Checkpoint checkpoint(Fork fork, Repository.@Nullable Saved copy) {
    return new Checkpoint(
        Checkpoint.Kind.MANUAL,
        null,
        fork.original.progress().unspent(),
        fork.labelled(fork.original.labels()),
        fork.original.state(),
        copy == null ? null : copy.manifest(),
        copy == null ? 0 : copy.files(),
        copy == null ? 0 : copy.sizeBytes(),
        copy == null ? 0 : copy.newBytes(),
        copy == null ? 0 : copy.storedBytes(),
        Duration.ofNanos(env.nanos() - fork.start).toMillis(),
        node,
        List.of());
  }

  private Published publish(Attempt attempt, Checkpoint checkpoint, Set<String> packs) {
    long decided = attempt.log().history().last();
    Entry entry =
        attempt.append(history -> {
          if (history.last() != decided) {
            store.repository().requirePacks(attempt.job(), packs);
          }
          return new Event.Checkpointed(checkpoint, List.of());
        });
    return new Published(entry, checkpoint);
  }

  /// So that nobody who wants the job next waits for a lease, and no space is lost.
  ///
  /// @return the checkpoint, if it stands after all: then only an answer was missing
  private Optional<Published> handBack(Attempt attempt, CairnException because) {
    History history = attempt.log().history();
    try {
      attempt.log().refresh(); // settles what was not answered
      boolean stands = own(attempt).isPresent();
      if (history.live().isEmpty()) {
        sweep(attempt, Set.of());
      }
      attempt.append(_ -> released(stands ? "done" : "fork_failed"));
      return own(attempt);
    } catch (CairnException e) {
      because.addSuppressed(e); // the first error is the one to tell
      claimer.giveUp(attempt);
      return Optional.empty();
    }
  }

  private static Optional<Published> own(Attempt attempt) {
    return attempt.log().history().live().values().stream()
        .filter(published -> published.entry().after().token() == attempt.token())
        .findFirst();
  }

  private static Event.Released released(String reason) {
    return new Event.Released(reason, "cairn fork", false, null, 0);
  }

  /// Deletes packs of this and older attempts that are not in `keep`, if they can be deleted now.
  ///
  /// @param keep what the only checkpoint of the job needs, if it has one
  private void sweep(Attempt attempt, Set<String> keep) {
    JobState state = attempt.log().state();
    boolean holds = state.held() && state.token() == attempt.token();
    if (!holds || attempt.log().history().isDamaged()) {
      return;
    }
    try {
      store.repository().sweep(attempt.job(), attempt.token(), keep);
    } catch (CairnException.Unavailable | CairnException.Denied e) {
      return; // the next sweep finds them
    }
  }
}
