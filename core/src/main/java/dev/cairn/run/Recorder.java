package dev.cairn.run;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Meter;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Records one attempt: captures its directory when that is due and complete, answers what is asked
/// in the journal, and appends how it ended.
///
/// All of it on one thread of its own, the only one that appends for the attempt, so that however
/// long a save takes, the supervisor's thread keeps watching child, lease and signals. What others
/// may call is thread-safe.
final class Recorder implements AutoCloseable {
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final int FINAL_TRIES = 5;

  /// How soon it looks again after something changed while it was captured; doubled each time, up
  /// to the usual.
  private static final Duration FIRST_RETRY = Duration.ofMillis(50);

  /// How long a capture may be due before it is said why it is not made, and how often.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration REPEAT = Duration.ofSeconds(60);

  private final Env env;
  private final Attempt attempt;
  private final Checkpointer checkpointer;
  private final CaptureWatch watch;
  private final Map<String, String> labels;
  private final Consumer<String> tell;
  private final Duration every;

  private final AtomicReference<@Nullable Stop> asked = new AtomicReference<>();
  private volatile @Nullable CairnException problem;
  private volatile @Nullable Ending ending;
  private volatile boolean now;
  private volatile boolean displaced;
  private volatile boolean closed;

  private Env.@Nullable Task task;
  private long due;
  private long nextLook;
  private Duration retry = FIRST_RETRY;
  private @Nullable Long dueSince;
  private long silentUntil = Long.MIN_VALUE;
  private @Nullable String why;
  private final Set<String> told = new HashSet<>();

  Recorder(Setup setup, Attempt attempt, Checkpointer checkpointer, CaptureWatch watch) {
    this.env = setup.env();
    this.labels = setup.options().labels();
    this.every = setup.options().timing().every();
    this.tell = setup.tell();
    this.attempt = attempt;
    this.checkpointer = checkpointer;
    this.watch = watch;
    this.due = env.nanos() + every.toNanos();
  }

  /// How the attempt ends.
  ///
  /// @param capture whether what the directory holds may be published first: nobody writes any more
  /// @param ownEnd whether the command ended as it wanted to, not in the middle of something
  /// @param event decided on the newest state
  record Ending(
      boolean capture, boolean ownEnd, Checkpoint.Kind kind, Function<JobState, Event.End> event) {}

  void start() {
    task = env.fork("recorder-" + attempt.job(), this::work);
  }

  /// Asks for a capture as soon as the directory is complete.
  void captureNow() {
    now = true;
  }

  /// Whether what [#captureNow] asked for has not been done yet.
  boolean isCapturePending() {
    return now;
  }

  /// Why the attempt is to end: others asked in the journal, or the store is full.
  Optional<Stop> asked() {
    return Optional.ofNullable(asked.get());
  }

  /// Whether another attempt has taken the job over: the child must end, nothing is published.
  boolean displaced() {
    return displaced;
  }

  /// Records the end, and waits for it.
  ///
  /// @return what went wrong, if anything: then the end is not in the journal
  Optional<CairnException> finish(Ending how, Duration limit) {
    ending = how;
    try {
      if (Objects.requireNonNull(task, "not started").join(limit)) {
        return Optional.ofNullable(problem);
      }
    } catch (CairnException.Cancelled e) {
      return Optional.of(e);
    }
    return Optional.of(
        new CairnException.Unavailable(
            "the store did not take the end of the attempt in time",
            "What was published before is safe. Run the same command again to go on from there.",
            null));
  }

  private void work() {
    try {
      Ending how = ending;
      while (how == null && !closed) {
        step();
        how = ending;
        if (how == null) {
          env.sleep(TICK);
        }
      }
      if (how != null) {
        end(how);
      }
    } catch (CairnException e) {
      problem = e;
      displaced = e instanceof CairnException.Fenced;
    }
  }

  private void step() {
    try {
      if (attempt.news()) {
        readRequests();
      }
      if (env.nanos() >= nextLook && (now || env.nanos() >= due || watch.savedMeanwhile())) {
        nextLook = env.nanos() + LOOK.toNanos();
        captureIfComplete();
      }
    } catch (CairnException.Fenced e) {
      throw e;
    } catch (CairnException e) {
      tell.accept("not saved: " + e.getMessage());
      if (e instanceof CairnException.Unavailable u && u.isFull()) {
        asked.set(Stop.DISK_FULL);
      }
      due = env.nanos() + every.toNanos();
    }
  }

  private void readRequests() {
    JobState state = attempt.refresh();
    if (state.asks(JobState.Request.Kind.CANCEL)) {
      asked.set(Stop.CANCEL);
    } else if (state.asks(JobState.Request.Kind.PAUSE)) {
      asked.set(Stop.PAUSE);
    }
    if (state.asks(JobState.Request.Kind.CHECKPOINT)) {
      now = true;
    }
    if (state.asks(JobState.Request.Kind.PRUNE)) {
      checkpointer.answerPruneRequests();
    }
  }

