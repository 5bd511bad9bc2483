package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/// One rule of what to keep: a pure choice among valid checkpoints.
public sealed interface Keep extends Reason {
  /// @param newestFirst by number
  /// @param now by the wall clock
  Stream<Candidate> among(List<Candidate> newestFirst, Instant now);

  /// Everything.
  record All() implements Keep {
    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      return newestFirst.stream();
    }

    @Override
    public String text() {
      return "no-rule-given";
    }
  }

  /// The newest.
  record Last(int count) implements Keep {
    public Last {
      if (count < 1) {
        throw new CairnException.Invalid(
            "cannot keep the last %d checkpoints".formatted(count), "Keep at least 1.");
      }
    }

    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      return newestFirst.stream().limit(count);
    }

    @Override
    public String text() {
      return "keep-last=" + count;
    }
  }

  /// The newest of each `steps` steps: of those whose step, divided by it and rounded down, is the
  /// same. A checkpoint without a step is not meant.
  record Every(long steps) implements Keep {
    public Every {
      requirePositive(steps, "--keep-every");
    }

    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      var seen = new HashSet<Long>();
      return newestFirst.stream()
          .filter(candidate -> {
            Long step = candidate.checkpoint().progress().step();
            return step != null && seen.add(Math.floorDiv(step, steps));
          });
    }

    @Override
    public String text() {
      return "keep-every=" + steps;
    }
  }

  /// Parts of the calendar, in UTC.
  enum Span {
    HOURLY,
    DAILY,
    /// From Monday, as in ISO 8601.
    WEEKLY;

    private static final long HOUR_SECONDS = 3_600;
    private static final long DAY_SECONDS = 24 * HOUR_SECONDS;

    /// 1970 began on the fourth day of a week.
    private static final long DAYS_BEFORE = 3;

    /// Grows with time, and is the same all through a part.
    private long of(Instant at) {
      long days = Math.floorDiv(at.getEpochSecond(), DAY_SECONDS);
      return switch (this) {
        case HOURLY -> Math.floorDiv(at.getEpochSecond(), HOUR_SECONDS);
        case DAILY -> days;
        case WEEKLY -> Math.floorDiv(days + DAYS_BEFORE, 7);
      };
    }
  }

  /// The newest of each of the last `count` hours, days or weeks that have any.
  record Newest(Span span, int count) implements Keep {
    public Newest {
      requirePositive(count, "--keep-" + span.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      Map<Long, Candidate> newest = new LinkedHashMap<>();
      newestFirst.forEach(candidate -> newest.putIfAbsent(span.of(candidate.at()), candidate));
      return newest.entrySet().stream()
          .sorted(Map.Entry.<Long, Candidate>comparingByKey().reversed())
          .limit(count)
          .map(Map.Entry::getValue);
    }

    @Override
    public String text() {
      return "keep-%s=%d".formatted(span.name().toLowerCase(Locale.ROOT), count);
    }
  }

  /// Which values of a metric are good.
  enum Good {
    MIN,
    MAX
  }

  /// Those with the best values of a metric; of equal ones the newest. A checkpoint without the
  /// metric is not meant.
  record Best(int count, Metric metric, Good good) implements Keep {
    public Best {
      requirePositive(count, "--keep-best");
    }

    private record Scored(Candidate candidate, double value) {}

    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      Function<Candidate, Stream<Scored>> scored =
          candidate ->
              metric.of(candidate.checkpoint()).stream()
                  .mapToObj(value -> new Scored(candidate, value));
      Comparator<Scored> rising = Comparator.comparingDouble(Scored::value);
      return newestFirst.stream()
          .flatMap(scored)
          .sorted(good == Good.MIN ? rising : rising.reversed()) // stable: newest first
          .limit(count)
          .map(Scored::candidate);
    }

    @Override
    public String text() {
      return "keep-best=%d:%s:%s"
          .formatted(count, metric.name(), good.name().toLowerCase(Locale.ROOT));
    }
  }

  /// Those younger than `age`.
  record Within(Duration age) implements Keep {
    public Within {
      requirePositive(age.compareTo(Duration.ZERO), "--keep-within");
    }

    @Override
    public Stream<Candidate> among(List<Candidate> newestFirst, Instant now) {
      return newestFirst.stream()
          .filter(candidate -> Duration.between(candidate.at(), now).compareTo(age) < 0);
    }

    @Override
    public String text() {
      return "keep-within=" + words(age);
    }

    /// As it is written on a command line: `1d6h`.
    private static String words(Duration age) {
      String text =
          Stream.of(
                  part(age.toDays(), "d"),
                  part(age.toHoursPart(), "h"),
                  part(age.toMinutesPart(), "m"),
                  part(age.toSecondsPart(), "s"),
                  part(age.toMillisPart(), "ms"))
              .reduce("", String::concat);
      return text.isEmpty() ? "0s" : text;
    }

    private static String part(long amount, String unit) {
      return amount == 0 ? "" : amount + unit;
    }
  }

  private static void requirePositive(long value, String option) {
    if (value < 1) {
      throw new CairnException.Invalid(option + " must be more than 0", "");
    }
  }
}
