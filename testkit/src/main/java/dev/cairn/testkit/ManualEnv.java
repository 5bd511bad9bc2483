package dev.cairn.testkit;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;

/// An [Env] whose clock a test sets, and whose randomness comes from a seed.
///
/// Sleeping takes no time: it moves the clock on by its duration and returns. So a test of a loop
/// that waits is instant, and a loop that waits for another *thread* may run through its whole
/// patience before that thread has done anything: use a real clock there.
///
/// Forked bodies run on real virtual threads; with several of them the order is not repeatable.
/// Thread-safe.
public final class ManualEnv implements Env {
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  private final SystemEnv threads = new SystemEnv();
  private final Random random;
  private Duration elapsed = Duration.ZERO;
  private Duration wallAhead = Duration.ZERO;

  /// @param seed of its randomness; the clock starts in 2030
  public ManualEnv(long seed) {
    this.random = new Random(seed);
  }

  /// Lets time pass.
  public synchronized void advance(Duration by) {
    elapsed = elapsed.plus(by);
  }

  /// Sets the wall clock, as a person or a time server does; [#nanos] does not notice.
  public synchronized void setWallClock(Instant to) {
    wallAhead = Duration.between(START.plus(elapsed), to);
  }

  @Override
  public synchronized Instant now() {
    return START.plus(elapsed).plus(wallAhead);
  }

  @Override
  public synchronized long nanos() {
    return elapsed.toNanos();
  }

  @Override
  public void sleep(Duration duration) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CairnException.Cancelled("the thread was interrupted while it waited");
    }
    if (duration.isPositive()) {
      advance(duration);
    }
    Thread.onSpinWait();
  }

  @Override
  public synchronized byte[] randomBytes(int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public int processors() {
    return 2; // whatever this machine has: a seed means the same everywhere
  }

  @Override
  public Task fork(String name, Runnable body) {
    return threads.fork(name, body);
  }
}
