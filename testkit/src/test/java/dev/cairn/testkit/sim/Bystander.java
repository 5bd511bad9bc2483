package dev.cairn.testkit.sim;

import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Forker;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import java.time.Duration;
import java.util.Map;

/// A process with one habit: it does one kind of thing to a job, over and over.
final class Bystander {
  private static final JobId JOB = Crowd.JOB;

  private final Sim sim;
  private final SimProcess process;
  private final Store store;

  Bystander(Sim sim, SimProcess process) {
    this.sim = sim;
    this.process = process;
    this.store = sim.open(process);
  }

  private JobLog log() {
    JobLog log = JobLog.open(store.journal(), process.env, JOB);
    if (!log.history().exists()) {
      log.append(_ -> new Event.Submitted("bystander", 3, Map.of()));
    }
    return log;
  }

  private Claimer claimer() {
    return new Claimer(store.journal(), process.env, process.host, Worker.HEARTBEAT, Worker.LEASE);
  }

  private boolean stayPatient(String holder, Duration lease, Duration look) {
    process.env.sleep(look);
    return true;
  }

  private void sleep(long mostMillis) {
    process.env.sleep(Duration.ofMillis(sim.random().nextLong(mostMillis)));
  }

  /// Claims the job, holds it for a while without a word, and hands it back.
  void hold(Event.Purpose purpose) {
    JobLog log = log();
    Status status = log.state().status();
    boolean fits =
        purpose == Event.Purpose.WORK
            ? status == Status.PENDING || status == Status.RUNNING
            : status != Status.RUNNING;
    if (!fits) {
      return; // others come
    }
    claimer()
        .claim(log, purpose, this::stayPatient)
        .ifPresent(claimed -> handBack(claimed.attempt()));
  }

  private void handBack(Attempt claimed) {
    try (Attempt attempt = claimed) {
      sleep(12_000);
      attempt.append(_ -> new Event.Released("done", "", false, null, 0));
    } catch (CairnException.Fenced e) {
      sim.witness().fenced(process, JOB.value(), claimed.token());
    }
  }

  /// Reads what is new and appends a pin on top of it.
  void pin() {
    JobLog log = log();
    while (!sim.weather().equals(Weather.CALM)) {
      sleep(150);
      try {
        log.refresh();
        log.append(_ -> new Event.Pinned(process.name, 1));
      } catch (CairnException.Unavailable e) {
        sim.story().tell(process.name, () -> "no luck: " + e.getMessage());
      }
    }
  }

  /// Pauses the job, and resumes it.
  void pause() {
    JobLog log = log();
    while (!sim.weather().equals(Weather.CALM)) {
      sleep(3000);
      log.refresh();
      JobState state = log.state();
      if (state.status().isResumable()) {
        log.append(_ -> new Event.Resumed(process.name, null));
      } else if (state.status() == Status.PENDING) {
        log.append(_ -> new Event.PauseRequested(process.name, ""));
      }
    }
  }

  /// Makes a new job of a checkpoint, again and again, always of the same name.
  void fork() {
    JobLog log = log();
    while (!sim.weather().equals(Weather.CALM)) {
      sleep(300);
      log.refresh();
      Long newest = log.state().newest();
      if (newest == null) {
        continue;
      }
      try {
        new Forker(store, process.env, claimer(), process.node.name)
            .fork(
                new CheckpointId(JOB, newest),
                Scenario.FORK,
                process.name,
                this::stayPatient,
                Meter.NONE);
      } catch (CairnException e) {
        sim.story().tell(process.name, () -> "no fork: " + e.getMessage());
      }
    }
  }

  /// Deletes the job that forks are made into.
  void delete() {
    JobLog log = JobLog.open(store.journal(), process.env, Scenario.FORK);
    if (log.history().exists()) {
      claimer()
          .claim(log, Event.Purpose.MAINTENANCE, this::stayPatient)
          .ifPresent(claimed -> delete(claimed.attempt()));
    }
  }

  private void delete(Attempt claimed) {
    try (Attempt attempt = claimed) {
      new Checkpointer(
              store.repository(),
              sim.local(process),
              process.env,
              attempt,
              Retention.DEFAULTS,
              process.node.name)
          .delete(process.name);
    }
  }
}
