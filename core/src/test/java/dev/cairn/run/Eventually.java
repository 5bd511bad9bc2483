package dev.cairn.run;

import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Waits for what other processes do, with a deadline.
final class Eventually {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Env ENV = new SystemEnv();

  private Eventually() {}

  static void until(String what, BooleanSupplier condition) {
    long deadline = ENV.nanos() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (ENV.nanos() > deadline) {
        throw new AssertionError("not within " + LIMIT + ": " + what);
      }
      ENV.sleep(Duration.ofMillis(5));
    }
  }
}
