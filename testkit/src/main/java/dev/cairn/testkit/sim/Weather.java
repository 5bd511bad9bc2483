package dev.cairn.testkit.sim;

import java.time.Duration;
import java.util.SplittableRandom;

/// What goes wrong in one run, and how often. Each kind of fault is absent from some runs, so that
/// none hides another.
///
/// @param crash chance that a process dies at a call of the store
/// @param pause chance that it stands still there for a while, perhaps for long
/// @param refuse chance that the store does nothing and says so
/// @param lose chance that the store does it, and the answer is lost
/// @param slow chance that an answer takes seconds or longer
/// @param stale chance that a listing lacks what came last, and shows what was deleted last
/// @param latency the usual time that a call takes
/// @param powerLosses how often all power is lost
/// @param serverLosses how often only the store's machine loses its power
/// @param clockJumps how often some node's wall clock jumps
/// @param fulls how often the store is full for a while
record Weather(
    double crash,
    double pause,
    double refuse,
    double lose,
    double slow,
    double stale,
    Duration latency,
    int powerLosses,
    int serverLosses,
    int clockJumps,
    int fulls) {
  private static final double RARER = 4;

  static final Weather CALM = new Weather(0, 0, 0, 0, 0, 0, Duration.ofMillis(2), 0, 0, 0, 0);

  /// As the seed says.
  static Weather of(SplittableRandom random) {
    return new Weather(
        rate(random, 0.0015),
        rate(random, 0.001),
        rate(random, 0.01),
        rate(random, 0.01),
        rate(random, 0.002),
        rate(random, 0.3),
        Duration.ofNanos((long) (1_000_000 * Math.pow(30, random.nextDouble()))),
        count(random),
        count(random),
        count(random),
        count(random));
  }

  /// As much for calls that are many times more frequent.
  Weather rarer() {
    return new Weather(
        crash / RARER,
        pause / RARER,
        refuse,
        lose,
        slow,
        stale,
        latency,
        powerLosses,
        serverLosses,
        clockJumps,
        fulls);
  }

  private static double rate(SplittableRandom random, double usual) {
    return random.nextInt(5) < 2 ? 0 : usual * Math.pow(10, random.nextDouble() - 0.5);
  }

  private static int count(SplittableRandom random) {
    return random.nextInt(2) == 0 ? 0 : random.nextInt(1, 4);
  }
}
