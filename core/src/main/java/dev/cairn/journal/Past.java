package dev.cairn.journal;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.journal.Journal.Slot;
import java.time.Instant;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// A job as it was at some time: what its entries up to then tell.
///
/// The clocks are those of the writers, so entries may bear times out of order: the first one that
/// is later ends the look. An entry that cannot be read has no time, and is passed over.
///
/// @param history of those entries
/// @param trimmed what is left of checkpoints that were kept then, and whose entries have lost
///   their bodies since; by number
public record Past(History history, List<Entry> trimmed) {
  private static final int PAGE = 500;

  public Past {
    trimmed = List.copyOf(trimmed);
  }

  /// @param last number of the job's newest entry
  public static Past at(Journal journal, JobId job, long last, Instant time) {
    var history = new History(job);
    var trimmed = new TreeMap<Long, Entry>();
    while (history.last() < last) {
      List<Slot> page = journal.entries(job, history.last() + 1, PAGE);
      if (page.isEmpty()) {
        history.add(new Slot.Unreadable(job, history.last() + 1, "it is missing"));
      }
      for (Slot slot : page) {
        if (slot instanceof Slot.Readable(Entry entry)) {
          if (entry.at().isAfter(time)) {
            return new Past(history, List.copyOf(trimmed.values()));
          }
          follow(entry, trimmed);
        }
        history.add(slot);
      }
    }
    return new Past(history, List.copyOf(trimmed.values()));
  }

  private static void follow(Entry entry, NavigableMap<Long, Entry> trimmed) {
    switch (entry.event()) {
      case Event.Dropped e -> {
        trimmed.keySet().removeAll(e.drops());
        if (e.was().equals("checkpointed")) {
          trimmed.put(entry.number(), entry);
        }
      }
      case Event.Checkpointed e -> trimmed.keySet().removeAll(e.drops());
      case Event.Pruned e -> trimmed.keySet().removeAll(e.drops());
      case Event.Deleted _ -> trimmed.clear();
      default -> {}
    }
  }
}
