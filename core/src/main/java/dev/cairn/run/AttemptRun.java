package dev.cairn.run;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Meter;
import dev.cairn.run.Supervisor.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One attempt: answer what is asked, restore, start the command, watch it, record its end.
///
/// The order is that of the design: claim (done), read, answer, choose, restore, start.
final class AttemptRun {
  /// A restore of more than this is announced before it is done.
  private static final long LARGE_BYTES = 64L << 20;

  private final Setup setup;
  private final Store store;
  private final Disk disk;
  private final Env env;
  private final Host host;
  private final RunOptions options;
  private final Program program;
  private final Signals signals;
  private final Consumer<String> tell;
  private final Attempt attempt;
  private final WatchedDirectory directory;
  private final Checkpointer checkpointer;

  AttemptRun(Setup setup, Attempt attempt, WatchedDirectory directory) {
    this.setup = setup;
    this.store = setup.store();
    this.disk = setup.disk();
    this.env = setup.env();
    this.host = setup.host();
    this.options = setup.options();
    this.program = setup.program();
    this.signals = setup.signals();
    this.tell = setup.tell();
    this.attempt = attempt;
    this.directory = directory;
    this.checkpointer =
        new Checkpointer(store.repository(), disk, env, attempt, options.retention(), host.node());
  }

  Outcome run() {
    try {
      endPredecessors();
      Optional<Outcome> answered = answer(attempt.refresh());
      if (answered.isPresent()) {
        return answered.get();
      }
      Start start = prepare();
      if (start == null) {
        return new Outcome.Over(CairnExit.OWN_ERROR);
      }
      return mayStart() ? supervise(start) : handBack();
    } catch (CairnException.Fenced e) {
      tell.accept(e.getMessage() + "; nothing more is published from here");
      return new Outcome.Over(CairnExit.CONFLICT);
    } catch (CairnException e) {
      handBackUnstarted(e);
      throw e;
    }
  }

  /// A restore may take long; what came meanwhile is asked before anything is started.
  private boolean mayStart() {
    return signals.stop().isEmpty()
        && !attempt.displaced()
        && attempt.left().compareTo(options.timing().margin()) > 0;
  }

  private Outcome handBack() {
    String when = "before the command was started";
    attempt.append(_ ->
        signals.isInterrupt()
            ? new Event.Paused("person", when)
            : new Event.Released("preempted", when, false, null, 0));
    return new Outcome.Again();
  }

  /// The start failed: says so in the journal if that is possible, so that nobody waits for the
  /// lease.
  private void handBackUnstarted(CairnException why) {
    try {
      boolean full = why instanceof CairnException.Unavailable u && u.isFull();
      attempt.append(_ ->
          full
              ? new Event.Paused("disk_full", "no space left before the command was started")
              : new Event.Released(
                  "start_failed", "before the command was started", false, null, 0));
    } catch (CairnException e) {
      return; // the first error is the one to tell
    }
  }

  /// Ends what earlier attempts on this host and boot may have left running: the directory belongs
  /// to one attempt.
  private void endPredecessors() {
    for (Event.Owner owner : attempt.log().history().ownersBefore(attempt.token())) {
      if (program.endStopped(owner)) {
        tell.accept(
            "ended process %d, the supervisor of an earlier attempt that stood still in the middle of it"
                .formatted(owner.pid()));
      }
    }
    for (Heartbeat beat : store.journal().heartbeats(attempt.job())) {
      if (beat.token() < attempt.token()
          && beat.child() != null
          && program.endOrphan(beat.child())) {
        tell.accept(
            "ended process group %d, left over from %s"
                .formatted(beat.child().group(), attempt.log().history().who(beat.token())));
      }
    }
  }

  private Optional<Outcome> answer(JobState state) {
    if (state.asks(JobState.Request.Kind.CANCEL)) {
      attempt.append(_ -> new Event.Cancelled("before it was started"));
      tell.accept("job %s was cancelled before it was started".formatted(attempt.job()));
      return Optional.of(new Outcome.Over(Supervisor.EXIT_STOPPED));
    }
    if (state.asks(JobState.Request.Kind.PAUSE)) {
      attempt.append(_ -> new Event.Paused("person", "before it was started"));
      tell.accept("job %s was paused before it was started".formatted(attempt.job()));
      return Optional.of(new Outcome.Over(Supervisor.EXIT_STOPPED));
    }
    return Optional.empty();
  }

  /// The directory may belong to a successor by now, on this very machine, if the restore took
  /// longer than the lease.
  private void requireDirectory() {
    boolean over = !attempt.left().isPositive();
    if (attempt.displaced() || over && attempt.lookForClaims()) {
      throw new CairnException.Fenced(
          "job %s was taken over while it was being restored here".formatted(attempt.job()));
    }
    if (over) {
      throw new CairnException.Unavailable(
          "the restore took longer than the lease", "Give a longer --lease.", null);
    }
  }

