package dev.cairn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Reason.Always;
import dev.cairn.checkpoint.RetentionOracle.Row;
import dev.cairn.checkpoint.RetentionPlan.Fate;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.journal.Histories;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Retention against an oracle, over random histories of valid, damaged, pinned, dropped and
/// branched checkpoints, as a save decides and as a prune does. A failure names its seed.
class RetentionPropertyTest {
  private static final int HISTORIES = 3_000;
  private static final String METRIC = "eval.loss";

  @Test
  void what_is_kept_and_why_is_what_the_rules_say() {
    for (long seed = 1; seed <= HISTORIES; seed++) {
      new Play(seed).judge();
    }
  }

  /// One history, told twice: as entries, and as rows for the oracle.
  private static final class Play {
    private final long seed;
    private final SplittableRandom random;
    private final Histories entries = new Histories();
    private final Map<Long, Row> rows = new TreeMap<>();
    private Instant clock = Instant.parse("2026-02-25T22:10:00Z");
    private @Nullable Long newest;
    private @Nullable Long claimedFrom;
    private long step;

    Play(long seed) {
      this.seed = seed;
      this.random = new SplittableRandom(seed);
      int length = random.nextInt(0, 28);
      for (int i = 0; i < length; i++) {
        act();
      }
      for (Row row : List.copyOf(rows.values())) {
        if (row.live() && random.nextInt(4) == 0) {
          change(row, true, row.pinned(), true);
        }
      }
    }

    private void act() {
      List<Row> live = rows.values().stream().filter(Row::live).toList();
      int dice = random.nextInt(20);
      if (live.isEmpty() || dice < 13) {
        save();
        return;
      }
      Row row = live.get(random.nextInt(live.size()));
      if (dice < 15) {
        entries.add(new Event.Pinned("ann", row.number()), clock);
        change(row, true, true, false);
      } else if (dice == 15) {
        entries.add(new Event.Unpinned("ann", row.number()), clock);
        change(row, true, false, false);
      } else if (dice < 18) {
        entries.goOnFrom(row.number());
        newest = row.number();
        claimedFrom = row.number();
      } else if (!Long.valueOf(row.number()).equals(newest)) {
        entries.add(new Event.Pruned(List.of(row.number()), "", newest), clock);
        change(row, false, false, false);
      }
    }

    private void save() {
      Draft draft = draft();
      long number = entries.checkpoint(clock, draft.step, draft.state, draft.labels);
      rows.put(number, draft.row(number, newest, clock));
      newest = number;
    }

    private void change(Row row, boolean live, boolean pinned, boolean damaged) {
      rows.put(
          row.number(),
          new Row(
              row.number(),
              row.parent(),
              row.at(),
              row.step(),
              row.metric(),
              live,
              damaged,
              pinned));
    }

    private record Draft(
        @Nullable Long step,
        @Nullable String state,
        Map<String, String> labels,
        @Nullable Double metric) {
      Row row(long number, @Nullable Long parent, Instant at) {
        return new Row(number, parent, at, step, metric, true, false, false);
      }
    }

    private Draft draft() {
      long minutes =
          switch (random.nextInt(8)) {
            case 0 -> -random.nextLong(0, 300); // another node, whose clock is slow
            case 1 -> random.nextLong(0, 20 * 24 * 60);
            case 2, 3 -> random.nextLong(0, 26 * 60);
            default -> random.nextLong(0, 70);
          };
      clock = clock.plus(Duration.ofMinutes(minutes));
      step += random.nextLong(-3, 12);
      Long told = random.nextInt(5) == 0 ? null : step;
      double value = random.nextInt(-3, 5) / 2.0;
      return switch (random.nextInt(7)) {
        case 0 -> new Draft(told, null, Map.of(METRIC, String.valueOf(value)), value);
        case 1 -> new Draft(told, "{\"eval\":{\"loss\":\"low\"}}", Map.of(), null);
        case 2 -> new Draft(told, "no JSON", Map.of(METRIC, "NaN"), null);
        case 3 -> new Draft(told, null, Map.of(), null);
        default ->
            new Draft(
                told, "{\"eval\":{\"loss\":%s}}".formatted(value), Map.of(METRIC, "99"), value);
      };
    }

