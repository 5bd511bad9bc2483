package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.env.Posix;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.SavingProcess.Told;
import dev.cairn.testkit.SavingProcess.What;
import dev.cairn.testkit.Workload.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Power loss below a real process: it saves checkpoints with the production classes on a mounted
/// file system that forgets what was not forced (I1, I2, I4, I5).
///
/// A seed gives the moments, as numbers of calls that change something, and what is left; how the
/// threads of the process interleave is up to the machine. `-Dcairn.powerLoss.stores=N` works on
/// more stores, `-Dcairn.powerLoss.seed=S` starts with another seed.
@Timeout(value = 2, unit = TimeUnit.HOURS)
final class PowerLossBelowTest {
  private static final long SEED = Long.getLong("cairn.powerLoss.seed", 20_261_126);
  private static final int STORES = Integer.getInteger("cairn.powerLoss.stores", 2);

  /// After so many there is a new store, because all of the journal is read in each.
  private static final int ROUNDS_OF_A_STORE = 6;

  private static final int KILL = 9;
  private static final int KILLS_IN_ALL = 4;

  /// How much a process does to make a store and a job, and to save for the first time.
  private static final int CHANGES_OF_A_START = 60;

  private static final int MOST_CHANGES = 200;
  private static final List<Mode> MODES =
      List.of(Mode.RANDOM, Mode.RANDOM, Mode.RANDOM, Mode.DROP_ALL, Mode.DROP_ALL, Mode.KEEP_ALL);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final RealDisk disk = new RealDisk();
  private final SystemEnv env = new SystemEnv();
  private final Map<Path, DirectoryContents> contents = new HashMap<>();
  private @TempDir Path temp;

  /// How a round ends.
  ///
  /// @param change the power goes at the n-th call of the process that changes something
  /// @param kill whether only the process goes, and the file system lives on
  private record Moment(long change, When when, boolean kill, Mode mode, long seed) {
    static Moment next(SplittableRandom random, int mostChanges) {
      return new Moment(
          random.nextLong(mostChanges) + 1,
          random.nextBoolean() ? When.BEFORE : When.AFTER,
          random.nextInt(KILLS_IN_ALL) == 0,
          MODES.get(random.nextInt(MODES.size())),
          random.nextLong());
    }
  }

  @BeforeEach
  void requireThatThisMachineCanDoIt() throws IOException {
    FuseMount.at(Files.createDirectory(temp.resolve("trial")), new Tree()).close();
  }

  @BeforeEach
  void makeSources() throws IOException {
    Path sources = Files.createDirectory(temp.resolve("sources"));
    for (Step step : Workload.large(disk, sources, SEED)) {
      if (step.source() != null) {
        contents.put(step.source(), step.contents());
      }
    }
  }

