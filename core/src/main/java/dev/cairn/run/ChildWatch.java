package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.History;
import dev.cairn.run.Recorder.Ending;
import dev.cairn.run.Supervisor.Outcome;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// Watches a running child until its attempt is over: signals, lease, requests, and its own end.
///
/// Never blocks on the store, so that the child is dead before the lease ends whatever the store
/// does (I9).
final class ChildWatch {
  private static final Duration TICK = Duration.ofMillis(100);

  private static final Duration CAPTURE_BEFORE = Duration.ofSeconds(3);

  /// From the child: a checkpoint is in place, start me again.
  private static final int CHILD_RESTART = 85;

  /// From the child: try again later.
  private static final int CHILD_RETRY = 75;

  /// From the child: never try this again.
  private static final int CHILD_NEVER = 78;

  /// Exit codes above this one tell of a signal.
  private static final int SIGNALLED = 128;

  private final Env env;
  private final RunOptions options;
  private final Signals signals;
  private final Consumer<String> tell;
  private final Attempt attempt;
  private final Child child;
  private final Recorder recorder;

  ChildWatch(Setup setup, Attempt attempt, Child child, Recorder recorder) {
    this.env = setup.env();
    this.options = setup.options();
    this.signals = setup.signals();
    this.tell = setup.tell();
    this.attempt = attempt;
    this.child = child;
    this.recorder = recorder;
  }

  Outcome untilOver() {
    while (true) {
      OptionalInt code = child.waitFor(TICK);
      if (code.isPresent()) {
        return ended(code.getAsInt());
      }
      attempt.report(child.progress(), child.group());
      if (attempt.displaced() || recorder.displaced()) {
        return lost();
      }
      if (leaseEnds()) {
        return leaseLost();
      }
      if (signals.checkpointAsked()) {
        recorder.captureNow();
      }
      Optional<Stop> stop = signals.stop().or(recorder::asked);
      if (stop.isPresent()) {
        return stopped(stop.get());
      }
    }
  }

  private boolean leaseEnds() {
    return attempt.left().compareTo(options.timing().margin()) <= 0;
  }

  private Outcome lost() {
    child.end();
    tell.accept(
        "another attempt has taken job %s over: the command was ended, nothing more is published from here"
            .formatted(attempt.job()));
    return new Outcome.Over(CairnExit.CONFLICT);
  }

  private Outcome leaseLost() {
    child.end();
    tell.accept(
        "no heartbeat reached the store for %s, so the command was ended before others may take over"
            .formatted(Told.duration(options.timing().lease())));
    recorder.close();
    return attempt.lookForClaims() ? lost() : new Outcome.GivenUp();
  }

  /// Ends the child because somebody wants the attempt to end, within one budget of time.
  private Outcome stopped(Stop why) {
    Duration grace = options.timing().grace();
    long deadline = env.nanos() + grace.toNanos();
    tell.accept(Told.stopping(why, grace));
    if (!options.layout().completeAfterAbnormalEnd()) {
      captureBefore(grace);
    }
    int code = stopChild(why, deadline);
    boolean ownEnd = code <= SIGNALLED;
    boolean complete = ownEnd || options.layout().completeAfterAbnormalEnd();
    boolean capture = complete && why != Stop.DISK_FULL;
    if (!complete) {
      tell.accept("the command ended by a signal, so what it was writing is not captured");
    }
    Optional<CairnException> problem =
        recorder.finish(
            new Ending(capture, ownEnd, Checkpoint.Kind.CANCELLATION, state -> ending(why, state)),
            leftOf(deadline));
    if (problem.isPresent()) {
      return failed(problem.get());
    }
    JobState state = attempt.log().state();
    tell.accept(Told.stopped(attempt.job(), state));
    return new Outcome.Over(
        state.status() == Status.PENDING ? Supervisor.EXIT_HANDED_BACK : Supervisor.EXIT_STOPPED);
  }

  /// A command that simply dies of the signal leaves something that may be torn; so what is
  /// complete now is captured first, if that takes little of the time.
  private void captureBefore(Duration grace) {
    long limit = env.nanos() + Math.min(grace.toNanos() / 4, CAPTURE_BEFORE.toNanos());
    recorder.captureNow();
    while (recorder.isCapturePending()
        && env.nanos() < limit
        && child.waitFor(TICK).isEmpty()
        && !signals.forced()
        && !leaseEnds()
        && !attempt.displaced()) {
      attempt.report(child.progress(), child.group());
    }
  }

