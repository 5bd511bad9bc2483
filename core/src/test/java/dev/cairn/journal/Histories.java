package dev.cairn.journal;

import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import dev.cairn.journal.Journal.Slot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A history in the making, without a journal below it: a job that somebody runs.
public final class Histories {
  private static final JobId JOB = JobId.of("job");
  private static final Event.Owner OWNER = new Event.Owner("node", "", 1, 1);

  private final History history = new History(JOB);

  public Histories() {
    add(new Event.Submitted("test", 5, Map.of()), Instant.EPOCH);
    claim();
  }

  public History history() {
    return history;
  }

  /// @return the number of the entry
  public long add(Event event, Instant at) {
    long number = history.last() + 1;
    JobState before = history.state();
    JobState after = before.after(event, number, before.token());
    history.add(new Slot.Readable(new Entry(JOB, number, "id-" + number, at, after, event)));
    return number;
  }

  /// Takes the job for work.
  public void claim() {
    add(
        new Event.Claimed(Event.Purpose.WORK, OWNER, history.state().newest(), 1000),
        Instant.EPOCH);
  }

  /// Pauses it, and goes on from an older checkpoint: a new branch.
  public void goOnFrom(long number) {
    add(new Event.Paused("person", ""), Instant.EPOCH);
    add(new Event.Resumed("ann", number), Instant.EPOCH);
    claim();
  }

  /// A child of the newest one.
  public long checkpoint(
      Instant at, @Nullable Long step, @Nullable String state, Map<String, String> labels) {
    return add(
        new Event.Checkpointed(
            checkpoint(history.state().newest(), step, state, labels), List.of()),
        at);
  }

  public static Checkpoint checkpoint(
      @Nullable Long parent,
      @Nullable Long step,
      @Nullable String state,
      Map<String, String> labels) {
    return new Checkpoint(
        Checkpoint.Kind.PERIODIC,
        parent,
        Progress.NONE.withStep(step),
        labels,
        state,
        null,
        0,
        0,
        0,
        0,
        0,
        "node",
        List.of());
  }
}
