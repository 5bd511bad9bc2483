package dev.cairn.testkit.sim;

import dev.cairn.blob.BlobStore;
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
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What must be possible when the weather has cleared: everything that was acknowledged is there,
/// and whoever comes next goes on with every job.
final class Epilogue {
  private static final Duration ENOUGH = Duration.ofSeconds(60);

  private final Sim sim;
  private final Duration start;

  Epilogue(Sim sim, Duration start) {
    this.sim = sim;
    this.start = start;
  }

  void play(List<JobId> jobs) {
    Node node = sim.nodes().getFirst();
    for (JobId job : jobs) {
      if (sim.witness().job(job.value()).isRotten()) {
        continue; // a person must look at it first
      }
      SimProcess process = sim.process(node);
      sim.scheduler()
          .fork(
              process.group,
              "epilogue",
              () -> {
                try {
                  goOn(process, job);
                } catch (CairnException e) {
                  sim.witness().violate("I9", "jobs_can_go_on", job + ": " + e);
                }
              });
    }
    sim.scheduler().runUntil(start.plus(ENOUGH));
    BlobStore raw = sim.raw();
    sim.witness().powerCameBack(raw);
    for (JobId job : jobs) {
      String status = sim.witness().job(job.value()).rules().status();
      sim.witness()
          .require(
              sim.witness().job(job.value()).isRotten() || status.equals("completed"),
              "I9",
              "jobs_can_go_on",
              () -> "job %s is %s although the weather is calm".formatted(job, status));
    }
  }

  private void goOn(SimProcess process, JobId job) {
    Store store = sim.open(process);
    JobLog log = JobLog.open(store.journal(), process.env, job);
    var claimer =
        new Claimer(store.journal(), process.env, process.host, Worker.HEARTBEAT, Worker.LEASE);
    while (log.state().status() != Status.COMPLETED) {
      if (!log.history().exists()) {
        log.append(_ -> new Event.Submitted("epilogue", 3, Map.of()));
      }
      if (log.state().status().isResumable()) {
        log.append(_ -> new Event.Resumed(process.name, null));
      }
      Claimer.Claimed claimed =
          claimer
              .claim(
                  log,
                  Event.Purpose.WORK,
                  (_, _, look) -> {
                    process.env.sleep(look);
                    return true;
                  })
              .orElseThrow();
      try (Attempt attempt = claimed.attempt()) {
        finish(process, store, attempt);
      } catch (CairnException.Fenced e) {
        log.refresh(); // a worker of the play was faster
      }
    }
  }

  private void finish(SimProcess process, Store store, Attempt attempt) {
    if (attempt.refresh().asks(dev.cairn.domain.JobState.Request.Kind.CANCEL)) {
      attempt.append(_ -> new Event.Cancelled("asked for"));
      return;
    }
    if (attempt.log().state().asks(dev.cairn.domain.JobState.Request.Kind.PAUSE)) {
      attempt.append(_ -> new Event.Paused("person", "asked for"));
      return;
    }
    Path home = Path.of("/epilogue/" + attempt.job() + "-" + attempt.token());
    var disk = sim.local(process);
    Restorer.Outcome outcome =
        new Restorer(store.repository())
            .newestValid(attempt.job(), attempt.log().history().lineage(), home, null, Meter.NONE);
    Long from = outcome.checkpoint() == null ? null : outcome.checkpoint().number();
    sim.witness().audit().wentOn(process, attempt.job().value(), attempt.token(), from);
    var checkpointer =
        new Checkpointer(
            store.repository(), disk, process.env, attempt, new Retention(2), process.node.name);
    checkpointer.wentOnFrom(from, outcome.damaged().keySet());
    disk.createDirectories(home);
    Link link = Link.first(attempt.job(), attempt.token(), from == null ? 0 : from);
    Files.write(disk, home, home.resolveSibling(process.name + ".tmp"), link);
    try {
      checkpointer.save(
          new Capture(
              Checkpoint.Kind.FINAL,
              CapturedFiles.in(
                  home, path -> path.startsWith("steps/") && !path.equals("steps/" + link.leaf())),
              Progress.NONE,
              Map.of(),
              null,
              List.of()),
          Meter.NONE);
    } catch (Changed e) {
      throw new IllegalStateException(e);
    }
    attempt.append(_ -> new Event.Completed("done"));
  }
}
