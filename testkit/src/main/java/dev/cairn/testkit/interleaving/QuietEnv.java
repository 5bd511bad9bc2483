package dev.cairn.testkit.interleaving;

import dev.cairn.env.Env;
import dev.cairn.testkit.SequentialEnv;
import java.time.Duration;
import java.time.Instant;

/// The clock, randomness and threads of one actor: nothing of it depends on anybody else, and one
/// thread does it all.
///
/// Attempts beat once, when they begin, or never.
final class QuietEnv implements Env {
  private static final String BEATS = "beat-";

  private final SequentialEnv env;
  private final boolean beats;

  QuietEnv(int number, boolean beats) {
    this.env = new SequentialEnv(number);
    this.beats = beats;
  }

  @Override
  public Instant now() {
    return env.now();
  }

  @Override
  public long nanos() {
    return env.nanos();
  }

  @Override
  public void sleep(Duration duration) {
    env.sleep(duration);
  }

  @Override
  public byte[] randomBytes(int count) {
    return env.randomBytes(count);
  }

  @Override
  public int processors() {
    return env.processors();
  }

  @Override
  public Task fork(String name, Runnable body) {
    return env.fork(name, beats || !name.startsWith(BEATS) ? body : () -> {});
  }
}
