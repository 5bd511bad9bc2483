package dev.cairn.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.OnSuccess;
import dev.cairn.checkpoint.Retention;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.run.Child;
import dev.cairn.run.DirLayout;
import dev.cairn.run.Program;
import dev.cairn.run.RunOptions;
import dev.cairn.run.Setup;
import dev.cairn.run.Signals;
import dev.cairn.run.Supervisor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A directory that changes whenever it is looked at is looked at again soon at first, and then
/// less often.
class RetryTest {
  private static final JobId JOB = JobId.of("job");
  private static final Path HOME = Path.of("/home");
  private static final Path WATCHED = HOME.resolve("watched");
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final int CHANGES = 30;
  private static final int SECOND_LOOK_MILLIS = 50;

  private final List<Long> looks = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private int writes;
  private long last;
  private boolean starts;

  @Test
  void the_first_retries_are_quick() {
    Sim.run(1, false, this::play);

    List<Long> gaps =
        IntStream.range(1, looks.size())
            .mapToObj(i -> Duration.ofNanos(looks.get(i) - looks.get(i - 1)).toMillis())
            .filter(gap -> gap >= SECOND_LOOK_MILLIS) // that of one capture after its reading
            .toList();
    assertThat(gaps.getFirst()).as("%s", gaps).isBetween(50L, 150L);
    assertThat(gaps.get(1)).as("%s", gaps).isBetween(100L, 200L);
    assertThat(gaps.getLast()).as("%s", gaps).isBetween(500L, 600L);
    assertThat(said).anyMatch(sentence -> sentence.contains("(periodic)"));
  }

  private void play(Sim sim) {
    sim.setWeather(Weather.CALM);
    SimProcess process = sim.process(sim.nodes().getFirst());
    sim.start(process, "cairn run", () -> supervise(sim, process));
    sim.scheduler().runUntil(Duration.ofSeconds(20));
    sim.curtain();
  }

  private void supervise(Sim sim, SimProcess process) {
    Disk disk = sim.local(process);
    disk.createDirectories(HOME);
    var options =
        new RunOptions(
            JOB,
            WATCHED,
            new DirLayout(),
            new RunOptions.Timing(EVERY, Worker.HEARTBEAT, Worker.LEASE, Duration.ofSeconds(3)),
            RunOptions.Restarts.DEFAULTS,
            new Retention(3),
            OnSuccess.KEEP,
            Map.of(),
            true,
            false);
    new Supervisor(
            new Setup(
                sim.open(process),
                changing(disk, process),
                process.env,
                process.host,
                options,
                new Sleeping(process),
                Signals.none(process.env),
                said::add))
        .run();
  }

  /// A disk on which each listing of the watched directory finds something new, for a while.
  private Disk changing(Disk disk, SimProcess process) {
    return (Disk)
        Proxy.newProxyInstance(
            RetryTest.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              if (starts && method.getName().equals("list") && arguments[0].equals(WATCHED)) {
                change(disk, process.env.nanos());
              }
              try {
                return method.invoke(disk, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// A capture that is refused lists the directory several times, one right after the other.
  private void change(Disk disk, long now) {
    if (writes++ < CHANGES) {
      if (looks.isEmpty() || now - last > Duration.ofMillis(30).toNanos()) {
        looks.add(now);
      }
      last = now;
      Path scratch = HOME.resolve("scratch");
      try (Disk.DiskFile file = disk.create(scratch)) {
        file.write(ByteBuffer.allocate(writes));
      }
      disk.rename(scratch, WATCHED.resolve("model"));
    }
  }

  /// Ends after ten seconds; what it would write, the disk writes for it.
  private final class Sleeping implements Program {
    private final SimProcess process;

    Sleeping(SimProcess process) {
      this.process = process;
    }

    @Override
    public String name() {
      return "sleeping";
    }

    @Override
    public Path directory() {
      return HOME;
    }

    @Override
    public void requireStartable() {
      // It always is.
    }

    @Override
    public Child start(Map<String, String> variables) {
      starts = true;
      return new Asleep(process, process.env.nanos() + Duration.ofSeconds(10).toNanos());
    }

    @Override
    public boolean endStopped(Event.Owner owner) {
      return false;
    }

    @Override
    public boolean endOrphan(Heartbeat.Child child) {
      return false;
    }
  }

  private record Asleep(SimProcess process, long until) implements Child {
    @Override
    public Heartbeat.Child group() {
      return new Heartbeat.Child("", 1, 1);
    }

    @Override
    public OptionalInt waitFor(Duration limit) {
      process.env.sleep(limit);
      return process.env.nanos() < until ? OptionalInt.empty() : OptionalInt.of(0);
    }

    @Override
    public void signal(int signal) {
      // It sleeps on.
    }

    @Override
    public Map<String, String> openFiles(Path root) {
      return Map.of();
    }

    @Override
    public Progress progress() {
      return Progress.NONE;
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
      // Nothing of it runs.
    }

    @Override
    public void close() {
      // Nor holds anything.
    }
  }
}