    private List<Keep> rules() {
      var rules = new ArrayList<Keep>();
      int count = random.nextInt(0, 4);
      for (int i = 0; i < count; i++) {
        int n = random.nextInt(1, 6);
        rules.add(
            switch (random.nextInt(8)) {
              case 0, 1 -> new Keep.Last(n);
              case 2 -> new Keep.Every(random.nextLong(1, 20));
              case 3 -> new Keep.Newest(Keep.Span.HOURLY, n);
              case 4 -> new Keep.Newest(Keep.Span.DAILY, n);
              case 5 -> new Keep.Newest(Keep.Span.WEEKLY, n);
              case 6 ->
                  new Keep.Best(
                      n, new Metric(METRIC), random.nextBoolean() ? Keep.Good.MIN : Keep.Good.MAX);
              default -> new Keep.Within(Duration.ofMinutes(random.nextLong(1, 20_000)));
            });
      }
      return rules;
    }

    void judge() {
      Set<Long> damaged = new HashSet<>();
      rows.values().stream().filter(Row::damaged).forEach(row -> damaged.add(row.number()));
      List<Keep> rules = rules();
      if (random.nextBoolean()) {
        judge(Candidates.of(entries.history(), damaged), newest, rules);
      } else {
        judgeSave(damaged, rules);
      }
    }

    private Row row(long number) {
      return Objects.requireNonNull(rows.get(number));
    }

    /// A save goes on from the newest that could be restored, or from nothing.
    private void judgeSave(Set<Long> damaged, List<Keep> rules) {
      Long tip = newest;
      while (tip != null && !row(tip).valid()) {
        tip = row(tip).parent();
      }
      Draft draft = draft();
      long number = entries.history().last() + 1;
      Checkpoint next = Histories.checkpoint(tip, draft.step, draft.state, draft.labels);
      Candidates candidates =
          Candidates.of(entries.history(), tip, damaged).with(new Candidate(number, clock, next));
      rows.put(number, draft.row(number, tip, clock));
      judge(candidates, number, rules, tip);
    }

    private void judge(Candidates candidates, @Nullable Long tip, List<Keep> rules) {
      judge(candidates, tip, rules, tip);
    }

    /// @param goneOnFrom the tip itself, or the parent of what is being saved
    private void judge(
        Candidates candidates, @Nullable Long tip, List<Keep> rules, @Nullable Long goneOnFrom) {
      Instant now = clock.plus(Duration.ofMinutes(random.nextLong(-5, 600)));
      var oracle =
          new RetentionOracle(List.copyOf(rows.values()), now, tip, goneOnFrom, claimedFrom);
      RetentionPlan plan = new Retention(rules).plan(candidates, now);
      List<Row> live = rows.values().stream().filter(Row::live).toList();
      assertThat(plan.fates().stream().map(fate -> fate.candidate().number()))
          .as("seed %d", seed)
          .containsExactlyElementsOf(live.stream().map(Row::number).toList());
      for (int i = 0; i < live.size(); i++) {
        judge(oracle, live.get(i), plan.fates().get(i), rules);
      }
    }

    private void judge(RetentionOracle oracle, Row row, Fate fate, List<Keep> rules) {
      var expected = new HashSet<Reason>();
      if (oracle.isOneOfTheTwoNewest(row)) {
        expected.add(Always.NEWEST);
      }
      if (oracle.isPinned(row)) {
        expected.add(Always.PINNED);
      }
      if (oracle.isGoneOnFrom(row)) {
        expected.add(Always.GONE_ON_FROM);
      }
      rules.stream().filter(rule -> oracle.keepsBy(row, rule)).forEach(expected::add);
      if (oracle.sparedThoughDamaged(row, rules)) {
        expected.add(Always.DAMAGED);
      }
      assertThat(new HashSet<>(fate.reasons()))
          .as("seed %d: %s by %s, of %s", seed, row, rules, rows.values())
          .isEqualTo(expected);
      assertThat(fate.isKept()).isEqualTo(oracle.keeps(row, rules));
    }
  }
}
