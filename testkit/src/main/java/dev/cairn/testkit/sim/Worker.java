package dev.cairn.testkit.sim;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.JobState.Request;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.env.Disk;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/// A job that uses the library itself: claims, answers, restores, works, saves, ends somehow.
final class Worker {
  static final Duration HEARTBEAT = Duration.ofSeconds(1);
  static final Duration LEASE = Duration.ofSeconds(4);
  private static final Duration MARGIN = LEASE.dividedBy(6);
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final Duration RETRY = Duration.ofMillis(300);
  private static final int TRIES = 4;

  private final Sim sim;
  private final SimProcess process;
  private final JobId job;
  private final SplittableRandom random;
  private final Store store;
  private final Disk disk;
  private final Path home;
  private BigDecimal cost = BigDecimal.ZERO;

  Worker(Sim sim, SimProcess process, JobId job) {
    this.sim = sim;
    this.process = process;
    this.job = job;
    this.random = sim.random().split();
    this.store = sim.open(process);
    this.disk = sim.local(process);
    this.home = Path.of("/home/" + job + "/" + process.name);
  }

  void run() {
    JobLog log = JobLog.open(store.journal(), process.env, job);
    if (!log.history().exists()) {
      log.append(_ -> new Event.Submitted("worker", 3, Map.of()));
    }
    Status status = log.state().status();
    if (status != Status.PENDING && status != Status.RUNNING) {
      process.env.sleep(Duration.ofSeconds(5));
      return;
    }
    claimer()
        .claim(log, Event.Purpose.WORK, process.patience(PATIENCE))
        .ifPresent(claimed -> {
          try (Attempt attempt = claimed.attempt()) {
            work(attempt);
          }
        });
  }

  private Claimer claimer() {
    return new Claimer(store.journal(), process.env, process.host, HEARTBEAT, LEASE);
  }

  private void work(Attempt attempt) {
    if (answer(attempt, attempt.refresh())) {
      return;
    }
    var checkpointer =
        new Checkpointer(
            store.repository(),
            disk,
            process.env,
            attempt,
            new Retention(random.nextInt(1, 4)),
            process.node.name);
    Restorer.Outcome outcome =
        new Restorer(store.repository())
            .newestValid(job, attempt.log().history().lineage(), home, null, Meter.NONE);
    Long from = outcome.checkpoint() == null ? null : outcome.checkpoint().number();
    checkpointer.wentOnFrom(from, outcome.damaged().keySet());
    outcome
        .damaged()
        .forEach((number, why) -> sim.witness().damaged(process, job.value(), number, why));
    Link link = start(attempt, from);
    int steps = random.nextInt(1, 12);
    for (int i = 0; i < steps; i++) {
      process.env.sleep(Duration.ofMillis(random.nextLong(20, 2500)));
      link = i == 0 ? link : link.next(attempt.token(), from == null ? 0 : from);
      if (!goesOn(attempt) || !step(attempt, checkpointer, link)) {
        return;
      }
    }
    end(attempt);
  }

  private Link start(Attempt attempt, @org.jspecify.annotations.Nullable Long from) {
    sim.witness().audit().wentOn(process, job.value(), attempt.token(), from);
    disk.createDirectories(home);
    SortedMap<String, byte[]> files = Files.below(disk, home);
    if (from == null || files.isEmpty()) {
      return Link.first(job, attempt.token(), from == null ? 0 : from);
    }
    sim.witness().audit().restored(process, job.value(), from, files);
    try {
      return Link.of(job, files)
          .map(link -> link.next(attempt.token(), from))
          .orElseGet(() -> Link.first(job, attempt.token(), from));
    } catch (Link.Wrong e) { // a baseline: leftovers of an earlier life of the job
      files.keySet().forEach(path -> disk.delete(home.resolve(path)));
      return Link.first(job, attempt.token(), from);
    }
  }

  private boolean goesOn(Attempt attempt) {
    return !attempt.displaced() && attempt.left().compareTo(MARGIN) > 0;
  }

  /// @return whether the attempt goes on
  private boolean step(Attempt attempt, Checkpointer checkpointer, Link link) {
    Files.write(disk, home, home.resolveSibling(process.name + ".tmp"), link);
    cost = cost.add(BigDecimal.ONE);
    attempt.report(progress(link), null);
    if (attempt.news()) {
      JobState state = attempt.refresh();
      if (answer(attempt, state)) {
        return false;
      }
      if (state.asks(Request.Kind.PRUNE)) {
        checkpointer.answerPruneRequests();
      }
    }
    String state = random.nextInt(3) == 0 ? null : link.pointer() + " ".repeat(padding());
    List<Long> asked =
        attempt.log().state().requests().stream()
            .filter(request -> request.kind() == Request.Kind.CHECKPOINT)
            .map(Request::number)
            .toList();
    var capture =
        new Capture(
            Checkpoint.Kind.PERIODIC,
            CapturedFiles.in(home, _ -> false),
            progress(link),
            Map.of(),
            state,
            asked);
    return again(
        attempt,
        () -> {
          try {
            checkpointer.save(capture, Meter.NONE);
            return true;
          } catch (Changed e) {
            throw new IllegalStateException("nobody else writes there", e);
          }
        });
  }

  private int padding() {
    return switch (random.nextInt(8)) {
      case 0 -> 17_000; // too large for the journal
      case 1, 2 -> 1_100; // worth trimming
      default -> 0;
    };
  }

  private Progress progress(Link link) {
    return new Progress(null, link.step(), null, null, cost, 0);
  }

  /// Tries something a few times where the store does not answer.
  ///
  /// @return whether the attempt may go on
  private boolean again(Attempt attempt, Supplier<Boolean> action) {
    for (int i = 0; i < TRIES; i++) {
      try {
        return action.get();
      } catch (CairnException.Unavailable e) {
        sim.story().tell(process.name, () -> "no luck: " + e.getMessage());
        process.env.sleep(RETRY);
        if (!goesOn(attempt)) {
          return false;
        }
      } catch (CairnException.Fenced e) {
        sim.witness().fenced(process, job.value(), attempt.token());
        return false;
      }
    }
    return random.nextBoolean();
  }

  /// @return whether that ended the attempt
  private boolean answer(Attempt attempt, JobState state) {
    if (state.asks(Request.Kind.CANCEL)) {
      again(attempt, () -> end(attempt, new Event.Cancelled("asked for")));
      return true;
    }
    if (state.asks(Request.Kind.PAUSE)) {
      again(attempt, () -> end(attempt, new Event.Paused("person", "asked for")));
      return true;
    }
    return false;
  }

  private static boolean end(Attempt attempt, Event.End event) {
    attempt.append(_ -> event);
    return true;
  }

  private void end(Attempt attempt) {
    Event.End event =
        switch (random.nextInt(12)) {
          case 0 -> new Event.Completed("done");
          case 1 -> new Event.Failed("child_failed", "", 1);
          case 2 -> new Event.Paused("disk_full", "");
          case 3, 4 -> new Event.Released("child_failed", "", true, 1, 0);
          default -> new Event.Released("preempted", "", false, null, 0);
        };
    if (random.nextInt(6) > 0) { // else it just goes away
      again(attempt, () -> end(attempt, event));
    }
  }
}
