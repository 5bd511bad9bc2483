package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The histories of all jobs of a store. The only source of truth about them.
///
/// Thread-safe. Every method throws `Unavailable` when the store does not answer.
public interface Journal {
  /// Publishes `entry` as the next of its job, if nobody else has.
  ///
  /// Idempotent: repeating an append whose answer was lost is the same append. Durable on return.
  /// Source: docs/design.md, I2 and I3.
  ///
  /// @return what stands at that number: `entry` itself, or the one that won
  /// @throws CairnException.Unavailable if the outcome is unknown; safe to retry
  Slot append(Entry entry);

  /// Makes sure that an entry which others appended outlasts a power loss of the store: it can be
  /// read before its writer knows that it is durable. Needed before anything is put above it.
  ///
  /// @return what lasts at that number, which may be something else by now; empty if nothing does
  Optional<Slot> confirm(JobId job, long number);

  /// The newest entry of a job; empty if it has none. Where entries were lost it may be an older
  /// one; see [#highest].
  Optional<Slot> last(JobId job);

  /// The highest number that anything stands at, as far as listings tell, or 0: for finding out
  /// that entries below it were lost. Never a reason to believe that there is none above it.
  long highest(JobId job);

  /// The entries from number `from` on, at most `limit`, by direct reads: never from a listing.
  List<Slot> entries(JobId job, long from, int limit);

  /// All jobs that have entries, sorted by id.
  List<JobId> jobs();

  /// Replaces a stored entry by its tombstone. Its number stays taken.
  void trim(Entry tombstone);

  /// Overwrites the heartbeat of an attempt.
  void beat(Heartbeat heartbeat);

  /// The newest heartbeat of an attempt, or empty if there never was one or it cannot be read.
  Optional<Heartbeat> heartbeat(JobId job, long token);

  /// The newest heartbeats of all attempts of a job that ever beat.
  List<Heartbeat> heartbeats(JobId job);

  /// Waits until the job has an entry of that number.
  ///
  /// @return whether it has one
  boolean watch(JobId job, long number, Duration limit);

  /// The place, for people.
  String location();

  /// What stands at one number.
  sealed interface Slot {
    long number();

    record Readable(Entry entry) implements Slot {
      @Override
      public long number() {
        return entry.number();
      }
    }

    /// Something stands there that cannot be read; it counts as a claim by somebody else.
    record Unreadable(JobId job, long number, String why) implements Slot {
      /// What to call it.
      public String object() {
        return "entry %d of the journal of job %s".formatted(number, job);
      }

      /// The error that names it.
      public CairnException.Corrupt error() {
        return new CairnException.Corrupt(
            "%s is damaged (%s)".formatted(object(), why),
            "Nothing was changed. Restore the object from a copy of the store.");
      }
    }
  }
}
