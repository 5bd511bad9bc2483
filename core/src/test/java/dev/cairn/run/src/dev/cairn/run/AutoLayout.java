package dev.cairn.run;

import java.time.Duration;
import java.util.List;

/// `auto`: as [QuiesceLayout], until the command has said `saved` for the first time. From then on
/// only another `saved` makes it complete, and that at once.
///
/// @param quiet how long nothing may have changed, as long as the command says nothing
public record AutoLayout(Duration quiet) implements Layout {
  @Override
  public Readiness judge(Sight sight) {
    if (sight.saved() == 0) {
      return new QuiesceLayout(quiet).judge(sight);
    }
    TreeView present = TreeView.of(sight.present(), WatchedDirectory::isOurs);
    if (present.sameAs(TreeView.of(sight.published(), WatchedDirectory::isOurs))) {
      return new Readiness.Unchanged();
    }
    if (sight.saved() <= sight.savedPublished()) {
      return new Readiness.NotYet("the command has not said 'saved' since the last checkpoint");
    }
    return present.isEmpty()
        ? new Readiness.NotYet("no file is there yet")
        : new Readiness.Ready(WatchedDirectory::isOurs, List.of());
  }

  @Override
  public boolean completeAfterAbnormalEnd() {
    return false;
  }

  @Override
  public String toString() {
    return "auto";
  }
}