  /// What the command goes on from.
  ///
  /// @param checkpoint its number; absent at the very first start
  /// @param tree what the directory holds now
  private record Start(@Nullable Published checkpoint, FileTree tree) {
    boolean isRestored() {
      return checkpoint != null && !checkpoint.checkpoint().isBaseline();
    }
  }

  /// @return absent if no checkpoint is whole: then the job is paused
  private @Nullable Start prepare() {
    attempt.log().history().unreadable().forEach(slot -> tell.accept(Told.unreadable(slot)));
    List<Published> candidates =
        attempt.log().history().lineage().stream()
            .filter(p -> p.checkpoint().manifest() != null)
            .toList();
    if (candidates.isEmpty()) {
      directory.own();
      return baseline();
    }
    Published first = candidates.getFirst();
    if (first.checkpoint().sizeBytes() >= LARGE_BYTES) {
      tell.accept(
          "restoring %s@%d: %d files, %s"
              .formatted(
                  attempt.job(),
                  first.number(),
                  first.checkpoint().files(),
                  Human.bytes(first.checkpoint().sizeBytes())));
    }
    Restorer.Outcome outcome =
        directory.goTo(
            new Restorer(store.repository()),
            attempt.job(),
            candidates,
            this::requireDirectory,
            Meter.NONE);
    outcome
        .damaged()
        .forEach((number, e) ->
            tell.accept(
                "checkpoint %s@%d is damaged: %s"
                    .formatted(attempt.job(), number, e.getMessage())));
    Published found = outcome.checkpoint();
    if (found == null) {
      attempt.append(_ -> new Event.Paused("corrupt", "no checkpoint is whole"));
      tell.accept(
          "no checkpoint of job %s is whole, so it is paused; nothing was changed. See: cairn checkpoints verify %s"
              .formatted(attempt.job(), attempt.job()));
      return null;
    }
    directory.own();
    checkpointer.wentOnFrom(found.number(), outcome.damaged().keySet());
    tell.accept(Told.restored(attempt.job(), found, host));
    return new Start(found, scan());
  }

  /// The first checkpoint: what was there before the command first ran, so that a second start
  /// finds the same, whatever the first one left behind.
  private Start baseline() {
    try {
      Checkpointer.Saved saved =
          checkpointer.save(
              new Capture(
                  Checkpoint.Kind.MANUAL,
                  CapturedFiles.in(directory.path(), WatchedDirectory::isOurs),
                  Progress.NONE,
                  withBaseline(),
                  null,
                  List.of()),
              Meter.NONE);
      FileTree tree = Objects.requireNonNull(saved.tree());
      tree.warnings().forEach(tell);
      return new Start(null, tree);
    } catch (Changed e) {
      throw new CairnException.Conflict(
          "something else writes into %s: %s".formatted(directory.path(), e.getMessage()),
          "The directory that a job saves into belongs to that job. Nothing was started.");
    }
  }

  private Map<String, String> withBaseline() {
    var labels = new HashMap<>(options.labels());
    labels.put(Checkpoint.BASELINE, "true");
    return labels;
  }

  private FileTree scan() {
    return FileTree.scan(disk, directory.path(), WatchedDirectory::isOurs);
  }

  private Outcome supervise(Start start) {
    try (Child child = program.start(environment(start))) {
      attempt.reportNow(Progress.NONE, child.group());
      var watch =
          new CaptureWatch(
              disk,
              env,
              directory.path(),
              options.layout(),
              child::savedCount,
              child::progress,
              () -> child.openFiles(directory.path()));
      watch.published(start.tree());
      try (var recorder = new Recorder(setup, attempt, checkpointer, watch)) {
        recorder.start();
        return new ChildWatch(setup, attempt, child, recorder).untilOver();
      }
    }
  }

  private Map<String, String> environment(Start start) {
    var variables = new HashMap<String, String>();
    variables.put("CAIRN_JOB", attempt.job().value());
    variables.put("CAIRN_ATTEMPT", String.valueOf(attempt.log().state().attempt()));
    variables.put("CAIRN_FENCING_TOKEN", String.valueOf(attempt.token()));
    variables.put("CAIRN_RESTORED", start.isRestored() ? "1" : "0");
    variables.put(
        "CAIRN_CHECKPOINT",
        start.checkpoint() != null && start.isRestored()
            ? attempt.job() + "@" + start.checkpoint().number()
            : "");
    variables.put("CAIRN_CHECKPOINT_DIR", directory.path().toString());
    return variables;
  }
}
