package dev.cairn.checkpoint;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What becomes of a job's checkpoints once it is completed. Pinned ones stay in any case.
///
/// @param keep how long they are kept; absent for as long as nobody drops them
public record OnSuccess(@Nullable Duration keep) {
  public static final OnSuccess KEEP = new OnSuccess(null);
  public static final OnSuccess DELETE = new OnSuccess(Duration.ZERO);

  /// As the journal says it.
  public @Nullable Long keepMillis() {
    return keep == null ? null : keep.toMillis();
  }
}
