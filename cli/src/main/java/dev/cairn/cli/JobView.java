package dev.cairn.cli;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Human;
import dev.cairn.domain.Text;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What `jobs list` and `jobs show` tell of one job: read from its newest entry and the few that it
/// points to, however long its history.
///
/// @param orphaned whether it counts as running although its process is known to be gone
/// @param costUsd of all attempts, failed and lost ones included
record JobView(
    String job,
    String status,
    String reason,
    boolean orphaned,
    boolean resumable,
    int attempt,
    long fencingToken,
    @Nullable String node,
    @Nullable Long pid,
    @Nullable String newestCheckpoint,
    @Nullable Double progress,
    @Nullable Long step,
    @Nullable String message,
    BigDecimal costUsd,
    long tokens,
    int failures,
    List<String> requests,
    Instant updated) {

  private static final int LABELS_SHOWN = 1_000;
  private static final int SHOWN = 200;

  String statusText() {
    String base = orphaned ? status + ", orphaned" : status;
    return reason.isEmpty() ? base : base + " (" + reason + ")";
  }

  static String age(Instant then, Instant now) {
    Duration age = Duration.between(then, now);
    return age.isNegative() ? "0 s" : Human.duration(Duration.ofSeconds(age.toSeconds()));
  }

  static String percent(@Nullable Double fraction) {
    return fraction == null ? "" : "%d %%".formatted(Math.round(fraction * 100));
  }

  static String number(@Nullable Long number) {
    return number == null ? "" : number.toString();
  }

  /// What others wrote into the store, safe to print.
  static String shown(String text) {
    return Text.printable(text, SHOWN);
  }

  static String labels(Map<String, String> labels) {
    return Text.printable(String.valueOf(new TreeMap<>(labels)), LABELS_SHOWN);
  }

  /// One entry, for people.
  static String event(Entry entry) {
    return switch (entry.event()) {
      case Event.Submitted e -> "submitted: " + e.program();
      case Event.Claimed e ->
          (e.purpose() == Event.Purpose.WORK ? "claimed" : "claimed for maintenance")
              + " by %s (pid %d)".formatted(e.owner().node(), e.owner().pid())
              + (e.from() == null ? "" : ", going on from @" + e.from());
      case Event.Checkpointed e ->
          "checkpoint, %s: %d files, %s"
                  .formatted(
                      Context.kind(e.checkpoint()),
                      e.checkpoint().files(),
                      Human.bytes(e.checkpoint().sizeBytes()))
              + (e.drops().isEmpty() ? "" : "; lets go of " + ids(e.drops()));
      case Event.Completed e -> "completed: " + e.message();
      case Event.Failed e -> "failed (%s): %s".formatted(e.reason(), e.message());
      case Event.Cancelled e -> "cancelled " + e.message();
      case Event.Paused e -> "paused (%s): %s".formatted(e.reason(), e.message());
      case Event.Released e -> "released (%s): %s".formatted(e.reason(), e.message());
      case Event.Pruned e -> "dropped %s: %s".formatted(ids(e.drops()), e.reason());
      case Event.Repaired e -> "repaired @%d by %s".formatted(e.checkpoint(), e.by());
      case Event.Deleted e -> "deleted by " + e.by();
      case Event.CancelRequested e -> "cancel asked for by " + e.by();
      case Event.PauseRequested e -> "pause asked for by " + e.by();
      case Event.CheckpointRequested e -> "checkpoint asked for by " + e.by();
      case Event.PruneRequested e ->
          "dropping %s asked for by %s".formatted(ids(e.drops()), e.by());
      case Event.Resumed e ->
          "resumed by " + e.by() + (e.from() == null ? "" : " from @" + e.from());
      case Event.Pinned e -> "pinned @%d by %s".formatted(e.checkpoint(), e.by());
      case Event.Unpinned e -> "unpinned @%d by %s".formatted(e.checkpoint(), e.by());
      case Event.Dropped e -> e.was() + ", since dropped";
    };
  }

  private static String ids(List<Long> numbers) {
    return numbers.stream().map(n -> "@" + n).reduce((a, b) -> a + ", " + b).orElse("nothing");
  }
}
