package dev.cairn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.checkpoint.Keep.Good;
import dev.cairn.checkpoint.Keep.Span;
import dev.cairn.checkpoint.Reason.Always;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.journal.Histories;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Each rule by itself. Checkpoints have the numbers from 3 on: 1 submits the job, 2 claims it.
class RetentionTest {
  private static final Instant NOW = Instant.parse("2026-03-04T12:00:00Z"); // a Wednesday

  private final Histories histories = new Histories();
  private Set<Long> damaged = Set.of();

  private long saved(String at, @Nullable Long step) {
    return histories.checkpoint(Instant.parse(at), step, null, Map.of());
  }

  private void saved(int count) {
    for (int i = 0; i < count; i++) {
      saved("2026-03-01T00:00:00Z", (long) i);
    }
  }

  private void stated(String... states) {
    for (String state : states) {
      histories.checkpoint(NOW, null, state, Map.of());
    }
  }

  private RetentionPlan plan(Keep... rules) {
    return new Retention(List.of(rules)).plan(Candidates.of(histories.history(), damaged), NOW);
  }

  /// Numbers of what the rule keeps, for whatever other reasons it stays too.
  private List<Long> keptBy(Keep rule) {
    return plan(rule).fates().stream()
        .filter(fate -> fate.reasons().contains(rule))
        .map(fate -> fate.candidate().number())
        .toList();
  }

  private List<Reason> reasons(long number, Keep... rules) {
    return plan(rules).fates().stream()
        .filter(fate -> fate.candidate().number() == number)
        .findFirst()
        .orElseThrow()
        .reasons();
  }

  @Test
  void the_last_are_kept() {
    saved(6);
    assertThat(keptBy(new Keep.Last(3))).containsExactly(6L, 7L, 8L);
  }

  @Test
  void the_newest_of_each_so_many_steps_is_kept() {
    Stream.of(-1L, 0L, 400L, 999L, 1000L, 1001L, 2500L)
        .forEach(step -> saved("2026-03-01T00:00:00Z", step));
    saved("2026-03-01T00:00:00Z", null);
    assertThat(keptBy(new Keep.Every(1000))).containsExactly(3L, 6L, 8L, 9L);
  }

  @Test
  void the_newest_of_each_of_the_last_hours_that_have_one_is_kept() {
    saved("2026-03-04T08:00:00Z", null);
    saved("2026-03-04T10:00:00Z", null);
    saved("2026-03-04T10:59:59Z", null);
    saved("2026-03-04T11:00:00Z", null);
    assertThat(keptBy(new Keep.Newest(Span.HOURLY, 3))).containsExactly(3L, 5L, 6L);
    assertThat(keptBy(new Keep.Newest(Span.HOURLY, 2))).containsExactly(5L, 6L);
  }

  @Test
  void days_are_those_of_utc() {
    saved("2026-03-01T23:59:59Z", null);
    saved("2026-03-02T00:00:00Z", null);
    saved("2026-03-02T23:59:59Z", null);
    saved("2026-03-04T00:00:00Z", null);
    assertThat(keptBy(new Keep.Newest(Span.DAILY, 7))).containsExactly(3L, 5L, 6L);
  }

  @Test
  void weeks_begin_on_monday() {
    saved("2026-02-28T12:00:00Z", null);
    saved("2026-03-01T23:59:59Z", null); // Sunday
    saved("2026-03-02T00:00:00Z", null); // Monday
    saved("2026-03-04T00:00:00Z", null);
    assertThat(keptBy(new Keep.Newest(Span.WEEKLY, 9))).containsExactly(4L, 6L);
    saved("1969-12-31T00:00:00Z", null); // and before 1970 too
    saved("1969-12-29T00:00:00Z", null);
    saved("1969-12-28T00:00:00Z", null);
    assertThat(keptBy(new Keep.Newest(Span.WEEKLY, 9))).containsExactly(4L, 6L, 8L, 9L);
  }

  @Test
  void the_best_are_kept_and_of_equal_ones_the_newest() {
    stated("{\"loss\":2}", "{\"loss\":1}", "{\"loss\":1.0}", "{\"loss\":3e0}", "{\"other\":0}");
    var loss = new Metric("loss");
    assertThat(keptBy(new Keep.Best(1, loss, Good.MIN))).containsExactly(5L);
    assertThat(keptBy(new Keep.Best(2, loss, Good.MIN))).containsExactly(4L, 5L);
    assertThat(keptBy(new Keep.Best(2, loss, Good.MAX))).containsExactly(3L, 6L);
    assertThat(keptBy(new Keep.Best(9, loss, Good.MAX))).containsExactly(3L, 4L, 5L, 6L);
  }

  @Test
  void a_metric_lies_deep_in_the_state_or_in_a_label() {
    var metric = new Metric("eval.loss");
    stated("{\"eval\":{\"loss\":5}}");
    histories.checkpoint(NOW, null, null, Map.of("eval.loss", "4.5"));
    histories.checkpoint(NOW, null, "{\"eval\":{\"loss\":6}}", Map.of("eval.loss", "1"));
    assertThat(keptBy(new Keep.Best(2, metric, Good.MIN))).containsExactly(3L, 4L);
  }

