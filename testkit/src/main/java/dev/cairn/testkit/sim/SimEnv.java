package dev.cairn.testkit.sim;

import dev.cairn.env.Env;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;

/// The clock, randomness and threads of one simulated process.
///
/// Its monotonic clock starts anywhere, as real ones do; its wall clock is that of its node, which
/// is wrong and jumps.
final class SimEnv implements Env {
  private final Scheduler scheduler;
  private final Scheduler.Group group;
  private final Node node;
  private final SplittableRandom random;
  private final long origin;

  SimEnv(Scheduler scheduler, Scheduler.Group group, Node node, SplittableRandom random) {
    this.scheduler = scheduler;
    this.group = group;
    this.node = node;
    this.random = random;
    this.origin = random.nextLong(1L << 50);
  }

  @Override
  public Instant now() {
    return node.wallClock(scheduler.nanos());
  }

  @Override
  public long nanos() {
    return origin + scheduler.nanos();
  }

  @Override
  public void sleep(Duration duration) {
    scheduler.current().sleep(duration.toNanos(), "sleep");
  }

  @Override
  public byte[] randomBytes(int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public int processors() {
    return 2;
  }

  @Override
  public Task fork(String name, Runnable body) {
    return scheduler.fork(group, name, body);
  }
}
