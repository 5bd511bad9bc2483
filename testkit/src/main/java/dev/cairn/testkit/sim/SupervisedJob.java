package dev.cairn.testkit.sim;

import dev.cairn.checkpoint.OnSuccess;
import dev.cairn.checkpoint.Retention;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.run.Child;
import dev.cairn.run.DirLayout;
import dev.cairn.run.Program;
import dev.cairn.run.RunOptions;
import dev.cairn.run.Setup;
import dev.cairn.run.Signals;
import dev.cairn.run.Stop;
import dev.cairn.run.Supervisor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SplittableRandom;

/// A command under the real supervisor: `cairn run` in simulated time.
final class SupervisedJob {
  private static final int SIGKILL = 9;
  private static final int SIGNALLED = 128;

  private final Sim sim;
  private final SimProcess process;
  private final JobId job;
  private final SplittableRandom random;
  private final Path home;
  private int children;

  SupervisedJob(Sim sim, SimProcess process, JobId job) {
    this.sim = sim;
    this.process = process;
    this.job = job;
    this.random = sim.random().split();
    this.home = Path.of("/command/" + job);
  }

  void run() {
    var signals = Signals.none(process.env);
    var timing =
        new RunOptions.Timing(
            Duration.ofSeconds(2), Worker.HEARTBEAT, Worker.LEASE, Duration.ofSeconds(3));
    var options =
        new RunOptions(
            job,
            home.resolve("watched"),
            new DirLayout(),
            timing,
            RunOptions.Restarts.DEFAULTS,
            new Retention(random.nextInt(1, 4)),
            OnSuccess.KEEP,
            Map.of(),
            true,
            random.nextInt(4) == 0);
    process.env.fork("signals", () -> signal(signals));
    int code =
        new Supervisor(
                new Setup(
                    sim.open(process),
                    sim.local(process),
                    process.env,
                    process.host,
                    options,
                    new Steps(),
                    signals,
                    sentence -> sim.story().tell(process.name, () -> "says: " + sentence)))
            .run();
    sim.story().tell(process.name, () -> "exit code " + code);
  }

  private void signal(Signals signals) {
    process.env.sleep(Duration.ofMillis(random.nextLong(2000, 60_000)));
    signals.ask(random.nextBoolean() ? Stop.HAND_BACK : Stop.INTERRUPT);
  }

  /// The command: goes on from what it finds, makes step after step, ends somehow.
  private final class Steps implements Program {
    @Override
    public String name() {
      return "steps";
    }

    @Override
    public Path directory() {
      return home;
    }

    @Override
    public void requireStartable() {
      // It always is.
    }

    @Override
    public Child start(Map<String, String> variables) {
      SimProcess own = sim.process(process.node);
      process.onDeath(() -> sim.scheduler().kill(own.group));
      var child = new Running(own, variables);
      child.main = sim.start(own, "command", child::live);
      return child;
    }

    @Override
    public boolean endOrphan(Heartbeat.Child child) {
      return false; // none outlives its supervisor here
    }

    @Override
    public boolean endStopped(Event.Owner owner) {
      return false; // a node has no second supervisor of the same job
    }
  }

  /// One running command; everything of it is guarded by the baton.
  private final class Running implements Child {
    private final SimProcess own;
    private final Map<String, String> variables;
    private final long number = ++children;
    private Scheduler.Task main;
    private Progress progress = Progress.NONE;
    private int exitCode = SIGNALLED + SIGKILL;
    private boolean terminated;

    @SuppressWarnings("NullAway.Init") // set before anybody else sees it
    Running(SimProcess own, Map<String, String> variables) {
      this.own = own;
      this.variables = variables;
    }

    private void live() {
      var disk = sim.local(own);
      Path watched = home.resolve("watched");
      long token = Long.parseLong(variables.getOrDefault("CAIRN_FENCING_TOKEN", "0"));
      String checkpoint = variables.getOrDefault("CAIRN_CHECKPOINT", "");
      long base =
          checkpoint.isEmpty()
              ? 0
              : Long.parseLong(checkpoint.substring(checkpoint.indexOf('@') + 1));
      SortedMap<String, byte[]> files = Files.below(disk, watched);
      if (base != 0) {
        sim.witness().audit().restored(own, job.value(), base, files);
        sim.witness().audit().wentOn(own, job.value(), token, base);
      }
      Link link;
      try {
        link =
            Link.of(job, files)
                .map(last -> last.next(token, base))
                .orElseGet(() -> Link.first(job, token, base));
      } catch (Link.Wrong e) {
        sim.witness()
            .require(base == 0, "I4", "restores_are_exact", () -> own.name + ": " + e.getMessage());
        files.keySet().forEach(path -> disk.delete(watched.resolve(path)));
        link = Link.first(job, token, base); // leftovers of an earlier life of the job
      }
      int steps = random.nextInt(1, 15);
      for (int i = 0; i < steps && !terminated; i++) {
        own.env.sleep(Duration.ofMillis(random.nextLong(50, 2500)));
        Files.write(disk, watched, home.resolve("scratch-" + number), link);
        progress =
            new Progress(null, link.step(), null, null, java.math.BigDecimal.valueOf(i + 1L), 0);
        link = link.next(token, base);
      }
      exitCode = terminated ? SIGNALLED + 15 : new int[] {0, 1, 1, 1, 75, 85}[random.nextInt(6)];
    }

    @Override
    public Heartbeat.Child group() {
      return new Heartbeat.Child("", number + 1, 1);
    }

    @Override
    public OptionalInt waitFor(Duration limit) {
      try {
        if (!main.join(limit)) {
          return OptionalInt.empty();
        }
      } catch (Crash e) {
        process.requireAlive(); // else it is our own
      }
      return OptionalInt.of(exitCode);
    }

    @Override
    public void signal(int signal) {
      terminated = random.nextInt(5) > 0;
    }

    @Override
    public Map<String, String> openFiles(Path root) {
      return Map.of();
    }

    @Override
    public Progress progress() {
      return progress;
    }

    @Override
    public long savedCount() {
      return 0;
    }

    @Override
    public Optional<String> warning() {
      return Optional.empty();
    }

    @Override
    public void end() {
      sim.scheduler().kill(own.group);
    }

    @Override
    public void close() {
      end();
    }
  }
}
