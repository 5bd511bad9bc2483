package dev.cairn.cli.demo;

import dev.cairn.env.Env;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Waits for conditions, never for time alone. Thread-safe.
///
/// @param limit how long any of them may take before the demo has failed
record Patience(Env env, Duration limit) {
  private static final Duration LOOK = Duration.ofMillis(8);

  /// Looks again and again until there is an answer.
  ///
  /// @param what is waited for, to complete "… did not happen"
  /// @throws Unmet if the limit passes first
  <T> T until(String what, Supplier<Optional<T>> look) {
    long start = env.nanos();
    while (true) {
      Optional<T> found = look.get();
      if (found.isPresent()) {
        return found.get();
      }
      if (env.nanos() - start > limit.toNanos()) {
        throw new Unmet("%s: waited for that in vain for %d s".formatted(what, limit.toSeconds()));
      }
      env.sleep(LOOK);
    }
  }

  void untilTrue(String what, BooleanSupplier look) {
    until(what, () -> look.getAsBoolean() ? Optional.of(true) : Optional.empty());
  }
}