  @Test
  void what_a_process_said_is_saved_survives_power_loss_below_it() {
    List<Long> seeds = LongStream.range(SEED, SEED + STORES).boxed().toList();
    Sweep.over(
        seeds,
        seed -> {
          var random = new SplittableRandom(seed);
          try (var life = new Life(Files.createDirectory(temp.resolve("store-" + seed)))) {
            for (int round = 1; round <= ROUNDS_OF_A_STORE; round++) {
              life.round(Moment.next(random, round == 1 ? CHANGES_OF_A_START : MOST_CHANGES));
            }
          } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  /// One store, on which one process after the other works, and what they have been told.
  private final class Life implements AutoCloseable {
    private final Path own;
    private final Path place;
    private final Path root;
    private final Set<What> told = EnumSet.noneOf(What.class);
    private final Map<Long, Long> steps = new TreeMap<>();
    private long newest;
    private Tree tree = new Tree();
    private FuseMount mount;

    /// @param own an empty directory
    Life(Path own) throws IOException {
      this.own = own;
      this.place = Files.createDirectory(own.resolve("mount"));
      this.root = place.resolve("new/store");
      this.mount = FuseMount.at(place, tree);
    }

    /// A process works until the moment has come; then what is left is looked at.
    void round(Moment moment) throws IOException, InterruptedException {
      try {
        work(moment);
        check();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("after %s: %s".formatted(moment, e.getMessage()), e);
      }
    }

    private void work(Moment moment) throws IOException, InterruptedException {
      mount.stopAt(moment.change, moment.when);
      Process process = start();
      try {
        awaitStop(process);
        Posix.kill(process.pid(), KILL);
        if (moment.kill) {
          mount.goOn();
        } else {
          mount.close();
        }
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } finally {
        process.destroyForcibly();
      }
      hear(Files.readAllLines(own.resolve("said")));
      delete(own.resolve("successor"));
      if (!moment.kill) {
        tree = tree.afterCrash(moment.mode, new SplittableRandom(moment.seed));
        mount = FuseMount.at(place, tree);
      }
    }

    private Process start() throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-Xmx256m",
              "-cp",
              System.getProperty("java.class.path"),
              SavingProcess.class.getName(),
              root.toString(),
              temp.resolve("sources").toString(),
              own.resolve("successor").toString())
          .redirectOutput(own.resolve("said").toFile())
          .redirectError(own.resolve("error").toFile())
          .start();
    }

    private void awaitStop(Process process) throws IOException, InterruptedException {
      long start = System.nanoTime();
      while (!mount.awaitStop(LOOK)) {
        boolean late = System.nanoTime() - start > PATIENCE.toNanos();
        if (late || !process.isAlive()) {
          throw new AssertionError(
              "the process %s; it said:%n%s%n%s"
                  .formatted(
                      late ? "takes too long" : "ended by itself",
                      Files.readString(own.resolve("said")),
                      Files.readString(own.resolve("error"))));
        }
      }
    }

    private void hear(List<String> lines) {
      for (String line : lines) {
        Told now = Told.of(line);
        told.add(now.what());
        newest = Math.max(newest, now.entry());
        if (now.what() == What.SAVED) {
          steps.put(now.entry(), now.step());
        }
      }
    }

    /// I1: all that was told is there. I2, I4: whatever is there is whole. I5: nothing is gone that
    /// was not let go.
    private void check() throws IOException {
      if (told.isEmpty() && disk.stat(root.resolve("cairn.json")).isEmpty()) {
        return;
      }
      try (Store store = Store.open(disk, env, root)) {
        History history = JobLog.open(store.journal(), env, Worker.JOB).history();
        assertThat(history.isDamaged()).as("the journal is damaged").isFalse();
        List<Entry> entries = Worker.requireSoundJournal(store);
        assertThat((long) entries.size())
            .as("entries")
            .isEqualTo(history.last())
            .isGreaterThanOrEqualTo(newest);
        Set<Long> gone = PowerLossSweepTest.letGo(entries);
        steps.forEach((number, step) -> {
          if (!gone.contains(number)) {
            assertThat(history.live()).as("checkpoint %d is there", number).containsKey(number);
            assertThat(SavingProcess.step(history.checkpoint(number))).isEqualTo(step);
          }
        });
        assertThat(history.live())
            .hasSizeGreaterThanOrEqualTo(Math.min(Worker.KEEP_LAST, steps.size()));
        for (Published published : history.live().values()) {
          restore(store, published);
        }
      }
    }

    private void restore(Store store, Published published) throws IOException {
      Step step = SavingProcess.step(temp.resolve("sources"), SavingProcess.step(published));
      DirectoryContents saved =
          step.source() == null
              ? DirectoryContents.NOTHING
              : Objects.requireNonNull(contents.get(step.source()));
      Path target = own.resolve("restored");
      Worker.requireExact(
          store,
          disk,
          published,
          target,
          new Step(step.number(), step.source(), step.state(), saved));
      delete(target);
    }

    @Override
    public void close() {
      mount.close();
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.toList().reversed()) {
        Files.delete(path);
      }
    }
  }
}
