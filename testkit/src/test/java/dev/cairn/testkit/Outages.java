package dev.cairn.testkit;

import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.CrashingDisk.PowerLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// Loses power at every call of a disk, and looks at what is left.
///
/// @param seed of what the stories do
record Outages(long seed) {
  private static final int RANDOM_SEEDS = 3;

  /// What comes after the last call.
  static final String END = "end";

  /// Calls that change nothing: the power might as well go at the next one.
  private static final Set<String> READS =
      Set.of("open", "read", "stat", "list", "readSymlink", "createDirectories");

  /// What is done until the power goes, and what has to be true of what is left then. Remembers
  /// between the two what its callers were told.
  interface Story {
    void act(Disk disk, Env env);

    /// @param disk what is left
    void check(CrashingDisk disk, long seed);
  }

  /// @param call number of the call at which the power goes
  /// @param what that call is
  /// @param when whether it still happens
  record Crash(long call, String what, When when) {}

  /// A copy of `disk` whose calls count from 1, and of which all is durable.
  static CrashingDisk copy(CrashingDisk disk) {
    return disk.afterCrash(0, Mode.KEEP_ALL);
  }

  List<Crash> crashes(CrashingDisk start, Supplier<Story> stories) {
    CrashingDisk whole = copy(start);
    stories.get().act(whole, new SequentialEnv(seed));
    var crashes = new ArrayList<Crash>();
    long call = 1;
    for (String what : whole.log()) {
      for (When when : When.values()) {
        crashes.add(new Crash(call, what, when));
      }
      call++;
    }
    crashes.add(new Crash(call, END, When.BEFORE));
    return crashes;
  }

  /// Those that are not the same as the one before.
  static List<Crash> changes(List<Crash> crashes) {
    return crashes.stream()
        .filter(crash -> crash.when == When.BEFORE && !READS.contains(crash.what))
        .toList();
  }

  void losePower(CrashingDisk start, Supplier<Story> stories, List<Crash> crashes) {
    Sweep.over(crashes, crash -> losePower(start, stories.get(), crash));
  }

  private void losePower(CrashingDisk start, Story story, Crash crash) {
    CrashingDisk disk = copy(start);
    disk.crashAt(crash.call, crash.when);
    try {
      story.act(disk, new SequentialEnv(seed));
    } catch (PowerLoss _) {
      // As planned.
    }
    for (Mode mode : Mode.values()) {
      // What comes after one call comes before the next: there, all modes are tried.
      int seeds = mode == Mode.RANDOM ? RANDOM_SEEDS : crash.when == When.AFTER ? 0 : 1;
      for (long other = 0; other < seeds; other++) {
        try {
          story.check(disk.afterCrash(other, mode), other);
        } catch (RuntimeException | Error e) {
          throw new AssertionError("of seed %d, %s with seed %d".formatted(seed, mode, other), e);
        }
      }
    }
  }
}
