package dev.cairn.domain;

import java.time.Instant;
import java.util.List;

/// One numbered entry of a job's journal.
///
/// @param number from 1, without gaps, never given out twice
/// @param id random; tells an entry of one's own from a rival's at the same number
/// @param at wall clock of the writer: for people only
/// @param after the state that it leads to
public record Entry(JobId job, long number, String id, Instant at, JobState after, Event event) {
  /// The first number of a journal.
  public static final long FIRST = 1;

  /// What stays of this entry when its body is trimmed: the number, the id, the state, and what it
  /// says of other entries.
  public Entry tombstone() {
    if (event instanceof Event.Dropped) {
      return this;
    }
    String type = event.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    Long parent = event instanceof Event.Checkpointed c ? c.checkpoint().parent() : null;
    List<Long> drops = event instanceof Event.Checkpointed c ? c.drops() : List.of();
    return new Entry(job, number, id, at, after, new Event.Dropped(type, parent, drops));
  }
}
