package dev.cairn.run;

import dev.cairn.checkpoint.OnSuccess;
import dev.cairn.checkpoint.Retention;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// How a command is run under a job.
///
/// @param watch the directory it saves into
/// @param standBy whether to stand by while somebody else holds the job
/// @param resume whether to go on although the job is paused, failed or cancelled
public record RunOptions(
    JobId job,
    Path watch,
    Layout layout,
    Timing timing,
    Restarts restarts,
    Retention retention,
    OnSuccess onSuccess,
    Map<String, String> labels,
    boolean standBy,
    boolean resume) {
  public RunOptions {
    labels = Map.copyOf(labels);
  }

  /// @param every how often what has changed is captured
  /// @param heartbeat how often the attempt shows that it lives
  /// @param lease how long the heartbeat may stand still before others take over
  /// @param grace from a signal to stop until everything must be over
  public record Timing(Duration every, Duration heartbeat, Duration lease, Duration grace) {
    public static final Timing DEFAULTS =
        new Timing(
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30));

    public Timing {
      require(every.isPositive(), "--every must be longer than nothing");
      require(heartbeat.toMillis() >= 50, "--heartbeat must be at least 50ms");
      require(
          lease.compareTo(heartbeat.multipliedBy(2)) >= 0,
          "--lease must be at least twice --heartbeat, so that one lost beat loses nothing");
      require(!grace.isNegative(), "--grace must not be negative");
    }

    /// How long before the end of the lease the child must be gone.
    public Duration margin() {
      return lease.dividedBy(6);
    }

    private static void require(boolean held, String otherwise) {
      if (!held) {
        throw new CairnException.Invalid(otherwise, "");
      }
    }
  }

  /// @param failures in a row, without a new checkpoint between, after which the job has failed
  /// @param backoff before the first restart; doubled for each further failure
  /// @param longest backoff
  public record Restarts(int failures, Duration backoff, Duration longest) {
    public static final Restarts DEFAULTS =
        new Restarts(5, Duration.ofSeconds(1), Duration.ofMinutes(5));

    public Restarts {
      if (failures < 1) {
        throw new CairnException.Invalid("--max-failures must be at least 1", "");
      }
    }

    /// The wait before the restart after that many failures in a row.
    Duration after(int failuresInARow) {
      int doublings = Math.min(Math.max(failuresInARow - 1, 0), 30);
      Duration wait = backoff.multipliedBy(1L << doublings);
      return wait.compareTo(longest) > 0 ? longest : wait;
    }
  }
}
