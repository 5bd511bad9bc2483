package dev.cairn.bench;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How long short commands take from the shell's point of view.
@Command(
    name = "startup",
    description = "Time of commands that do little.",
    mixinStandardHelpOptions = true)
final class StartupBench implements Callable<Integer> {
  private static final int WARM_UP = 2;
  private static final int JOBS = 100;
  private static final int CHECKPOINTS = 3;

  @Option(names = "--runs", paramLabel = "N", description = "Medians of N runs (default: 15).")
  private int runs = 15;

  @Option(names = "--cairn", description = "The command (default: that of this checkout).")
  private String cairn = "";

  private final Medians millis = new Medians();

  @Override
  public Integer call() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (var place = new Place(temporary)) {
      Path none = place.resolve("none");
      Path many = place.resolve("many");
      make(none, 0);
      make(many, JOBS);
      System.out.println(Machine.facts(temporary));
      var empty = CairnCommand.of(cairn, none);
      var full = empty.with(many);
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      for (int i = -WARM_UP; i < runs; i++) {
        add(i, "`java -version` (the JVM alone)", Program.run(Map.of(), List.of(java, "-version")));
        add(i, "`cairn --help`", empty.run("--help"));
        add(i, "`cairn jobs list`, no job", empty.run("jobs", "list"));
        add(i, "`cairn jobs list`, 100 jobs", full.run("jobs", "list"));
        add(i, "`cairn checkpoints list JOB`", full.run("checkpoints", "list", "job-7"));
        add(
            i,
            "`cairn checkpoints list`, 100 jobs, 300 checkpoints",
            full.run("checkpoints", "list"));
      }
    }
    print();
    return 0;
  }

  private void add(int round, String name, Program.Run run) {
    if (round >= 0) {
      millis.add(name, run.seconds() * 1000);
    }
  }

  private static void make(Path root, int jobs) {
    var env = new SystemEnv();
    var disk = new RealDisk();
    try (Store store = Store.openOrCreate(disk, env, root)) {
      var claimer =
          new Claimer(store.journal(), env, Host.here(), Duration.ofHours(1), Duration.ofHours(3));
      for (int i = 0; i < jobs; i++) {
        JobLog log = JobLog.open(store.journal(), env, JobId.of("job-" + i));
        log.append(_ -> new Event.Submitted("bench", Retention.DEFAULTS.keepLast(), Map.of()));
        try (Attempt attempt =
            claimer.claim(log, Event.Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt()) {
          var checkpointer =
              new Checkpointer(store.repository(), disk, env, attempt, Retention.DEFAULTS, "bench");
          for (int step = 0; step < CHECKPOINTS; step++) {
            checkpointer.save(state(step), Meter.NONE);
          }
          attempt.append(_ -> new Event.Completed("exit code 0"));
        } catch (dev.cairn.repository.Changed e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  static Checkpointer.Capture state(long step) {
    return new Checkpointer.Capture(
        Checkpoint.Kind.PERIODIC,
        CapturedFiles.NONE,
        Progress.NONE.withStep(step),
        Map.of(),
        "{\"cursor\": %d}".formatted(step),
        List.of());
  }

  private void print() {
    System.out.printf("medians of %d runs%n%n", runs);
    System.out.println("| command | milliseconds (least … most) |");
    System.out.println("|---|---|");
    for (String name : millis.names()) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f (%.0f … %.0f) |%n",
          name,
          millis.median(name),
          millis.least(name),
          millis.most(name));
    }
  }
}
