package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.time.Duration;
import java.time.Instant;

/// Time, randomness and threads. The only source of them in Cairn, so that a whole run can be
/// simulated from a seed.
///
/// Thread-safe.
public interface Env {
  /// The wall clock: for people and file names, never for a decision that safety rests on (I9).
  Instant now();

  /// A clock that never jumps, in nanoseconds from an arbitrary start.
  long nanos();

  /// Blocks for `duration`.
  ///
  /// @throws CairnException.Cancelled if interrupted; the interrupt flag is set again
  void sleep(Duration duration);

  /// Fresh unpredictable bytes.
  byte[] randomBytes(int count);

  /// How many threads can be at work at the same moment, at least 1.
  int processors();

  /// Starts `body` on a virtual thread of its own.
  Task fork(String name, Runnable body);

  /// `count` random bytes as lower-case hex: for ids that must never repeat.
  default String randomHex(int count) {
    return java.util.HexFormat.of().formatHex(randomBytes(count));
  }

  /// A forked body.
  interface Task {
    /// Blocks until the body has ended, and throws what it threw.
    ///
    /// @throws CairnException.Cancelled if interrupted while waiting
    void join();

    /// Whether the body ended within `limit`; throws what it threw if it did.
    boolean join(Duration limit);

    /// Interrupts the body.
    void interrupt();
  }
}
