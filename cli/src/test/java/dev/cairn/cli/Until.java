package dev.cairn.cli;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.awaitility.core.ConditionTimeoutException;

/// Waits for what other processes do, with a deadline that only a failure reaches.
final class Until {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(20);

  private Until() {}

  static void holds(String what, Callable<Boolean> condition) {
    holds(what, condition, () -> "");
  }

  /// @param told what to add to the message of a failure
  static void holds(String what, Callable<Boolean> condition, Supplier<String> told) {
    try {
      await(what)
          .pollInSameThread()
          .pollDelay(Duration.ZERO)
          .pollInterval(LOOK)
          .atMost(LIMIT)
          .until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("not within %s: %s%s".formatted(LIMIT, what, told.get()), e);
    }
  }
}
