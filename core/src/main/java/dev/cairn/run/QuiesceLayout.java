package dev.cairn.run;

import dev.cairn.domain.Text;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// `quiesce`: complete when nothing has changed for a while and the job holds no file open for
/// writing. For programs that write in place and say nothing.
///
/// @param quiet how long nothing may have changed while it was watched
public record QuiesceLayout(Duration quiet) implements Layout {
  private static final int SHOWN = 200;

  @Override
  public Readiness judge(Sight sight) {
    TreeView present = TreeView.of(sight.present(), WatchedDirectory::isOurs);
    if (present.sameAs(TreeView.of(sight.published(), WatchedDirectory::isOurs))) {
      return new Readiness.Unchanged();
    }
    if (present.isEmpty()) {
      return new Readiness.NotYet("no file is there yet");
    }
    for (var file : new TreeMap<>(sight.open()).entrySet()) {
      if (!WatchedDirectory.isOurs(file.getKey())) {
        return new Readiness.NotYet(
            "%s is still being written by %s"
                .formatted(
                    Text.printable(file.getKey(), SHOWN), Text.printable(file.getValue(), SHOWN)));
      }
    }
    if (sight.unchanged().compareTo(quiet) < 0) {
      return new Readiness.NotYet(stillChanging(sight));
    }
    return new Readiness.Ready(WatchedDirectory::isOurs, List.of());
  }

  private static String stillChanging(Sight sight) {
    return Optional.ofNullable(sight.previous())
        .flatMap(previous -> previous.firstDifference(sight.present()))
        .orElse("it has not been still for long enough");
  }

  @Override
  public boolean completeAfterAbnormalEnd() {
    return false;
  }

  @Override
  public String toString() {
    return "quiesce";
  }
}
