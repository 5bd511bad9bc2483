package dev.cairn.run;

import java.util.List;
import java.util.function.Predicate;

/// Whether a watched directory may be captured now.
public sealed interface Readiness {
  /// What it holds is complete and new.
  ///
  /// @param leaveOut of relative paths: what a capture must not take
  /// @param leftOut what that is at the moment and why, in words for people; not all if it is much
  record Ready(Predicate<String> leaveOut, List<String> leftOut) implements Readiness {
    private static final int SHOWN = 20;

    public Ready {
      leftOut = List.copyOf(leftOut.subList(0, Math.min(SHOWN, leftOut.size())));
    }
  }

  /// Nothing complete is new since the last capture that was published.
  record Unchanged() implements Readiness {}

  /// Something is new, but not complete.
  ///
  /// @param because in words for people, to go on after "because"
  record NotYet(String because) implements Readiness {}
}
