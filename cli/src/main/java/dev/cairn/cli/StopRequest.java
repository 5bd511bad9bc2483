package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/// Asks a job to stop and sees to it: by its holder, or in place of a dead one.
final class StopRequest {
  private final Context context;
  private final Store store;
  private final JobLog log;
  private final Duration timeout;

  StopRequest(Context context, Store store, JobLog log, Duration timeout) {
    this.context = context;
    this.store = store;
    this.log = log;
    this.timeout = timeout;
  }

  /// @param request the control entry that asks
  /// @param instead what is recorded if the holder is dead
  /// @return the state that came of it
  JobState send(Event.Control request, Supplier<Event.End> instead) {
    log.append(_ -> request);
    if (log.state().status() != Status.RUNNING) {
      return log.state();
    }
    try {
      return new Answer(context, store, log, timeout)
          .await(history ->
              history.state().status() == Status.RUNNING
                  ? Optional.empty()
                  : Optional.of(history.state()));
    } catch (Answer.Dead e) {
      context.tell("its holder is dead (%s); done in its place".formatted(e.getMessage()));
      return inPlaceOfTheDead(instead);
    }
  }

  private JobState inPlaceOfTheDead(Supplier<Event.End> instead) {
    Optional<Claimer.Claimed> claimed =
        context.claimer(store).claim(log, Event.Purpose.WORK, context.patience());
    try (Attempt attempt = claimed.orElseThrow().attempt()) {
      attempt.append(_ -> instead.get());
      return log.state();
    } catch (CairnException.Fenced e) {
      throw new CairnException.Conflict(
          "somebody else took job %s over at the same moment".formatted(log.job()),
          "The request stands. See: cairn jobs show " + log.job());
    }
  }
}
