package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.JobState;
import dev.cairn.domain.JobState.Request;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The rules of [JobState#after]: who may append what when, and what it leads to (I3, I7).
final class JobStateTest {
  private static final long NUMBER = 100;
  private static final long OTHER = 5;

  /// Where a job can stand.
  enum Stand {
    /// Never submitted.
    NONE,
    PENDING,
    RUNNING,
    PAUSED,
    COMPLETED,
    FAILED,
    CANCELLED,
    DELETED,
    /// Each held by a maintenance claim.
    MAINTAINED_PENDING,
    MAINTAINED_PAUSED,
    MAINTAINED_COMPLETED,
    MAINTAINED_FAILED,
    MAINTAINED_CANCELLED
  }

  private static final Map<Stand, JobState> STATES = new EnumMap<>(Stand.class);
  private static final Map<String, Event> EVENTS =
      Map.ofEntries(
          Map.entry("submitted", new Event.Submitted("train.py", 3, Map.of())),
          Map.entry("claimed", claim(Purpose.WORK)),
          Map.entry("maintained", claim(Purpose.MAINTENANCE)),
          Map.entry("checkpointed", checkpointed()),
          Map.entry("pruned", new Event.Pruned(List.of(8L), "asked", 7L)),
          Map.entry("repaired", new Event.Repaired(7, new ManifestRef("", "", 16, 1, 1, 0), "ann")),
          Map.entry("completed", new Event.Completed("")),
          Map.entry("failed", new Event.Failed("crash_loop", "", 1)),
          Map.entry("cancelled", new Event.Cancelled("")),
          Map.entry("paused", new Event.Paused("disk_full", "")),
          Map.entry("released", new Event.Released("preempted", "", false, null, 0)),
          Map.entry("deleted", new Event.Deleted("ann")),
          Map.entry("cancel_requested", new Event.CancelRequested("ann", "")),
          Map.entry("pause_requested", new Event.PauseRequested("ann", "")),
          Map.entry(
              "checkpoint_requested", new Event.CheckpointRequested("ann", Checkpoint.Kind.MANUAL)),
          Map.entry("prune_requested", new Event.PruneRequested("ann", List.of(7L))),
          Map.entry("resumed", new Event.Resumed("ann", null)),
          Map.entry("pinned", new Event.Pinned("ann", 7)),
          Map.entry("unpinned", new Event.Unpinned("ann", 7)));

  static {
    JobState submitted = JobState.NONE.after(event("submitted"), 1, 0);
    JobState running = submitted.after(claim(Purpose.WORK), 2, 0).after(checkpointed(), 3, 2);
    STATES.put(Stand.NONE, JobState.NONE);
    STATES.put(Stand.PENDING, submitted);
    STATES.put(Stand.RUNNING, running);
    STATES.put(Stand.PAUSED, running.after(event("paused"), 4, 2));
    STATES.put(Stand.COMPLETED, running.after(event("completed"), 4, 2));
    STATES.put(Stand.FAILED, running.after(event("failed"), 4, 2));
    STATES.put(Stand.CANCELLED, running.after(event("cancelled"), 4, 2));
    STATES.put(Stand.DELETED, running.after(event("deleted"), 4, 2));
    for (String name : List.of("PENDING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED")) {
      JobState state = state(Stand.valueOf(name)).after(claim(Purpose.MAINTENANCE), 6, 0);
      STATES.put(Stand.valueOf("MAINTAINED_" + name), state);
    }
  }

  private static Event event(String name) {
    Event event = EVENTS.get(name);
    if (event == null) {
      throw new IllegalArgumentException(name);
    }
    return event;
  }

  private static Event.Claimed claim(Purpose purpose) {
    return new Event.Claimed(purpose, new Event.Owner("node", "boot", 1, 1), 3L, 30_000);
  }

  private static Event.Checkpointed checkpointed() {
    return Entries.checkpoint(null, "{}");
  }

  private static JobState state(Stand stand) {
    JobState state = STATES.get(stand);
    if (state == null) {
      throw new IllegalArgumentException(stand.name());
    }
    return state;
  }

  /// What an event leads to: a status, or why it is refused.
  private static String outcome(JobState before, Event event, long author) {
    try {
      JobState after = before.after(event, NUMBER, author);
      return after.deleted() ? "gone" : after.status().toString();
    } catch (CairnException | IllegalStateException e) {
      return e.getClass().getSimpleName();
    }
  }

  @ParameterizedTest
  @CsvSource(
      useHeadersInDisplayName = true,
      delimiter = '|',
      textBlock =
          """
          event                | none     | pending   | running   | paused    | completed | failed   | cancelled | deleted
          submitted            | pending  | Conflict  | Conflict  | Conflict  | Conflict  | Conflict | Conflict  | pending
          claimed              | NotFound | running   | running   | Conflict  | Conflict  | Conflict | Conflict  | NotFound
          maintained           | NotFound | pending   | Conflict  | paused    | completed | failed   | cancelled | NotFound
          checkpointed         | Fenced   | Fenced    | running   | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          pruned               | Fenced   | Fenced    | running   | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          completed            | Fenced   | Fenced    | completed | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          failed               | Fenced   | Fenced    | failed    | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          cancelled            | Fenced   | Fenced    | cancelled | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          paused               | Fenced   | Fenced    | paused    | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          released             | Fenced   | Fenced    | pending   | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          deleted              | Fenced   | Fenced    | gone      | Fenced    | Fenced    | Fenced   | Fenced    | Fenced
          cancel_requested     | NotFound | cancelled | running   | cancelled | Conflict  | Conflict | Conflict  | NotFound
          pause_requested      | NotFound | paused    | running   | Conflict  | Conflict  | Conflict | Conflict  | NotFound
          checkpoint_requested | Conflict | Conflict  | running   | Conflict  | Conflict  | Conflict | Conflict  | Conflict
          prune_requested      | NotFound | pending   | running   | paused    | completed | failed   | cancelled | NotFound
          resumed              | NotFound | Conflict  | Conflict  | pending   | Conflict  | pending  | pending   | NotFound
          pinned               | NotFound | pending   | running   | paused    | completed | failed   | cancelled | NotFound
          unpinned             | NotFound | pending   | running   | paused    | completed | failed   | cancelled | NotFound
          """)
  void every_event_leads_from_every_status_to_one_or_is_refused(
      String event,
      String none,
      String pending,
      String running,
      String paused,
      String completed,
      String failed,
      String cancelled,
      String deleted) {
    List<String> expected =
        List.of(none, pending, running, paused, completed, failed, cancelled, deleted);
    var found = new ArrayList<String>();
    for (Stand stand : List.of(Stand.values()).subList(0, expected.size())) {
      found.add(outcome(state(stand), event(event), state(stand).token()));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void the_table_is_complete() {
    assertThat(EVENTS.values().stream().map(Event::getClass).distinct().count())
        .as("all events but tombstones; claims have two purposes")
        .isEqualTo(EVENTS.size() - 1L)
        .isEqualTo(permitted(Event.class) - 1L);
    assertThat(STATES.keySet()).containsExactlyInAnyOrder(Stand.values());
  }

  private static long permitted(Class<?> type) {
    Class<?>[] kinds = type.getPermittedSubclasses();
    return kinds == null ? 1 : List.of(kinds).stream().mapToLong(JobStateTest::permitted).sum();
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "MAINTAINED_PENDING",
        "MAINTAINED_PAUSED",
        "MAINTAINED_COMPLETED",
        "MAINTAINED_FAILED",
        "MAINTAINED_CANCELLED"
      })
  void maintenance_changes_no_status(Stand stand) {
    JobState before = state(stand);
    String same = before.status().toString();
    for (String allowed : List.of("checkpointed", "pruned", "released")) {
      assertThat(outcome(before, event(allowed), before.token())).isEqualTo(same);
      assertThat(outcome(before, event(allowed), before.token() - 1)).isEqualTo("Fenced");
    }
    for (String wrong : List.of("completed", "failed", "cancelled", "paused")) {
      assertThat(outcome(before, event(wrong), before.token())).isEqualTo("IllegalStateException");
    }
    assertThat(outcome(before, event("deleted"), before.token())).isEqualTo("gone");
    JobState after = before.after(event("released"), NUMBER, before.token());
    assertThat(after.held()).isFalse();
    assertThat(after.attempt()).isEqualTo(before.attempt());
    assertThat(after.failures()).isEqualTo(before.failures());
  }

  @Test
  void a_stranger_appends_no_attempt_entry() {
    for (Stand stand : Stand.values()) {
      for (Event event : EVENTS.values()) {
        if (event instanceof Event.OfAttempt) {
          assertThat(outcome(state(stand), event, OTHER)).isEqualTo("Fenced");
          assertThat(outcome(state(stand), event, 0)).isEqualTo("Fenced");
        }
      }
    }
  }

  @Test
  void a_claim_displaces_whoever_held_the_job() {
    JobState before = state(Stand.RUNNING);
    JobState after = before.after(claim(Purpose.WORK), NUMBER, 0);
    assertThat(after.token()).isEqualTo(NUMBER);
    assertThat(after.held()).isTrue();
    assertThat(after.attempt()).isEqualTo(before.attempt() + 1);
    assertThat(after.ordinal()).isZero();
    assertThat(outcome(after, checkpointed(), before.token())).isEqualTo("Fenced");
    assertThat(outcome(after, checkpointed(), NUMBER)).isEqualTo("running");
  }

  @Test
  void control_entries_displace_nobody() {
    for (Stand stand : Stand.values()) {
      JobState before = state(stand);
      for (Event event : EVENTS.values()) {
        boolean displaces = event instanceof Event.Resumed || event instanceof Event.Submitted;
        if (event instanceof Event.Control && !displaces && isAllowed(before, event)) {
          JobState after = before.after(event, NUMBER, 0);
          assertThat(after.token()).isEqualTo(before.token());
          assertThat(after.held()).isEqualTo(before.held());
          assertThat(after.ordinal()).isEqualTo(before.ordinal());
          assertThat(after.newest()).isEqualTo(before.newest());
        }
      }
    }
  }

  private static boolean isAllowed(JobState state, Event event) {
    return outcome(state, event, state.token())
        .equals(outcome(state, event, state.token()).toLowerCase(Locale.ROOT));
  }

  @Test
  void a_resume_fences_every_token_before_it() {
    JobState before = state(Stand.MAINTAINED_PAUSED);
    JobState after = before.after(event("resumed"), NUMBER, 0);
    assertThat(outcome(after, checkpointed(), before.token())).isEqualTo("Fenced");
    assertThat(outcome(after, event("released"), before.token())).isEqualTo("Fenced");
  }

  @Test
  void an_end_is_an_end() {
    JobState running = state(Stand.RUNNING);
    for (Event end : EVENTS.values()) {
      if (end instanceof Event.End) {
        JobState after = running.after(end, NUMBER, running.token());
        assertThat(after.held()).isFalse();
        for (Event event : EVENTS.values()) {
          if (event instanceof Event.OfAttempt) {
            assertThat(outcome(after, event, running.token())).isEqualTo("Fenced");
          }
        }
      }
    }
  }

  @Test
  void completed_never_changes() {
    JobState completed = state(Stand.COMPLETED);
    for (Event event : EVENTS.values()) {
      String outcome = outcome(completed, event, completed.token());
      assertThat(outcome).isIn("completed", "Conflict", "Fenced");
    }
  }

  @Test
  void attempt_entries_are_counted_per_token() {
    JobState running = state(Stand.RUNNING);
    assertThat(running.ordinal()).isEqualTo(1);
    JobState more = running.after(event("pruned"), NUMBER, running.token());
    assertThat(more.ordinal()).isEqualTo(2);
    assertThat(more.after(event("completed"), NUMBER, running.token()).ordinal()).isEqualTo(3);
    assertThat(more.after(event("pinned"), NUMBER, 0).ordinal()).isEqualTo(2);
  }

  @Test
  void numbers_and_tokens_of_a_deleted_job_count_on() {
    JobState deleted = state(Stand.DELETED);
    JobState again = deleted.after(event("submitted"), NUMBER, 0);
    assertThat(again.token()).isEqualTo(deleted.token());
    assertThat(again.newest()).isNull();
    assertThat(again.requests()).isEmpty();
    assertThat(outcome(again, checkpointed(), deleted.token())).isEqualTo("Fenced");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cancel_requested     | CANCEL
          pause_requested      | PAUSE
          checkpoint_requested | CHECKPOINT
          prune_requested      | PRUNE
          """)
  void a_request_to_a_running_job_waits_for_its_answer(String event, Request.Kind kind) {
    JobState running = state(Stand.RUNNING);
    JobState asked = running.after(event(event), NUMBER, 0);
    assertThat(asked.requests()).containsExactly(new Request(NUMBER, kind));
    assertThat(asked.asks(kind)).isTrue();

    // It outlasts a takeover and a hand-back.
    assertThat(asked.after(claim(Purpose.WORK), NUMBER + 1, 0).asks(kind)).isTrue();
    assertThat(asked.after(event("released"), NUMBER + 1, running.token()).asks(kind)).isTrue();

    JobState answered =
        switch (kind) {
          case CANCEL -> asked.after(event("cancelled"), NUMBER + 1, running.token());
          case PAUSE -> asked.after(event("paused"), NUMBER + 1, running.token());
          case PRUNE -> asked.after(event("pruned"), NUMBER + 1, running.token());
          case CHECKPOINT -> asked.after(answer(NUMBER), NUMBER + 1, running.token());
        };
    assertThat(answered.requests()).isEmpty();
  }

  @Test
  void a_checkpoint_answers_only_what_it_says() {
    JobState running = state(Stand.RUNNING);
    JobState asked =
        running
            .after(event("checkpoint_requested"), NUMBER, 0)
            .after(event("checkpoint_requested"), NUMBER + 1, 0);
    assertThat(asked.after(answer(NUMBER), NUMBER + 2, running.token()).requests())
        .containsExactly(new Request(NUMBER + 1, Request.Kind.CHECKPOINT));
  }

  private static Event.Checkpointed answer(long request) {
    Checkpoint c = checkpointed().checkpoint();
    return new Event.Checkpointed(
        new Checkpoint(
            c.kind(),
            c.parent(),
            c.progress(),
            c.labels(),
            c.state(),
            c.manifest(),
            c.files(),
            c.sizeBytes(),
            c.newBytes(),
            c.storedBytes(),
            c.durationMillis(),
            c.node(),
            List.of(request)),
        List.of());
  }

  @Test
  void a_resume_takes_back_what_stopped_the_job_and_may_go_back() {
    JobState paused = state(Stand.PAUSED);
    JobState asked =
        state(Stand.RUNNING)
            .after(event("cancel_requested"), NUMBER, 0)
            .after(event("prune_requested"), NUMBER + 1, 0)
            .after(event("paused"), NUMBER + 2, paused.token());
    JobState resumed = asked.after(new Event.Resumed("ann", 3L), NUMBER + 3, 0);
    assertThat(resumed.requests()).containsExactly(new Request(NUMBER + 1, Request.Kind.PRUNE));
    assertThat(resumed.newest()).isEqualTo(3);
    assertThat(paused.after(event("resumed"), NUMBER, 0).newest()).isEqualTo(paused.newest());
  }

  @Test
  void a_pending_job_may_be_rolled_back_but_needs_no_resume() {
    JobState pending = state(Stand.PENDING);
    assertThat(pending.after(new Event.Resumed("ann", 3L), NUMBER, 0).newest()).isEqualTo(3);
    assertThatThrownBy(() -> pending.after(event("resumed"), NUMBER, 0))
        .isInstanceOf(CairnException.Conflict.class);
    assertThatThrownBy(() -> state(Stand.COMPLETED).after(new Event.Resumed("ann", 3L), NUMBER, 0))
        .isInstanceOf(CairnException.Conflict.class);
  }

  @Test
  void failures_count_until_there_is_progress() {
    JobState running = state(Stand.RUNNING);
    Function<JobState, JobState> failOnce =
        state ->
            state
                .after(new Event.Released("child_failed", "", true, 1, 0), NUMBER, state.token())
                .after(claim(Purpose.WORK), NUMBER + 1, 0);
    JobState twice = failOnce.apply(failOnce.apply(running));
    assertThat(twice.failures()).isEqualTo(2);
    assertThat(twice.after(checkpointed(), NUMBER, twice.token()).failures()).isZero();
    assertThat(twice.after(event("released"), NUMBER, twice.token()).failures()).isEqualTo(2);
  }

  @Test
  void a_tombstone_is_never_appended() {
    assertThatThrownBy(() ->
            state(Stand.RUNNING).after(new Event.Dropped("pinned", null, List.of()), NUMBER, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
