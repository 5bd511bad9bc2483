package dev.cairn.cli.demo;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How the demo came out: the document of `--json`.
///
/// @param identical whether all final weights are those of the uninterrupted training, bit for bit
/// @param accuracy of these weights on images that were never learnt from, 0 to 1
/// @param problem what was wrong, as a sentence; absent if nothing was
/// @param directory where everything is; absent if it was removed
record Report(
    long seed,
    boolean identical,
    @Nullable Double accuracy,
    List<Saving> workSaved,
    double seconds,
    @Nullable String problem,
    @Nullable String directory) {
  Report {
    workSaved = List.copyOf(workSaved);
  }

  /// What Cairn saved of the work when everything was killed at one point of it.
  ///
  /// @param percent of the work, at which that was meant to happen
  /// @param killedAfterEpoch epochs done when it happened
  /// @param resumedAfterEpoch epochs that the restored checkpoint had
  record Saving(int percent, int killedAfterEpoch, int resumedAfterEpoch) {
    @JsonProperty
    int epochsLost() {
      return killedAfterEpoch - resumedAfterEpoch;
    }

    /// Of the work done so far, which without checkpoints would all be lost.
    @JsonProperty
    double savedPercent() {
      return 100.0 * resumedAfterEpoch / killedAfterEpoch;
    }
  }
}
