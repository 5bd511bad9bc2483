package dev.cairn.testkit.sim;

import dev.cairn.testkit.history.Line;
import dev.cairn.testkit.history.Violation;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who has watched whose heartbeat, and for how long: nobody takes a job over from an attempt that
/// he has not seen standing still for its lease (I9).
final class Takeovers {
  private final Map<String, Watched> watched = new HashMap<>();

  private record Watched(long token, long beat, long since, long last) {}

  /// Notes that a process has read a heartbeat.
  void read(String process, String job, long token, long beat, long nanos) {
    watched.merge(
        process + " " + job,
        new Watched(token, beat, nanos, nanos),
        (before, now) ->
            before.token == token && before.beat == beat
                ? new Watched(token, beat, before.since, nanos)
                : now);
  }

  /// Judges a claim on a job that somebody holds.
  ///
  /// @param holder the claim that it displaces
  Optional<Violation> judge(String process, Line claim, Line holder) {
    Watched seen = watched.get(process + " " + holder.job());
    Duration lease = Duration.ofMillis(holder.event().path("lease_millis").asLong());
    Duration stood = stood(seen, holder.number());
    return stood.compareTo(lease) >= 0
        ? Optional.empty()
        : Optional.of(
            new Violation(
                "I9",
                "only_the_dead_are_displaced",
                "%s by %s displaces %d, whose heartbeat it saw standing still for %s of %s"
                    .formatted(claim, process, holder.number(), stood, lease)));
  }

  private static Duration stood(@Nullable Watched seen, long token) {
    return seen == null || seen.token != token
        ? Duration.ZERO
        : Duration.ofNanos(seen.last - seen.since);
  }
}
