package dev.cairn.run;

import dev.cairn.checkpoint.Pruner;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Makes a command survive: claims its job, or stands by until it may; runs attempt after attempt,
/// each from the newest valid checkpoint; and hands over when told to.
///
/// [#run] is called on a thread that lives as long as the process: it starts the command.
public final class Supervisor {
  /// Preempted: handed back, requeue me.
  public static final int EXIT_HANDED_BACK = 75;

  /// Paused or cancelled by a person.
  public static final int EXIT_STOPPED = 130;

  /// The command exists but cannot be executed.
  public static final int EXIT_NOT_EXECUTABLE = 126;

  /// There is no such command.
  public static final int EXIT_NO_COMMAND = 127;

  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LAST_RETRY = Duration.ofSeconds(30);

  private final Setup setup;
  private final Store store;
  private final Disk disk;
  private final Env env;
  private final Host host;
  private final RunOptions options;
  private final Program program;
  private final Signals signals;
  private final Consumer<String> tell;
  private final Claimer claimer;

  /// Number of the entry whose rest people know of already.
  private long toldRest;

  public Supervisor(Setup setup) {
    this.setup = setup;
    this.store = setup.store();
    this.disk = setup.disk();
    this.env = setup.env();
    this.host = setup.host();
    this.options = setup.options();
    this.program = setup.program();
    this.signals = setup.signals();
    this.tell = setup.tell();
    this.claimer =
        new Claimer(
            store.journal(), env, host, options.timing().heartbeat(), options.timing().lease());
  }

  /// How one attempt came out.
  sealed interface Outcome {
    /// The supervisor's work is done.
    record Over(int exitCode) implements Outcome {}

    /// The store was out of reach for too long, so the attempt was given up without a word.
    record GivenUp() implements Outcome {}

    /// The job is pending again; whoever goes on lets it rest as long as its journal says.
    record Again() implements Outcome {}
  }

  /// @return the exit code, as `docs/cli.md` lists them
  /// @throws CairnException.Conflict if the job is held and [RunOptions#standBy] is false, or a
  ///   person must say go on first
  public int run() {
    try {
      program.requireStartable();
    } catch (CairnException.NotFound | CairnException.Denied e) {
      tell.accept(e.getMessage());
      return e instanceof CairnException.NotFound ? EXIT_NO_COMMAND : EXIT_NOT_EXECUTABLE;
    }
    boolean first = true;
    Duration retry = FIRST_RETRY;
    while (true) {
      Duration pause;
      try {
        Outcome outcome = once();
        if (outcome instanceof Outcome.Over(int code)) {
          return code;
        }
        pause = outcome instanceof Outcome.GivenUp ? FIRST_RETRY : Duration.ZERO;
        retry = FIRST_RETRY;
      } catch (CairnException.Unavailable e) {
        if (first || e.isFull()) {
          throw e;
        }
        tell.accept(e.getMessage() + "; trying again in " + Told.duration(retry));
        pause = retry;
        retry =
            retry.multipliedBy(2).compareTo(LAST_RETRY) > 0 ? LAST_RETRY : retry.multipliedBy(2);
      }
      first = false;
      if (signals.await(pause)) {
        return stoppedBetweenAttempts();
      }
    }
  }

  /// Ctrl-C pauses a job that rests or waits to be started again here, unless somebody else has it
  /// by now.
  private int stoppedBetweenAttempts() {
    if (signals.isInterrupt()) {
      pauseUnlessHeld(JobLog.open(store.journal(), env, options.job()));
    }
    return stoppedWhileIdle();
  }

  private void pauseUnlessHeld(JobLog log) {
    try {
      log.append(history -> {
        if (history.state().held()) {
          throw new CairnException.Conflict("somebody else has taken it meanwhile", "");
        }
        return new Event.PauseRequested(host.node(), "Ctrl-C");
      });
      tell.accept(Told.stopped(options.job(), log.state()));
    } catch (CairnException.Conflict e) {
      return; // nothing of it waits here any more
    }
  }

  private int stoppedWhileIdle() {
    return signals.isInterrupt() ? EXIT_STOPPED : EXIT_HANDED_BACK;
  }

