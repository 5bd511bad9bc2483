package dev.cairn.testkit;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/// A process of its own that takes the job over, goes on from its newest checkpoint and saves one
/// after the other until it is killed. It says on its standard output what it was told is done, one
/// line each, so that whoever reads them knows what has to last.
final class SavingProcess {
  private static final Duration HEARTBEAT = Duration.ofMillis(100);
  private static final Duration LEASE = Duration.ofMinutes(1);
  private static final int INLINE_CHARS = 1100;
  private static final int LARGE_CHARS = 20_000;
  private static final int LARGE_EVERY = 3;
  private static final int FILELESS_EVERY = 5;

  private SavingProcess() {}

  /// What is said.
  ///
  /// @param entry its number in the journal; 0 if there is none
  /// @param step of a checkpoint; else 0
  record Told(What what, long entry, long step) {
    static Told of(String line) {
      String[] words = line.split(" ", -1);
      return new Told(What.valueOf(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]));
    }
  }

  /// What is only found there, and never said to be done, need not last: a predecessor that was
  /// killed may not have forced it. With the claim it does.
  enum What {
    /// The store.
    MADE,
    /// The job.
    SUBMITTED,
    CLAIMED,
    /// Nothing if its entry is 0.
    RESTORED,
    SAVED
  }

  /// @param args the store; the sources, one directory below it for each step that is saved in
  ///   turn; a directory that does not exist, to restore into
  public static void main(String[] args) {
    var disk = new RealDisk();
    var env = new SystemEnv();
    Path root = Path.of(args[0]);
    Path sources = Path.of(args[1]);
    boolean isNew = disk.stat(root.resolve("cairn.json")).isEmpty();
    try (Store store = Store.openOrCreate(disk, env, root)) {
      if (isNew) {
        say(What.MADE, 0, 0);
      }
      JobLog log = JobLog.open(store.journal(), env, Worker.JOB);
      if (!log.history().exists()) {
        Worker.submit(log);
        say(What.SUBMITTED, log.history().last(), 0);
      }
      try (Worker worker = claim(store, disk, env, log)) {
        say(What.CLAIMED, worker.attempt().token(), 0);
        long step = restore(worker, Path.of(args[2]));
        while (true) {
          step++;
          say(What.SAVED, worker.save(step(sources, step)), step);
        }
      }
    }
  }

  private static Worker claim(Store store, Disk disk, Env env, JobLog log) {
    Host here = Host.here(); // so that a killed one is known to be gone, without a wait
    var claimer = new Claimer(store.journal(), env, here, HEARTBEAT, LEASE);
    Attempt attempt =
        claimer.claim(log, Event.Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt();
    return new Worker(store, disk, env, here.node(), Worker.KEEP_LAST, attempt);
  }

  /// @return the step of what was restored
  private static long restore(Worker worker, Path target) {
    Restorer.Outcome outcome = worker.restore(target);
    if (!outcome.damaged().isEmpty()) {
      throw new AssertionError("damaged: " + outcome.damaged());
    }
    Published restored = outcome.checkpoint();
    long step = restored == null ? 0 : step(restored);
    say(What.RESTORED, restored == null ? 0 : restored.number(), step);
    return step;
  }

  static long step(Published published) {
    return Objects.requireNonNull(published.checkpoint().progress().step());
  }

  /// What is saved as a step: the same whoever saves it. Every fifth has no files.
  ///
  /// @param sources directories with the contents of the others, in turn
  static Step step(Path sources, long number) {
    List<Path> names = new RealDisk().list(sources);
    Path source = sources.resolve(names.get((int) (number % names.size())));
    String note = "x".repeat(number % LARGE_EVERY == 0 ? LARGE_CHARS : INLINE_CHARS);
    return new Step(
        number,
        number % FILELESS_EVERY == 0 ? null : source,
        "{\"step\":%d,\"note\":\"%s\"}".formatted(number, note),
        DirectoryContents.NOTHING);
  }

  private static void say(What what, long entry, long step) {
    System.out.print(what + " " + entry + " " + step + "\n"); // one write: all of it or nothing
  }
}