  @Test
  void what_is_no_finite_number_is_no_metric() {
    stated("{\"m\":\"1\"}", "{\"m\":1e999}", "{\"m\":null}", "[1]", "{\"m\":{}}", "{", "1");
    Stream.of("NaN", "Infinity", "", "one")
        .forEach(label -> histories.checkpoint(NOW, null, null, Map.of("m", label)));
    assertThat(keptBy(new Keep.Best(20, new Metric("m"), Good.MAX))).isEmpty();
  }

  @Test
  void what_is_younger_is_kept() {
    saved("2026-03-03T11:59:59Z", null);
    saved("2026-03-03T12:00:00Z", null); // exactly a day old
    saved("2026-03-03T12:00:01Z", null);
    saved("2026-03-09T00:00:00Z", null); // by a clock that is fast
    assertThat(keptBy(new Keep.Within(Duration.ofDays(1)))).containsExactly(5L, 6L);
  }

  @Test
  void what_any_rule_keeps_stays_and_the_plan_says_why() {
    saved(8);
    var last = new Keep.Last(3);
    var every = new Keep.Every(4);
    RetentionPlan plan = plan(last, every);
    assertThat(plan.drops()).containsExactly(3L, 4L, 5L, 7L);
    assertThat(reasons(6, last, every)).containsExactly(every);
    assertThat(reasons(10, last, every))
        .containsExactly(Always.NEWEST, Always.GONE_ON_FROM, last, every);
    assertThat(reasons(10, last, every).stream().map(Reason::text))
        .containsExactly("newest", "gone-on-from", "keep-last=3", "keep-every=4");
  }

  @Test
  void without_a_rule_the_two_newest_stay() {
    saved(4);
    assertThat(plan().drops()).containsExactly(3L, 4L);
    assertThat(plan(new Keep.Last(1)).drops()).containsExactly(3L, 4L);
  }

  @Test
  void what_is_pinned_stays() {
    saved(5);
    histories.add(new Event.Pinned("ann", 4), NOW);
    assertThat(plan().drops()).containsExactly(3L, 5L);
    assertThat(reasons(4)).containsExactly(Always.PINNED);
    histories.add(new Event.Unpinned("ann", 4), NOW);
    assertThat(plan().drops()).containsExactly(3L, 4L, 5L);
  }

  @Test
  void what_the_attempt_went_on_from_stays_while_it_is_in_charge() {
    saved(3);
    histories.goOnFrom(3);
    saved(3);
    assertThat(reasons(3)).containsExactly(Always.GONE_ON_FROM);
    histories.add(new Event.Paused("person", ""), NOW);
    assertThat(reasons(3)).isEmpty();
  }

  @Test
  void an_abandoned_branch_does_not_crowd_the_lineage_out() {
    saved(6); // 3 to 8
    histories.goOnFrom(4);
    assertThat(plan(new Keep.Last(2)).drops()).containsExactly(5L, 6L);
    assertThat(reasons(3, new Keep.Last(2))).contains(Always.NEWEST);
  }

  @Test
  void a_damaged_one_never_counts_as_kept() {
    saved(6); // 3 to 8
    damaged = Set.of(7L, 8L);
    assertThat(plan(new Keep.Last(2)).drops()).containsExactly(3L, 4L);
    assertThat(reasons(7, new Keep.Last(2))).containsExactly(Always.DAMAGED);
    assertThat(reasons(8, new Keep.Last(2))).containsExactly(Always.GONE_ON_FROM);
  }

  @Test
  void a_damaged_one_goes_once_it_is_the_oldest() {
    saved(6); // 3 to 8
    damaged = Set.of(4L, 7L);
    assertThat(plan(new Keep.Last(2)).drops()).containsExactly(3L, 4L, 5L);
  }

  @Test
  void nothing_goes_where_nothing_is_whole() {
    saved(4);
    damaged = Set.of(3L, 4L, 5L, 6L);
    assertThat(plan(new Keep.Last(1)).drops()).isEmpty();
  }

  @Test
  void a_clean_up_spares_what_is_pinned() {
    saved(4);
    histories.add(new Event.Pinned("ann", 4), NOW);
    var candidates = Candidates.of(histories.history(), Set.of());
    assertThat(Retention.cleanUp(candidates).drops()).containsExactly(3L, 5L, 6L);
  }

  @Test
  void a_rule_that_keeps_nothing_is_refused() {
    var metric = new Metric("m");
    Stream.<Runnable>of(
            () -> new Keep.Last(0),
            () -> new Keep.Every(0),
            () -> new Keep.Newest(Span.DAILY, 0),
            () -> new Keep.Best(0, metric, Good.MIN),
            () -> new Keep.Within(Duration.ZERO),
            () -> new Metric(" "))
        .forEach(rule -> assertThatThrownBy(rule::run).isInstanceOf(CairnException.Invalid.class));
  }

  @Test
  void rules_are_told_as_they_are_written() {
    assertThat(
            Stream.of(
                    new Keep.Last(5),
                    new Keep.Newest(Span.WEEKLY, 4),
                    new Keep.Best(3, new Metric("eval.loss"), Good.MIN),
                    new Keep.Within(Duration.ofHours(30)))
                .map(Reason::text))
        .containsExactly(
            "keep-last=5", "keep-weekly=4", "keep-best=3:eval.loss:min", "keep-within=1d6h");
  }
}