  /// One attempt, from the claim to its end.
  private Outcome once() {
    JobLog log = JobLog.open(store.journal(), env, options.job());
    ensureSubmitted(log);
    if (log.state().status() == Status.COMPLETED) {
      return completed(log);
    }
    resumeIfAsked(log);
    WatchedDirectory directory =
        WatchedDirectory.open(
            disk, env, host, options.watch(), program.directory(), options.job(), store.id(), tell);
    @Nullable Attempt claimed;
    try {
      claimed = claim(log);
    } catch (CairnException.Conflict e) {
      if (log.state().status() != Status.COMPLETED) {
        throw e;
      }
      return completed(log); // by its holder, while this one stood by
    }
    if (claimed == null) {
      return new Outcome.Over(log.state().held() ? stoppedWhileIdle() : stoppedBetweenAttempts());
    }
    try (Attempt attempt = claimed) {
      Outcome outcome = new AttemptRun(setup, attempt, directory).run();
      toldRest = attempt.log().history().rest().map(History.Rest::number).orElse(0L);
      if (outcome instanceof Outcome.GivenUp) {
        claimer.giveUp(attempt);
      }
      if (attempt.log().state().status() == Status.COMPLETED) {
        cleanUp(attempt.log());
      }
      return outcome;
    }
  }

  /// Drops the checkpoints of a completed job, if whoever completed it wanted that: only now, since
  /// what they were for is recorded. If it fails, or this process dies first, a later start or
  /// `cairn prune` does it.
  private void cleanUp(JobLog log) {
    var pruner = new Pruner(store, disk, env, claimer, host.node());
    if (!pruner.isOver(log.history())) {
      return;
    }
    try {
      Pruner.Proposal proposal = pruner.propose(log, options.retention(), Meter.NONE);
      if (proposal.isWorthwhile()) {
        List<Long> gone = pruner.carryOut(log, proposal, host.node(), (_, _, _) -> false);
        tell.accept(
            "job %s is completed; %d checkpoints deleted, as asked for with --on-success"
                .formatted(log.job(), gone.size()));
      }
    } catch (CairnException e) {
      tell.accept(
          "its checkpoints are not deleted yet: %s. Do it later: cairn prune %s"
              .formatted(e.getMessage(), log.job()));
    }
  }

  private Outcome completed(JobLog log) {
    cleanUp(log);
    tell.accept("job %s is completed; there is nothing to do".formatted(options.job()));
    return new Outcome.Over(0);
  }

  private void ensureSubmitted(JobLog log) {
    if (log.history().exists() || log.history().broken().isPresent()) {
      return;
    }
    try {
      log.append(_ ->
          new Event.Submitted(program.name(), options.retention().keepLast(), options.labels()));
    } catch (CairnException.Conflict e) {
      return; // somebody else submitted it at the same moment
    }
  }

  private void resumeIfAsked(JobLog log) {
    log.history()
        .broken()
        .ifPresent(slot -> {
          throw slot.error();
        });
    Status status = log.state().status();
    if (!status.isResumable()) {
      return;
    }
    JobId job = options.job();
    if (!options.resume()) {
      throw new CairnException.Conflict(
          "job %s is %s%s".formatted(job, status, Told.reason(log.state())),
          "To go on from its newest checkpoint: cairn jobs resume %s, then run this again, or add --resume."
              .formatted(job));
    }
    log.append(_ -> new Event.Resumed(host.node(), null));
    tell.accept("job %s was %s; it goes on".formatted(job, status));
  }

  /// Claims the job as soon as that is allowed.
  ///
  /// @return absent if a signal came first
  private @Nullable Attempt claim(JobLog log) {
    Optional<Claimer.Claimed> claimed = claimer.claim(log, Event.Purpose.WORK, new Waiting(log));
    claimed.map(Claimer.Claimed::displaced).ifPresent(verdict -> tell.accept(takeover(verdict)));
    return claimed.map(Claimer.Claimed::attempt).orElse(null);
  }

  /// Says once what it waits for, and waits until a signal comes.
  private final class Waiting implements Claimer.Patience {
    private final JobLog log;
    private boolean told;

    Waiting(JobLog log) {
      this.log = log;
    }

    @Override
    public boolean goesOn(String holder, Duration lease, Duration look) {
      if (!options.standBy()) {
        throw new CairnException.Conflict(
            "job %s is held by %s".formatted(options.job(), holder),
            "Leave out --no-wait to stand by and take over when it dies.");
      }
      if (!told) {
        told = true;
        tell.accept(
            "standing by: job %s is run by %s; taking over when its heartbeat stands still for %s"
                .formatted(options.job(), holder, Told.duration(lease)));
      }
      return !signals.await(look);
    }

    @Override
    public boolean rests(Duration left, Duration look) {
      long entry = log.history().rest().map(History.Rest::number).orElse(0L);
      if (entry != toldRest) {
        toldRest = entry;
        tell.accept(Told.resting(options.job(), log.state(), left));
      }
      return !signals.await(look);
    }
  }

  private String takeover(Attempt.Verdict verdict) {
    return "took job %s over from %s: %s".formatted(options.job(), verdict.who(), verdict.why());
  }

  /// The directory that commands save into when none is named.
  public static Path defaultWatch(Path storeDirectory, JobId job) {
    return storeDirectory.resolve("work").resolve(job.value());
  }
}
