package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Journal;
import dev.cairn.journal.Journal.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Every promise of [Journal] as a test. An implementation passes it by a test class that
/// implements this interface; its clock must be a real one.
public interface JournalContract {
  JobId JOB = JobId.of("a");

  /// A new, empty journal.
  Journal open();

  @Test
  default void an_unknown_job_has_nothing() {
    Journal journal = open();
    assertThat(journal.last(JOB)).isEmpty();
    assertThat(journal.entries(JOB, Entry.FIRST, 10)).isEmpty();
    assertThat(journal.jobs()).isEmpty();
    assertThat(journal.heartbeat(JOB, 1)).isEmpty();
    assertThat(journal.heartbeats(JOB)).isEmpty();
  }

  @Test
  default void an_append_gives_back_its_own_entry() {
    Journal journal = open();
    for (Entry entry : Entries.history(JOB, 4)) {
      assertThat(journal.append(entry)).isEqualTo(new Slot.Readable(entry));
      assertThat(journal.last(JOB)).contains(new Slot.Readable(entry));
    }
  }

  @Test
  default void every_kind_of_event_comes_back_as_it_was() {
    Journal journal = open();
    Entry last = Entries.submitted(JOB);
    journal.append(last);
    List<Event> events =
        List.of(
            new Event.Pinned("ann", 2),
            Entries.claim("node \"ä\" \n\u0000 \uD83D\uDE00"),
            new Event.CheckpointRequested("ann", dev.cairn.domain.Checkpoint.Kind.MANUAL),
            new Event.PruneRequested("ann", List.of(1L, 2L)),
            Entries.checkpoint(null, "{\"é\": [1, 2.50, null]}"),
            new Event.Pruned(List.of(1L), "asked", 6L),
            new Event.Repaired(
                6,
                new ManifestRef("ab".repeat(32), "3-" + "cd".repeat(32) + ".pack", 16, 5, 9, 1),
                "ann"),
            new Event.PauseRequested("ann", "lunch"),
            new Event.Paused("person", "lunch"),
            new Event.Unpinned("ann", 2),
            new Event.Unpinned("ann", 2, 6L),
            new Event.Resumed("ann", null),
            Entries.claim("node-b"),
            new Event.Released("preempted", "", true, 75, 1000),
            Entries.claim("node-c"),
            new Event.CancelRequested("ann", ""),
            new Event.Cancelled("as asked"),
            new Event.Resumed("ann", 6L),
            Entries.claim("node-d"),
            new Event.Failed("crash_loop", "it fell over", 137),
            new Event.Resumed("ann", null),
            Entries.claim("node-e"),
            new Event.Completed("done"));
    for (Event event : events) {
      last = Entries.after(last, event);
      assertThat(journal.append(last)).isEqualTo(new Slot.Readable(last));
      assertThat(journal.entries(JOB, last.number(), 1)).containsExactly(new Slot.Readable(last));
    }
  }