  private int stopChild(Stop why, long deadline) {
    child.signal(why == Stop.INTERRUPT ? Signals.SIGINT : Signals.SIGTERM);
    // a fifth of the time is kept for capture and publish
    long childDeadline = deadline - options.timing().grace().toNanos() / 5;
    while (env.nanos() < childDeadline
        && !signals.forced()
        && !leaseEnds()
        && !attempt.displaced()) {
      OptionalInt code = child.waitFor(TICK);
      if (code.isPresent()) {
        child.end();
        return code.getAsInt();
      }
    }
    child.end();
    return SIGNALLED + Signals.SIGKILL;
  }

  /// A cancel that came meanwhile goes first: it would only be answered by the next claim.
  private static Event.End ending(Stop why, JobState state) {
    if (why == Stop.CANCEL || state.asks(JobState.Request.Kind.CANCEL)) {
      return new Event.Cancelled("while it ran");
    }
    return switch (why) {
      case HAND_BACK ->
          state.asks(JobState.Request.Kind.PAUSE)
              ? new Event.Paused("person", "while it ran")
              : new Event.Released("preempted", "SIGTERM", false, null, 0);
      case INTERRUPT, FORCE -> new Event.Paused("person", "Ctrl-C");
      case PAUSE, CANCEL -> new Event.Paused("person", "while it ran");
      case DISK_FULL -> new Event.Paused("disk_full", "no space left in the store");
    };
  }

  private Duration leftOf(long deadline) {
    Duration left = Duration.ofNanos(deadline - env.nanos());
    return left.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : left;
  }

  /// The child has ended by itself.
  private Outcome ended(int code) {
    child.end();
    child.warning().ifPresent(tell);
    boolean ownEnd = code == 0 || code == CHILD_RESTART;
    Ending ending =
        new Ending(
            ownEnd || options.layout().completeAfterAbnormalEnd(),
            ownEnd,
            code == 0 ? Checkpoint.Kind.FINAL : Checkpoint.Kind.PERIODIC,
            state -> ending(code, state));
    Optional<CairnException> problem =
        recorder.finish(ending, options.timing().lease().multipliedBy(4));
    if (problem.isPresent()) {
      return failed(problem.get());
    }
    JobState state = attempt.log().state();
    Duration wait = attempt.log().history().rest().map(History.Rest::length).orElse(Duration.ZERO);
    tell.accept(Told.ended(attempt.job(), code, state, wait));
    return switch (state.status()) {
      case PENDING -> new Outcome.Again();
      case CANCELLED, PAUSED -> new Outcome.Over(Supervisor.EXIT_STOPPED);
      default -> new Outcome.Over(code);
    };
  }

  private Event.End ending(int code, JobState state) {
    int failures = state.failures() + 1;
    Duration wait = options.restarts().after(failures);
    if (code == 0) {
      return new Event.Completed("exit code 0", options.onSuccess().keepMillis());
    }
    if (state.asks(JobState.Request.Kind.CANCEL)) {
      return new Event.Cancelled("while it ran");
    }
    if (state.asks(JobState.Request.Kind.PAUSE)) {
      return new Event.Paused("person", "while it ran");
    }
    if (code == CHILD_NEVER) {
      return new Event.Failed("child_refused", "exit code 78: never try again", code);
    }
    if (code == CHILD_RESTART) {
      return new Event.Released("child_restart", "exit code 85", false, code, 0);
    }
    if (code == CHILD_RETRY) {
      return new Event.Released("child_retry", "exit code 75", false, code, wait.toMillis());
    }
    String how = Told.exit(code);
    return failures >= options.restarts().failures()
        ? new Event.Failed("crash_loop", how + ", without a new checkpoint since", code)
        : new Event.Released("child_failed", how, true, code, wait.toMillis());
  }

  private Outcome failed(CairnException problem) {
    if (problem instanceof CairnException.Fenced || attempt.displaced()) {
      return lost();
    }
    tell.accept("error: " + problem.getMessage());
    if (!problem.advice().isEmpty()) {
      tell.accept(problem.advice());
    }
    return new Outcome.Over(CairnExit.ofRun(problem));
  }
}
