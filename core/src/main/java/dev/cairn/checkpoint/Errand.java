package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import java.util.function.Function;

/// Short work on a job that nobody runs, under a maintenance claim that is handed back at its end,
/// also if it fails: so that nobody who wants the job next waits for the lease.
///
/// @param program what does it, for the journal
/// @param failed the reason that is recorded if it fails, a stable word
public record Errand(String program, String failed) {
  /// Claims a job for it.
  ///
  /// @throws CairnException.Conflict if somebody runs the job, or patience ended
  static Attempt claim(Claimer claimer, JobLog log, Claimer.Patience patience) {
    return claimer
        .claim(log, Event.Purpose.MAINTENANCE, patience)
        .map(Claimer.Claimed::attempt)
        .orElseThrow(() ->
            new CairnException.Conflict(
                "job %s is held by somebody else".formatted(log.job()),
                "See who it is: cairn jobs show " + log.job()));
  }

  /// Does the work, and hands `claimed` back.
  public <T> T run(Attempt claimed, Function<Attempt, T> work) {
    try (Attempt attempt = claimed) {
      try {
        T result = work.apply(attempt);
        attempt.append(_ -> released("done"));
        return result;
      } catch (CairnException e) {
        handBack(attempt, e);
        throw e;
      }
    }
  }

  /// Hands `attempt` back after a failure; what stands in the way is added to `because`.
  public void handBack(Attempt attempt, CairnException because) {
    try {
      attempt.append(_ -> released(failed));
    } catch (CairnException e) {
      because.addSuppressed(e); // the first error is the one to tell
    }
  }

  private Event.Released released(String reason) {
    return new Event.Released(reason, program, false, null, 0);
  }
}