  @Test
  default void entries_that_stand_are_confirmed_and_no_others() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 2);
    history.forEach(journal::append);
    assertThat(journal.confirm(JOB, 1)).contains(new Slot.Readable(history.getFirst()));
    assertThat(journal.confirm(JOB, 2)).contains(new Slot.Readable(history.getLast()));
    assertThat(journal.confirm(JOB, 3)).isEmpty();
  }

  @Test
  default void repeating_an_append_is_the_same_append() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 3);
    history.forEach(journal::append);
    for (Entry entry : history) {
      assertThat(journal.append(entry)).isEqualTo(new Slot.Readable(entry));
    }
    assertThat(numbers(journal.entries(JOB, Entry.FIRST, 10))).containsExactly(1L, 2L, 3L);
  }

  @Test
  default void a_loser_gets_the_entry_that_won() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 2);
    history.forEach(journal::append);
    Entry rival = Entries.after(history.getFirst(), Entries.claim("node-b"));
    assertThat(journal.append(rival)).isEqualTo(new Slot.Readable(history.getLast()));
    assertThat(journal.last(JOB)).contains(new Slot.Readable(history.getLast()));
  }

  @Test
  default void the_newest_of_many_entries_is_found() {
    Journal journal = open();
    for (Entry entry : Entries.history(JOB, 300)) {
      journal.append(entry);
      if (entry.number() == 1 || entry.number() == 2 || entry.number() % 100 == 0) {
        assertThat(journal.last(JOB)).contains(new Slot.Readable(entry));
      }
    }
  }

  @Test
  default void entries_are_given_in_ranges_and_to_a_limit() {
    Journal journal = open();
    Entries.history(JOB, 20).forEach(journal::append);
    assertThat(numbers(journal.entries(JOB, 1, 100))).hasSize(20).isSorted();
    assertThat(numbers(journal.entries(JOB, 1, 3))).containsExactly(1L, 2L, 3L);
    assertThat(numbers(journal.entries(JOB, 9, 2))).containsExactly(9L, 10L);
    assertThat(numbers(journal.entries(JOB, 19, 10))).containsExactly(19L, 20L);
    assertThat(journal.entries(JOB, 21, 10)).isEmpty();
    assertThat(journal.entries(JOB, 1000, 10)).isEmpty();
    assertThat(journal.entries(JOB, 1, 0)).isEmpty();
  }

  @Test
  default void a_trimmed_number_stays_taken_and_readable() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 6);
    history.forEach(journal::append);
    Entry third = history.get(2);
    journal.trim(third.tombstone());
    journal.trim(third.tombstone());

    Entry trimmed = ((Slot.Readable) journal.entries(JOB, 3, 1).getFirst()).entry();
    assertThat(trimmed).isEqualTo(third.tombstone());
    assertThat(trimmed.event()).isInstanceOf(Event.Dropped.class);
    assertThat(numbers(journal.entries(JOB, 1, 100))).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(journal.last(JOB)).contains(new Slot.Readable(history.getLast()));
  }

  @Test
  default void whoever_lags_behind_collides_at_a_trimmed_number() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 6);
    history.forEach(journal::append);
    journal.trim(history.get(2).tombstone());

    Entry late = Entries.after(history.get(1), Entries.claim("node-b"));
    assertThat(journal.append(late)).isEqualTo(new Slot.Readable(history.get(2).tombstone()));
    assertThat(numbers(journal.entries(JOB, 1, 100))).hasSize(6);
  }

  @Test
  default void jobs_whose_ids_begin_alike_are_kept_apart() {
    Journal journal = open();
    List<JobId> jobs =
        List.of("a_2", "a", "A", "a.b", "a-1", "aa", "a.", "0").stream().map(JobId::of).toList();
    for (int i = 0; i < jobs.size(); i++) {
      Entries.history(jobs.get(i), i + 2).forEach(journal::append);
      journal.beat(Entries.beat(jobs.get(i), 2, i + 1));
    }
    assertThat(journal.jobs()).containsExactlyElementsOf(jobs.stream().sorted().toList());
    for (int i = 0; i < jobs.size(); i++) {
      JobId job = jobs.get(i);
      assertThat(journal.last(job).orElseThrow().number()).isEqualTo(i + 2);
      assertThat(journal.entries(job, 1, 100)).hasSize(i + 2);
      assertThat(journal.heartbeats(job)).containsExactly(Entries.beat(job, 2, i + 1));
    }
  }

  @Test
  default void a_heartbeat_is_overwritten() {
    Journal journal = open();
    Entries.history(JOB, 2).forEach(journal::append);
    for (long beat = 1; beat <= 3; beat++) {
      journal.beat(Entries.beat(JOB, 2, beat));
      assertThat(journal.heartbeat(JOB, 2)).contains(Entries.beat(JOB, 2, beat));
    }
    assertThat(journal.heartbeats(JOB)).hasSize(1);
  }

  @Test
  default void every_attempt_has_a_heartbeat_of_its_own() {
    Journal journal = open();
    Entries.history(JOB, 2).forEach(journal::append);
    journal.beat(Entries.beat(JOB, 12, 1));
    journal.beat(Entries.beat(JOB, 2, 9));
    journal.beat(Entries.beat(JOB, 1, 4));
    assertThat(journal.heartbeat(JOB, 2)).contains(Entries.beat(JOB, 2, 9));
    assertThat(journal.heartbeat(JOB, 3)).isEmpty();
    assertThat(journal.heartbeats(JOB))
        .containsExactlyInAnyOrder(
            Entries.beat(JOB, 1, 4), Entries.beat(JOB, 2, 9), Entries.beat(JOB, 12, 1));
  }

  @Test
  default void a_heartbeat_does_not_make_a_job() {
    Journal journal = open();
    journal.beat(Entries.beat(JOB, 2, 1));
    assertThat(journal.jobs()).isEmpty();
    assertThat(journal.last(JOB)).isEmpty();
  }

  @Test
  default void a_watch_for_what_is_there_returns_at_once() {
    Journal journal = open();
    Entries.history(JOB, 2).forEach(journal::append);
    assertThat(journal.watch(JOB, 1, Duration.ZERO)).isTrue();
    assertThat(journal.watch(JOB, 2, Duration.ofDays(1))).isTrue();
  }

  @Test
  default void a_watch_for_what_does_not_come_ends_in_time() {
    Journal journal = open();
    journal.append(Entries.submitted(JOB));
    assertThat(journal.watch(JOB, 2, Duration.ZERO)).isFalse();
    assertThat(journal.watch(JOB, 2, Duration.ofMillis(50))).isFalse();
  }

  @Test
  default void a_watch_sees_what_another_appends() {
    Journal journal = open();
    List<Entry> history = Entries.history(JOB, 2);
    journal.append(history.getFirst());
    var seen = new AtomicInteger();
    Env.Task watcher =
        new SystemEnv()
            .fork("watcher", () -> seen.set(journal.watch(JOB, 2, Duration.ofMinutes(5)) ? 1 : 2));
    journal.append(history.getLast());
    assertThat(watcher.join(Duration.ofMinutes(1))).isTrue();
    assertThat(seen).hasValue(1);
  }

  /// Each number has one winner, who is told so, and all who tried agree on it.
  @Test
  default void racing_appenders_agree_on_every_number() {
    int last = 50;
    Journal journal = open();
    journal.append(Entries.submitted(JOB));
    Map<Long, String> standing = new ConcurrentHashMap<>();
    Map<Long, Integer> winners = new ConcurrentHashMap<>();
    var tasks = new ArrayList<Env.Task>();
    for (int i = 0; i < 8; i++) {
      String node = "node-" + i;
      tasks.add(new SystemEnv().fork(node, () -> race(journal, node, last, standing, winners)));
    }
    tasks.forEach(Env.Task::join);

    assertThat(winners.keySet()).hasSize(last - 1);
    assertThat(winners.values()).containsOnly(1);
    for (Slot slot : journal.entries(JOB, 2, 100)) {
      assertThat(((Slot.Readable) slot).entry().id()).isEqualTo(standing.get(slot.number()));
    }
    assertThat(journal.last(JOB).orElseThrow().number()).isEqualTo(last);
  }

  private static void race(
      Journal journal,
      String node,
      int last,
      Map<Long, String> standing,
      Map<Long, Integer> winners) {
    Entry newest = ((Slot.Readable) journal.last(JOB).orElseThrow()).entry();
    while (newest.number() < last) {
      Entry own = Entries.after(newest, Entries.claim(node));
      newest = ((Slot.Readable) journal.append(own)).entry();
      if (newest.id().equals(own.id())) {
        winners.merge(own.number(), 1, Integer::sum);
      }
      String before = standing.putIfAbsent(newest.number(), newest.id());
      assertThat(before == null || before.equals(newest.id())).isTrue();
    }
  }

  @Test
  default void it_says_where_it_is() {
    assertThat(open().location()).isNotBlank();
  }

  private static List<Long> numbers(List<Slot> slots) {
    return slots.stream().map(Slot::number).toList();
  }
}
