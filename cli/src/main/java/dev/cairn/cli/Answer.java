package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Watcher;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/// Waits until the holder of a job has answered a request, or is dead.
final class Answer {
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration QUIET = Duration.ofSeconds(1);

  private final Context context;
  private final Store store;
  private final JobLog log;
  private final Duration timeout;
  private final Watcher watcher;

  Answer(Context context, Store store, JobLog log, Duration timeout) {
    this.context = context;
    this.store = store;
    this.log = log;
    this.timeout = timeout;
    this.watcher = new Watcher(store.journal(), context.env(), log, context.claimer(store)::isGone);
  }

  /// @param answer finds the answer in the history
  /// @throws Dead if the holder died before it answered
  /// @throws CairnException.Unavailable if no answer came in time; the request stands
  <T> T await(Function<History, Optional<T>> answer) {
    long start = context.env().nanos();
    boolean told = false;
    while (true) {
      log.refresh();
      Optional<T> found = answer.apply(log.history());
      if (found.isPresent()) {
        return found.get();
      }
      if (log.state().status() != Status.RUNNING) {
        throw new CairnException.Conflict(
            "job %s is %s meanwhile".formatted(log.job(), log.state().status()),
            "See: cairn jobs show " + log.job());
      }
      Optional<Attempt.Verdict> verdict = watcher.look();
      if (verdict.isPresent()) {
        throw new Dead(verdict.get());
      }
      Duration waited = Duration.ofNanos(context.env().nanos() - start);
      if (waited.compareTo(timeout) > 0) {
        throw new CairnException.Unavailable(
            "no answer from %s yet".formatted(holder()),
            "The request stands and is answered later. See: cairn jobs history " + log.job(),
            null);
      }
      if (!told && waited.compareTo(QUIET) > 0) {
        told = true;
        context.tell("asked; waiting for " + holder());
      }
      store.journal().watch(log.job(), log.history().last() + 1, LOOK);
    }
  }

  private String holder() {
    return log.history().claim().map(Attempt::who).orElse("its holder");
  }

  /// The holder is dead.
  static final class Dead extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Attempt.Verdict verdict;

    Dead(Attempt.Verdict verdict) {
      super(verdict.why());
      this.verdict = verdict;
    }

    Attempt.Verdict verdict() {
      return verdict;
    }
  }
}
