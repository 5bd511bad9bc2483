package dev.cairn.testkit.sim;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Forker;
import dev.cairn.checkpoint.Pruner;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.env.Disk;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Somebody who types commands about a job: one after another, without much thought.
final class Person {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Sim sim;
  private final SimProcess process;
  private final JobId job;
  private final SplittableRandom random;
  private final Store store;
  private final Disk disk;
  private int restores;

  Person(Sim sim, SimProcess process, JobId job) {
    this.sim = sim;
    this.process = process;
    this.job = job;
    this.random = sim.random().split();
    this.store = sim.open(process);
    this.disk = sim.local(process);
  }

  void run() {
    JobLog log = JobLog.open(store.journal(), process.env, job);
    int commands = random.nextInt(1, 6);
    for (int i = 0; i < commands; i++) {
      process.env.sleep(Duration.ofMillis(random.nextLong(200, 9000)));
      if (random.nextBoolean()) { // another command, which reads everything anew
        log = JobLog.open(store.journal(), process.env, job);
      }
      try {
        command(log);
      } catch (CairnException.Conflict | CairnException.NotFound e) {
        sim.story().tell(process.name, () -> "is told: " + e.getMessage());
      }
    }
  }

  private void command(JobLog log) {
    switch (random.nextInt(30)) {
      case 0 -> log.append(_ -> new Event.CancelRequested(process.name, ""));
      case 1, 2 -> log.append(_ -> new Event.PauseRequested(process.name, ""));
      case 3, 4, 5, 6 -> resume(log, null);
      case 7, 8 -> resume(log, any(log.history()));
      case 9, 10 -> pin(log);
      case 11 -> unpin(log);
      case 12 ->
          log.append(_ -> new Event.CheckpointRequested(process.name, Checkpoint.Kind.MANUAL));
      case 13, 14 -> prune(log);
      case 15, 16 -> save(log);
      case 17 -> delete(log);
      case 18, 19, 20 -> restore(log);
      case 21, 22, 23 -> fork(log);
      case 24, 25 -> pruneByRules(log);
      default -> spend(log);
    }
  }

  private void resume(JobLog log, @Nullable Long from) {
    log.refresh();
    boolean rollback = from != null && log.state().status() == Status.PENDING;
    if (log.state().status().isResumable() || rollback) {
      log.append(history -> {
        if (from != null) {
          history.checkpoint(from);
        }
        return new Event.Resumed(process.name, from);
      });
    }
  }

  private @Nullable Long any(History history) {
    var numbers = new ArrayList<>(history.live().keySet());
    return numbers.isEmpty() ? null : numbers.get(random.nextInt(numbers.size()));
  }

  private void pin(JobLog log) {
    Long number = any(log.history());
    if (number != null) {
      String tag = random.nextBoolean() ? "best" : null;
      log.append(history -> {
        history.checkpoint(number);
        return new Event.Pinned(process.name, number, tag);
      });
    }
  }

  private void unpin(JobLog log) {
    Long number = log.history().pinned().stream().findFirst().orElse(null);
    if (number != null) {
      log.append(_ -> new Event.Unpinned(process.name, number));
    }
  }

  /// Asks the holder to drop a checkpoint, or does it where nobody runs the job.
  private void prune(JobLog log) {
    log.refresh();
    Long number = any(log.history());
    if (number == null || number.equals(log.state().newest())) {
      return;
    }
    if (log.state().status() == Status.RUNNING) {
      log.append(_ -> new Event.PruneRequested(process.name, List.of(number)));
    } else {
      maintain(log, checkpointer -> checkpointer.prune(Set.of(number), "asked for"));
    }
  }

  /// As `cairn prune` does.
  private void pruneByRules(JobLog log) {
    log.refresh();
    if (!log.history().exists() || log.state().status() == Status.RUNNING) {
      return;
    }
    var pruner = new Pruner(store, disk, process.env, claimer(), process.node.name);
    try {
      Pruner.Proposal proposal = pruner.propose(log, new Retention(1), Meter.NONE);
      if (proposal.isWorthwhile()) {
        pruner.carryOut(log, proposal, process.name, process.patience(PATIENCE));
      }
    } catch (CairnException.Corrupt e) {
      sim.story().tell(process.name, () -> "prunes nothing: " + e.getMessage());
    } catch (CairnException.Fenced e) {
      sim.story().tell(process.name, () -> "is displaced while it prunes");
    }
  }

