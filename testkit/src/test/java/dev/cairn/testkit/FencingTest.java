package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.JobState.Request;
import dev.cairn.domain.Status;
import dev.cairn.env.Host;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.testkit.Workload.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Two attempts at one job: only the newest publishes, only the holder deletes (I3, I5).
final class FencingTest {
  private static final Path SOURCES = Path.of("/data/sources");
  private static final Event.Released RELEASED =
      new Event.Released("preempted", "", false, null, 0);

  private final SequentialEnv env = new SequentialEnv(4711);
  private final CrashingDisk disk = new CrashingDisk();
  private final List<Step> steps = Workload.small(disk, SOURCES, 4711);
  private final MemoryBlobStore memory = new MemoryBlobStore();
  private final Interrupted interrupted = new Interrupted(memory);
  private final Store store = Worker.store(interrupted.store(), disk, env);

  @BeforeEach
  void submit() {
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
  }

  private Worker claim(String node) {
    return Worker.claim(store, disk, env, node);
  }

  private JobLog person() {
    return JobLog.existing(store.journal(), env, Worker.JOB);
  }

  private static String entryName(long number) {
    return "jobs/%s/journal/%020d.json".formatted(Worker.JOB, number);
  }

  private Set<String> journal() {
    var names = new TreeSet<String>();
    store.blobs().list("jobs/" + Worker.JOB + "/journal").forEach(item -> names.add(item.name()));
    return names;
  }

  private void spoil(String name) {
    memory.put(name, Blob.of("not what was written"));
  }

  private static Stream<Event.OfAttempt> attemptEntries() {
    return Stream.of(
        Entries.checkpoint(null, "{}"),
        new Event.Pruned(List.of(3L), "asked", null),
        new Event.Repaired(3, new ManifestRef("", "", 16, 1, 1, 0), "ann"),
        new Event.Completed("done"),
        new Event.Failed("crash_loop", "", 1),
        new Event.Cancelled(""),
        new Event.Paused("disk_full", ""),
        RELEASED,
        new Event.Deleted("ann"));
  }

  private static Stream<Event.End> ends() {
    return attemptEntries()
        .flatMap(event -> event instanceof Event.End end ? Stream.of(end) : Stream.empty());
  }

  @ParameterizedTest
  @MethodSource("attemptEntries")
  void a_displaced_attempt_appends_nothing(Event.OfAttempt event) {
    Worker zombie = claim("node-a");
    zombie.save(steps.getFirst());
    Worker holder = claim("node-b");
    Set<String> before = journal();

    assertThatThrownBy(() -> zombie.attempt().append(_ -> event))
        .isInstanceOf(CairnException.Fenced.class);
    assertThatThrownBy(() -> zombie.attempt().refresh()).isInstanceOf(CairnException.Fenced.class);
    assertThat(journal()).isEqualTo(before);
    holder.save(steps.get(1));
    Worker.requireSoundJournal(store);
  }

  @Test
  void whoever_is_fenced_off_learns_by_whom() {
    Worker first = claim("node-a");
    first.save(steps.getFirst());
    Worker second = claim("node-b");
    String displaced =
        "attempt 1 on node-a (pid 0) was fenced off job %s: it was displaced by attempt 2 on node-b (pid 0)"
            .formatted(Worker.JOB);

    assertThatThrownBy(() -> first.attempt().append(_ -> RELEASED)).hasMessage(displaced);
    assertThatThrownBy(() -> first.attempt().refresh()).hasMessage(displaced);
    second.end(RELEASED);
    assertThatThrownBy(() -> second.attempt().append(_ -> RELEASED))
        .hasMessageContaining("attempt 2 on node-b (pid 0) was fenced off")
        .hasMessageContaining("it has ended");
  }

  @Test
  void a_displaced_attempt_deletes_nothing() {
    Worker zombie = claim("node-a");
    steps.subList(0, 2).forEach(zombie::save);
    Worker holder = claim("node-b");
    holder.save(steps.get(3));
    Set<String> packs = Worker.packs(store);
    Set<String> before = journal();
    Set<Long> all = Set.copyOf(holder.history().live().keySet());

    assertThatThrownBy(() -> zombie.checkpointer().prune(all, "asked"))
        .isInstanceOf(CairnException.Fenced.class);
    assertThatThrownBy(() -> zombie.checkpointer().delete("ann"))
        .isInstanceOf(CairnException.Fenced.class);
    assertThatThrownBy(() -> zombie.save(steps.get(5))).isInstanceOf(CairnException.Fenced.class);
    assertThat(Worker.packs(store)).containsAll(packs);
    assertThat(journal()).isEqualTo(before);
    requireAllExact();
  }

