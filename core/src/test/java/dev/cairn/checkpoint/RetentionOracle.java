package dev.cairn.checkpoint;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What retention keeps, said anew, one checkpoint at a time and slowly, from its own rows: it
/// shares nothing with the policy but the names of the rules.
///
/// @param now when it is decided
/// @param tip the newest of the lineage
/// @param goneOnFrom what the next attempt goes on from, or what is being saved does
/// @param claimedFrom what the attempt in charge was claimed from
record RetentionOracle(
    List<Row> rows,
    Instant now,
    @Nullable Long tip,
    @Nullable Long goneOnFrom,
    @Nullable Long claimedFrom) {
  /// @param live whether it is still there; one that is gone still links its children to its parent
  record Row(
      long number,
      @Nullable Long parent,
      Instant at,
      @Nullable Long step,
      @Nullable Double metric,
      boolean live,
      boolean damaged,
      boolean pinned) {
    boolean valid() {
      return live && !damaged;
    }
  }

  boolean keeps(Row row, List<Keep> rules) {
    return keptApartFromDamage(row, rules) || sparedThoughDamaged(row, rules);
  }

  boolean isPinned(Row row) {
    return row.pinned;
  }

  boolean isGoneOnFrom(Row row) {
    return Objects.equals(goneOnFrom, row.number) || Objects.equals(claimedFrom, row.number);
  }

  boolean isOneOfTheTwoNewest(Row row) {
    return inEither(row, family -> amongTheNewest(row, family, 2));
  }

  /// A damaged one stays while anything older is kept, or while nothing valid is.
  boolean sparedThoughDamaged(Row row, List<Keep> rules) {
    if (!row.damaged || keptApartFromDamage(row, rules)) {
      return false;
    }
    boolean olderIsKept =
        rows.stream()
            .anyMatch(other ->
                other.live && other.number < row.number && keptApartFromDamage(other, rules));
    boolean someValidIsKept =
        rows.stream().anyMatch(other -> other.valid() && keptApartFromDamage(other, rules));
    return olderIsKept || !someValidIsKept;
  }

  private boolean keptApartFromDamage(Row row, List<Keep> rules) {
    return isPinned(row)
        || isGoneOnFrom(row)
        || isOneOfTheTwoNewest(row)
        || rules.stream().anyMatch(rule -> keepsBy(row, rule));
  }

  boolean keepsBy(Row row, Keep rule) {
    return inEither(row, family -> satisfies(row, family, rule));
  }

  /// Whether it holds for a valid row in the valid part of its lineage, or in all that is valid.
  private boolean inEither(Row row, Predicate<List<Row>> holds) {
    if (!row.valid()) {
      return false;
    }
    List<Row> all = rows.stream().filter(Row::valid).toList();
    if (holds.test(all)) {
      return true;
    }
    Set<Long> ancestors = lineage();
    List<Row> lineage = all.stream().filter(other -> ancestors.contains(other.number)).toList();
    return ancestors.contains(row.number) && holds.test(lineage);
  }

  private Set<Long> lineage() {
    var found = new HashSet<Long>();
    Long at = tip;
    while (at != null) {
      found.add(at);
      long here = at;
      at =
          rows.stream()
              .filter(row -> row.number == here)
              .map(Row::parent)
              .filter(Objects::nonNull)
              .findAny()
              .orElse(null);
    }
    return found;
  }

  private boolean satisfies(Row row, List<Row> family, Keep rule) {
    return switch (rule) {
      case Keep.All _ -> true;
      case Keep.Last(int count) -> amongTheNewest(row, family, count);
      case Keep.Every(long steps) ->
          row.step != null
              && family.stream()
                  .noneMatch(other ->
                      other.number > row.number
                          && other.step != null
                          && Math.floor(other.step / (double) steps)
                              == Math.floor(row.step / (double) steps));
      case Keep.Newest(Keep.Span span, int count) -> {
        boolean newestThere =
            family.stream()
                .noneMatch(other ->
                    other.number > row.number && start(span, other.at).equals(start(span, row.at)));
        long later =
            family.stream()
                .map(other -> start(span, other.at))
                .filter(start -> start.isAfter(start(span, row.at)))
                .distinct()
                .count();
        yield newestThere && later < count;
      }
      case Keep.Best(int count, Metric _, Keep.Good good) -> {
        Double mine = row.metric;
        yield mine != null
            && family.stream()
                    .filter(other -> other.metric != null)
                    .filter(other -> isBetter(other, row, good))
                    .count()
                < count;
      }
      case Keep.Within(Duration age) -> row.at.isAfter(now.minus(age));
    };
  }

  private static boolean isBetter(Row other, Row row, Keep.Good good) {
    double a = Objects.requireNonNull(other.metric);
    double b = Objects.requireNonNull(row.metric);
    if (a == b) {
      return other.number > row.number;
    }
    return good == Keep.Good.MIN ? a < b : a > b;
  }

  private static boolean amongTheNewest(Row row, List<Row> family, int count) {
    return family.stream().filter(other -> other.number > row.number).count() < count;
  }

  private static Instant start(Keep.Span span, Instant at) {
    ZonedDateTime utc = at.atZone(ZoneOffset.UTC);
    LocalDate day = utc.toLocalDate();
    return switch (span) {
      case HOURLY -> utc.truncatedTo(ChronoUnit.HOURS).toInstant();
      case DAILY -> day.atStartOfDay(ZoneOffset.UTC).toInstant();
      case WEEKLY ->
          day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
              .atStartOfDay(ZoneOffset.UTC)
              .toInstant();
    };
  }
}
