package dev.cairn.domain;

import org.jspecify.annotations.Nullable;

/// The small overwritten record by which an attempt shows life and progress; one object per
/// attempt, with counters that only grow.
///
/// @param token of the attempt
/// @param beat 1, 2, 3 …; an observer only asks whether it changed
/// @param last newest entry number that the holder knew: where to start looking for the newest
/// @param child what runs now, so that a successor on the same host can end it
public record Heartbeat(
    JobId job, long token, long beat, long last, Progress progress, @Nullable Child child) {
  /// A process group on one host and boot.
  ///
  /// @param boot id of the running kernel
  /// @param group id of the process group and of its first process
  /// @param started start time of that process in the kernel's own ticks
  public record Child(String boot, long group, long started) {}
}