  private void delete(JobLog log) {
    log.refresh();
    if (log.history().exists() && log.state().status() != Status.RUNNING) {
      maintain(log, checkpointer -> checkpointer.delete(process.name));
    }
  }

  /// As `cairn save` does, from outside.
  private void save(JobLog log) {
    log.refresh();
    if (log.state().status() == Status.RUNNING || log.state().status() == Status.COMPLETED) {
      return;
    }
    if (!log.history().exists()) {
      log.append(_ -> new Event.Submitted("save", 3, Map.of()));
    }
    maintain(
        log,
        (attempt, checkpointer) -> {
          Path home = Path.of("/saves/" + process.name + "-" + attempt.token());
          Long base = attempt.log().state().newest();
          Link link = Link.first(job, attempt.token(), base == null ? 0 : base);
          disk.createDirectories(home);
          Files.write(disk, home, home.resolveSibling(process.name + ".tmp"), link);
          try {
            checkpointer.save(
                new Capture(
                    Checkpoint.Kind.MANUAL,
                    CapturedFiles.in(home, _ -> false),
                    Progress.NONE,
                    Map.of(),
                    link.pointer(),
                    List.of()),
                Meter.NONE);
          } catch (Changed e) {
            throw new IllegalStateException("nobody else writes there", e);
          }
        });
  }

  private interface Errand {
    void run(Attempt attempt, Checkpointer checkpointer);
  }

  private void maintain(JobLog log, Consumer<Checkpointer> errand) {
    maintain(log, (_, checkpointer) -> errand.accept(checkpointer));
  }

  private void maintain(JobLog log, Errand errand) {
    claimer()
        .claim(log, Event.Purpose.MAINTENANCE, process.patience(PATIENCE))
        .ifPresent(claimed -> {
          try (Attempt attempt = claimed.attempt()) {
            errand.run(attempt, checkpointer(attempt));
            if (attempt.log().history().exists()) {
              attempt.append(_ -> new Event.Released("done", "", false, null, 0));
            }
          } catch (CairnException.Fenced e) {
            sim.witness().fenced(process, job.value(), claimed.attempt().token());
          }
        });
  }

  private Checkpointer checkpointer(Attempt attempt) {
    return new Checkpointer(
        store.repository(), disk, process.env, attempt, new Retention(2), process.node.name);
  }

  /// Looks at a checkpoint without holding the job; it may be pruned meanwhile.
  private void restore(JobLog log) {
    log.refresh();
    Long number = any(log.history());
    if (number == null) {
      return;
    }
    Published published = log.history().checkpoint(number);
    Path target = Path.of("/look/" + process.name + "-" + ++restores);
    try {
      new Restorer(store.repository()).restore(job, published, target, null, Meter.NONE);
    } catch (CairnException.Corrupt e) {
      sim.witness().damaged(process, job.value(), number, e);
      return;
    }
    SortedMap<String, byte[]> files = Files.below(disk, target);
    sim.witness().audit().restored(process, job.value(), number, files);
  }

  /// Makes a new job of a checkpoint, always of the same name, whoever else does so at the moment.
  private void fork(JobLog log) {
    log.refresh();
    Long number = any(log.history());
    if (number == null || job.equals(Scenario.FORK)) {
      return;
    }
    try {
      new Forker(store, process.env, claimer(), process.node.name)
          .fork(
              new CheckpointId(job, number),
              Scenario.FORK,
              process.name,
              process.patience(PATIENCE),
              Meter.NONE);
    } catch (CairnException.Corrupt e) {
      sim.witness().damaged(process, job.value(), number, e);
    }
  }

  private Claimer claimer() {
    return new Claimer(store.journal(), process.env, process.host, Worker.HEARTBEAT, Worker.LEASE);
  }

  /// Adds up what the job has cost, as `cairn jobs show` does.
  private void spend(JobLog log) {
    if (sim.weather().stale() > 0) {
      return; // it is read from a listing
    }
    log.refresh();
    BigDecimal least = sim.witness().spending().least(job.value());
    BigDecimal read =
        store.journal().heartbeats(job).stream()
            .map(Heartbeat::progress)
            .map(Progress::costUsd)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    sim.witness().spending().judge(job.value(), read, least).ifPresent(sim.witness()::violate);
  }
}