  /// Even if it does not know yet: what it has published is durable, what it deletes is not named
  /// by anything that a successor could have published meanwhile.
  @Test
  void a_sweep_that_comes_late_hits_nothing_of_a_successor() {
    Worker zombie = claim("node-a");
    zombie.save(steps.getFirst());
    Set<String> kept = Worker.neededPacks(store, zombie.history());
    Worker holder = claim("node-b");
    holder.save(steps.get(1));
    holder.save(steps.get(3));
    store.repository().sweep(Worker.JOB, zombie.attempt().token(), kept);
    requireAllExact();
    assertThat(Worker.packs(store)).containsAll(Worker.neededPacks(store, holder.history()));
  }

  private void requireAllExact() {
    for (Published published : person().history().live().values()) {
      Path target = Path.of("/data/check-" + env.randomHex(4));
      Worker.requireExact(store, disk, published, target, Worker.stepOf(published, steps));
    }
  }

  private static Stream<Event> controlEntries() {
    return Stream.of(
        new Event.CancelRequested("ann", ""),
        new Event.PauseRequested("ann", ""),
        new Event.CheckpointRequested("ann", Checkpoint.Kind.MANUAL),
        new Event.PruneRequested("ann", List.of(3L)),
        new Event.Pinned("ann", 3),
        new Event.Unpinned("ann", 3));
  }

  @ParameterizedTest
  @MethodSource("controlEntries")
  void control_entries_displace_nobody(Event event) {
    Worker worker = claim("node-a");
    long first = worker.save(steps.getFirst());
    person().append(_ -> event);
    long second = worker.save(steps.get(1)); // collides, decides anew, goes on
    assertThat(second).isEqualTo(first + 2);
    assertThat(worker.attempt().refresh().held()).isTrue();
    assertThat(worker.history().checkpoint(second).checkpoint().parent()).isEqualTo(first);
    worker.complete();
    assertThat(person().state().status()).isEqualTo(Status.COMPLETED);
  }

