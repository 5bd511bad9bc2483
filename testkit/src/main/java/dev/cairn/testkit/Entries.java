package dev.cairn.testkit;

import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Sample journal entries and heartbeats. Each entry follows from the one before it by the rules of
/// [JobState#after], and each has an id of its own.
public final class Entries {
  private static final AtomicLong IDS = new AtomicLong();
  private static final Instant AT = Instant.parse("2030-01-01T00:00:00.123456789Z");

  private Entries() {}

  /// The first entry of a job.
  public static Entry submitted(JobId job) {
    return entry(
        job, Entry.FIRST, JobState.NONE, new Event.Submitted("train.py", 3, Map.of("team", "a")));
  }

  /// The entry after `previous` that says `event`, by the attempt in charge.
  public static Entry after(Entry previous, Event event) {
    return entry(previous.job(), previous.number() + 1, previous.after(), event);
  }

  private static Entry entry(JobId job, long number, JobState before, Event event) {
    JobState after = before.after(event, number, before.token());
    return new Entry(job, number, "%032x".formatted(IDS.incrementAndGet()), AT, after, event);
  }

  /// A claim for work.
  public static Event.Claimed claim(String node) {
    return new Event.Claimed(
        Event.Purpose.WORK, new Event.Owner(node, "boot", 4711, 42), null, 30_000);
  }

  /// A checkpoint without files.
  public static Event.Checkpointed checkpoint(@Nullable Long parent, String state) {
    return new Event.Checkpointed(
        new Checkpoint(
            Checkpoint.Kind.PERIODIC,
            parent,
            Progress.NONE.withStep(7L),
            Map.of("note", "sample"),
            state,
            null,
            0,
            0,
            0,
            0,
            12,
            "node-a",
            List.of()),
        List.of());
  }

  /// A history of `count` entries: submitted, claimed, then checkpoints, each the parent of the
  /// next.
  public static List<Entry> history(JobId job, int count) {
    var entries = new ArrayList<Entry>();
    Entry last = submitted(job);
    entries.add(last);
    while (entries.size() < count) {
      last =
          after(
              last,
              entries.size() == 1
                  ? claim("node-a")
                  : checkpoint(last.after().newest(), "{\"n\":%d}".formatted(entries.size())));
      entries.add(last);
    }
    return List.copyOf(entries);
  }

  /// A beat of an attempt that has no child.
  public static Heartbeat beat(JobId job, long token, long beat) {
    return new Heartbeat(job, token, beat, token + beat, Progress.NONE.withStep(beat), null);
  }
}
