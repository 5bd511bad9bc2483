package dev.cairn.env;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Keeps work in the background at a rate, and ends it when it is asked to stop.
///
/// A token bucket over the monotonic clock: what was not used within the last second is lost, so
/// the rate holds over every longer time. For one thread.
public final class Pace {
  private static final long BURST_NANOS = Duration.ofSeconds(1).toNanos();

  /// How soon it notices that it is asked to stop.
  private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();

  private final Env env;
  private final long bytesPerSecond;
  private final BooleanSupplier stop;

  /// When everything so far would have been done at just this rate.
  private long due;

  /// @param bytesPerSecond at least 1; `Long.MAX_VALUE` for no limit
  /// @param stop whether somebody wants it to stop
  public Pace(Env env, long bytesPerSecond, BooleanSupplier stop) {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException(bytesPerSecond + " bytes a second");
    }
    this.env = env;
    this.bytesPerSecond = bytesPerSecond;
    this.stop = stop;
    this.due = env.nanos();
  }

  /// Waits until this many bytes may be read.
  ///
  /// @return false if it is asked to stop; then they may not
  public boolean take(long bytes) {
    if (bytesPerSecond == Long.MAX_VALUE) {
      return !stop.getAsBoolean();
    }
    due = Math.max(due, env.nanos() - BURST_NANOS);
    if (!awaitNanos(due)) {
      return false;
    }
    due += Math.round(bytes * 1e9 / bytesPerSecond);
    return true;
  }

  /// Waits.
  ///
  /// @return false if it is asked to stop
  public boolean rest(Duration length) {
    return awaitNanos(env.nanos() + length.toNanos());
  }

  private boolean awaitNanos(long until) {
    while (!stop.getAsBoolean()) {
      long left = until - env.nanos();
      if (left <= 0) {
        return true;
      }
      env.sleep(Duration.ofNanos(Math.min(left, LOOK_NANOS)));
    }
    return false;
  }
}