  @Test
  void a_resume_fences_whoever_held_the_job() {
    Worker worker = claim("node-a");
    worker.save(steps.getFirst());
    worker.end(new Event.Paused("person", ""));
    Worker maintenance = Worker.claim(store, disk, env, "node-b", Purpose.MAINTENANCE, 3);
    person().append(_ -> new Event.Resumed("ann", null));
    assertThatThrownBy(() -> maintenance.save(steps.get(1)))
        .isInstanceOf(CairnException.Fenced.class);
    assertThatThrownBy(maintenance::release).isInstanceOf(CairnException.Fenced.class);
    assertThatThrownBy(() -> worker.save(steps.get(1))).isInstanceOf(CairnException.Fenced.class);
    claim("node-c").save(steps.get(1));
    assertThat(person().history().live()).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("ends")
  void an_ended_attempt_appends_nothing(Event.End end) {
    Worker worker = claim("node-a");
    worker.save(steps.getFirst());
    worker.end(end);
    Set<String> before = journal();
    attemptEntries()
        .forEach(event ->
            assertThatThrownBy(() -> worker.attempt().append(_ -> event))
                .isInstanceOf(CairnException.Fenced.class));
    assertThat(journal()).isEqualTo(before);
  }

  private static Stream<Event> newerEntries() {
    return Stream.of(
        new Event.Pinned("ann", 3), Entries.checkpoint(3L, "{}"), new Event.Unpinned("ann", 3));
  }

  /// The holder was watched for the whole lease and seemed dead; but something came.
  @ParameterizedTest
  @MethodSource("newerEntries")
  void a_verdict_that_anything_newer_has_made_void_claims_nothing(Event newer) {
    Worker holder = claim("node-a");
    long last = holder.save(steps.getFirst());
    boolean[] came = {false};
    interrupted.before(
        entryName(last + 1),
        () -> {
          came[0] = true;
          append(holder, newer);
        });
    Duration lease = Duration.ofSeconds(2);
    var claimer =
        new Claimer(store.journal(), env, new Host("node-b", "", 0), lease.dividedBy(2), lease);
    var claimed =
        claimer.claim(
            person(),
            Purpose.WORK,
            (_, _, look) -> {
              env.sleep(look);
              return !came[0];
            });
    assertThat(came[0]).as("it tried").isTrue();
    assertThat(claimed).isEmpty();
    holder.save(steps.get(1));
    holder.complete();
  }

  private void append(Worker holder, Event event) {
    if (event instanceof Event.OfAttempt own) {
      holder.attempt().append(_ -> own);
    } else {
      person().append(_ -> event);
    }
  }

  @Test
  void an_unreadable_newest_entry_stops_everybody() {
    Worker worker = claim("node-a");
    worker.save(steps.getFirst());
    Entry pin = person().append(_ -> new Event.Pinned("ann", 3));
    spoil(entryName(pin.number()));
    Set<String> before = journal();
    Set<String> packs = Worker.packs(store);

    assertThatThrownBy(() -> claim("node-b"))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("entry " + pin.number());
    controlEntries()
        .forEach(event ->
            assertThatThrownBy(() -> person().append(_ -> event))
                .isInstanceOf(CairnException.Corrupt.class)
                .hasMessageContaining("entry " + pin.number()));
    // It may have been a claim: so the holder has to take itself for displaced.
    assertThatThrownBy(() -> worker.save(steps.get(1)))
        .isInstanceOf(CairnException.Fenced.class)
        .hasMessageContaining("entry " + pin.number());
    assertThatThrownBy(() -> worker.attempt().refresh()).isInstanceOf(CairnException.Fenced.class);
    assertThat(journal()).isEqualTo(before);
    assertThat(Worker.packs(store)).containsAll(packs);
    requireAllExact();
  }

  @Test
  void an_unreadable_entry_below_the_newest_forbids_to_delete() {
    Worker first = claim("node-a");
    steps.subList(0, 3).forEach(first::save);
    Entry pin = person().append(_ -> new Event.Unpinned("ann", 3));
    first.release();
    Set<String> packs = Worker.packs(store);
    spoil(entryName(pin.number()));

    Worker second = claim("node-b");
    steps.subList(3, 7).forEach(second::save);
    second.checkpointer().prune(Set.of(second.history().live().firstKey()), "asked");
    assertThat(Worker.packs(store)).containsAll(packs);
    assertThat(Worker.neededPacks(store, second.history()).containsAll(packs)).isFalse();
    second.complete();

    Worker third = Worker.claim(store, disk, env, "node-c", Purpose.MAINTENANCE, 3);
    third.checkpointer().delete("ann");
    assertThat(Worker.packs(store)).containsAll(packs);
  }

  @Test
  void after_a_lost_race_the_packs_are_looked_at_again() {
    Worker worker = claim("node-a");
    long first = worker.save(steps.getFirst());
    Set<String> packs = Worker.packs(store);
    interrupted.before(
        entryName(first + 1),
        () -> {
          person().append(_ -> new Event.Pinned("ann", first));
          packs.forEach(leaf -> memory.delete("jobs/%s/packs/%s".formatted(Worker.JOB, leaf)));
        });
    assertThatThrownBy(() -> worker.save(steps.get(1)))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("missing");
    assertThat(person().history().live()).containsOnlyKeys(first);

    // The next one does not rest on what is gone.
    Published second = worker.history().checkpoint(worker.save(steps.get(1)));
    Worker.requireExact(store, disk, second, Path.of("/data/second"), steps.get(1));
  }

  @Test
  void what_a_displaced_attempt_left_behind_the_holder_sweeps() {
    Worker zombie = claim("node-a");
    zombie.save(steps.getFirst());
    Worker holder = claim("node-b");
    Set<String> before = Worker.packs(store);
    assertThatThrownBy(() -> zombie.save(steps.get(5))).isInstanceOf(CairnException.Fenced.class);
    var left = new TreeSet<>(Worker.packs(store));
    left.removeAll(before);
    assertThat(left).isNotEmpty().allMatch(leaf -> leaf.startsWith(zombie.attempt().token() + "-"));

    holder.save(steps.get(1));
    assertThat(Worker.packs(store))
        .doesNotContainAnyElementsOf(left)
        .isEqualTo(Worker.neededPacks(store, holder.history()));
    requireAllExact();
  }

  @Test
  void packs_of_an_append_of_unknown_outcome_stay() {
    for (When when : When.values()) {
      for (int failures = 1; failures <= 3; failures++) {
        packsStay(when, failures);
      }
    }
  }

  private void packsStay(When when, int failures) {
    var inner = new MemoryBlobStore();
    var blobs = new FaultyBlobStore(inner);
    Store shaky = Worker.store(blobs, disk, env);
    Store calm = Worker.store(inner, disk, env);
    Worker.submit(JobLog.open(shaky.journal(), env, Worker.JOB));
    Worker worker = Worker.claim(shaky, disk, env, "node-a");
    long first = worker.save(steps.getFirst());
    long put = blobs.calls() + callsUpToEntry();
    for (int i = 0; i < failures; i++) {
      blobs.failAt(put + i, i == 0 ? when : When.BEFORE, FencingTest::unavailable);
    }
    assertThatThrownBy(() -> worker.save(steps.get(3)))
        .isInstanceOf(CairnException.Unavailable.class);
    assertThat(blobs.log().get((int) put - 1)).isEqualTo("putIfAbsent " + entryName(first + 1));
    Set<String> packs = Worker.packs(calm);

    for (int i = 1; i < failures; i++) {
      assertThatThrownBy(() -> worker.checkpointer().prune(Set.of(first), "asked"))
          .isInstanceOf(CairnException.Unavailable.class);
      assertThat(Worker.packs(calm)).isEqualTo(packs);
    }
    worker.checkpointer().prune(Set.of(first), "asked");
    assertThat(worker.history().live()).containsOnlyKeys(first + 1);
    Published second = worker.history().checkpoint(first + 1);
    Path target = Path.of("/data/pending-" + env.randomHex(4));
    Worker.requireExact(calm, disk, second, target, steps.get(3));
  }

  /// How many calls a second save makes until its entry is put.
  private long callsUpToEntry() {
    var blobs = new FaultyBlobStore(new MemoryBlobStore());
    Store calm = Worker.store(blobs, disk, env);
    Worker.submit(JobLog.open(calm.journal(), env, Worker.JOB));
    Worker worker = Worker.claim(calm, disk, env, "node-a");
    worker.save(steps.getFirst());
    long before = blobs.calls();
    long number = worker.save(steps.get(3));
    return blobs.log().indexOf("putIfAbsent " + entryName(number)) + 1 - before;
  }

  private static CairnException unavailable() {
    return new CairnException.Unavailable("planned", "", null);
  }

  @Test
  void an_end_whose_answer_was_lost_is_told_when_it_is_tried_again() {
    for (When when : When.values()) {
      var blobs = new FaultyBlobStore(new MemoryBlobStore());
      Store shaky = Worker.store(blobs, disk, env);
      Worker.submit(JobLog.open(shaky.journal(), env, Worker.JOB));
      Worker worker = Worker.claim(shaky, disk, env, "node-a");
      blobs.failAt(blobs.calls() + 1, when, FencingTest::unavailable);
      assertThatThrownBy(worker::complete).isInstanceOf(CairnException.Unavailable.class);
      Entry end = worker.complete();
      assertThat(end.event()).isEqualTo(new Event.Completed("done"));
      List<Entry> entries = Worker.requireSoundJournal(shaky);
      assertThat(entries.getLast().id()).isEqualTo(end.id());
      assertThat(entries.getLast().after().status()).isEqualTo(Status.COMPLETED);
      assertThatThrownBy(() -> worker.save(steps.getFirst()))
          .isInstanceOf(CairnException.Fenced.class);
    }
  }

  @Test
  void requests_left_unanswered_reach_the_successor() {
    Worker first = claim("node-a");
    first.save(steps.getFirst());
    person().append(_ -> new Event.CancelRequested("ann", ""));
    Worker second = claim("node-b");
    assertThat(second.attempt().refresh().asks(Request.Kind.CANCEL)).isTrue();
    second.end(new Event.Cancelled(""));
    assertThat(person().state().status()).isEqualTo(Status.CANCELLED);
  }
}