  private void captureIfComplete() {
    boolean wanted = now;
    switch (watch.judge()) {
      case Readiness.Unchanged _ -> {
        boolean requested = wanted && !checkpointRequests().isEmpty();
        if (!requested || saveAgain()) {
          settled();
        }
      }
      case Readiness.NotYet(String because) -> notYet(because);
      case Readiness.Ready ready -> {
        ready.leftOut().stream()
            .filter(told::add)
            .forEach(left -> tell.accept("left out: " + left));
        if (save(wanted ? Checkpoint.Kind.MANUAL : Checkpoint.Kind.PERIODIC)) {
          settled();
        }
      }
    }
  }

  private void settled() {
    now = false;
    why = null;
    dueSince = null;
    retry = FIRST_RETRY;
    due = env.nanos() + every.toNanos();
  }

  private List<Long> checkpointRequests() {
    return attempt.log().state().requests().stream()
        .filter(r -> r.kind() == JobState.Request.Kind.CHECKPOINT)
        .map(JobState.Request::number)
        .toList();
  }

  /// Saves what was saved last, for somebody who asks for a checkpoint.
  private boolean saveAgain() {
    watch.again();
    return save(Checkpoint.Kind.MANUAL);
  }

  /// @return false if the directory changed meanwhile and nothing was published
  private boolean save(Checkpoint.Kind kind) {
    try {
      Saved saved =
          checkpointer.save(
              new Capture(
                  kind,
                  CapturedFiles.in(watch.root(), watch.leaveOut()),
                  watch.progress(),
                  labels,
                  null,
                  checkpointRequests()),
              watch::objection,
              Meter.NONE);
      watch.published(saved.tree());
      tell.accept(Told.saved(attempt.job(), saved));
      warnOnce(saved.tree());
      return true;
    } catch (Changed e) {
      notYet(String.valueOf(e.getMessage()));
      nextLook = env.nanos() + retry.toNanos();
      retry = retry.multipliedBy(2).compareTo(LOOK) < 0 ? retry.multipliedBy(2) : LOOK;
      return false;
    }
  }

  private void warnOnce(@Nullable FileTree tree) {
    if (tree != null) {
      tree.warnings().stream().filter(told::add).forEach(tell);
    }
  }

  /// The last capture, then the last entry; each tried again while the lease lasts.
  private void end(Ending how) {
    CairnException obstacle = how.capture() ? captureLast(how) : null;
    if (why != null) {
      tell.accept("what changed since the last checkpoint was not captured because " + why);
    }
    untilLeaseEnds(() ->
        attempt.append(history -> {
          Event.End end = how.event().apply(history.state());
          return obstacle == null ? end : notCompleted(end, obstacle);
        }));
  }

  /// @return what forbids a capture for as long as nobody mends it; absent if there is no such
  ///   thing
  private @Nullable CairnException captureLast(Ending how) {
    if (watch.isGone()) {
      tell.accept("%s is gone, so nothing more is captured".formatted(watch.root()));
      return null;
    }
    try {
      for (int i = 0; i < FINAL_TRIES && watch.changedSincePublished(how.ownEnd()); i++) {
        if (untilLeaseEnds(() -> save(how.kind()))) {
          why = null;
          break;
        }
      }
      return null;
    } catch (CairnException.Fenced | CairnException.Cancelled e) {
      throw e;
    } catch (CairnException e) {
      if (e instanceof CairnException.Unavailable u && !u.isFull()) {
        throw e;
      }
      tell.accept("not saved: %s. %s".formatted(e.getMessage(), e.advice()));
      tell.accept("what the command wrote last is in no checkpoint; it stays in " + watch.root());
      return e;
    }
  }

  /// A job whose last state is in no checkpoint is not completed, and where the store is full
  /// nobody may go on by himself.
  private static Event.End notCompleted(Event.End end, CairnException obstacle) {
    boolean full = obstacle instanceof CairnException.Unavailable;
    String message = String.valueOf(obstacle.getMessage());
    return switch (end) {
      case Event.Completed _ -> new Event.Paused(full ? "disk_full" : "not_captured", message);
      case Event.Released _ when full -> new Event.Paused("disk_full", message);
      default -> end;
    };
  }

  private <T> T untilLeaseEnds(Supplier<T> action) {
    while (true) {
      try {
        return action.get();
      } catch (CairnException.Unavailable e) {
        if (e.isFull() || attempt.left().compareTo(LOOK) < 0) {
          throw e;
        }
        notYet(String.valueOf(e.getMessage()));
        env.sleep(LOOK);
      }
    }
  }

  /// Says why a capture that is due is not made, once that has gone on for a while.
  private void notYet(String because) {
    long time = env.nanos();
    why = because;
    if (dueSince == null) {
      dueSince = time;
    }
    if (time - dueSince >= PATIENCE.toNanos() && time >= silentUntil) {
      silentUntil = time + REPEAT.toNanos();
      tell.accept("nothing captured yet because " + because);
    }
  }

  /// Ends the thread without recording anything more.
  @Override
  public void close() {
    closed = true;
    if (task != null) {
      task.interrupt();
      task.join(Duration.ofSeconds(5));
    }
  }
}
