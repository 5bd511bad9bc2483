package dev.cairn.domain;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// How far a job says it is. Absent fields are unknown.
///
/// @param fraction 0 to 1
/// @param step the job's own counter
/// @param costUsd spent so far in this attempt, never shrinking
/// @param tokens used so far in this attempt, never shrinking
public record Progress(
    @Nullable Double fraction,
    @Nullable Long step,
    @Nullable String stage,
    @Nullable String message,
    BigDecimal costUsd,
    long tokens) {
  private static final int MOST_DIGITS = 1_000;

  public static final Progress NONE = new Progress(null, null, null, null, BigDecimal.ZERO, 0);

  public Progress {
    if (fraction != null && !(fraction >= 0 && fraction <= 1)) {
      throw new CairnException.Invalid(
          "progress %s is not between 0 and 1".formatted(fraction), "");
    }
    if (costUsd.signum() < 0 || tokens < 0) {
      throw new CairnException.Invalid("a cost or token count is negative", "");
    }
    if (Math.abs((long) costUsd.scale()) > MOST_DIGITS) { // adding to it would take for ever
      throw new CairnException.Invalid("a cost has too many digits", "");
    }
  }

  public Progress withStep(@Nullable Long newStep) {
    return new Progress(fraction, newStep, stage, message, costUsd, tokens);
  }

  /// The same for an attempt that has spent nothing yet.
  public Progress unspent() {
    return new Progress(fraction, step, stage, message, BigDecimal.ZERO, 0);
  }
}
