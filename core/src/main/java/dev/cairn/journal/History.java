package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.journal.Journal.Slot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What the entries of one job tell, folded up to a number.
///
/// An entry that cannot be read counts as a claim by somebody else until a readable one stands
/// above it, whose state is then believed. Damage below a readable newest entry only forbids
/// deletion of bytes ([#isDamaged]). Not thread-safe.
public final class History {
  private final JobId job;
  private final NavigableMap<Long, Published> live = new TreeMap<>();
  private final Map<Long, Long> parents = new HashMap<>();
  private final NavigableMap<Long, Set<Long>> pins = new TreeMap<>();
  private final NavigableMap<Long, Entry> untrimmed = new TreeMap<>();
  private final NavigableMap<Long, List<Long>> pruneRequests = new TreeMap<>();
  private long last;
  private @Nullable Slot newest;
  private JobState state = JobState.NONE;
  private Event.@Nullable Claimed claim;
  private Event.@Nullable Submitted submitted;
  private Slot.@Nullable Unreadable broken;
  private boolean damaged;

  History(JobId job) {
    this.job = job;
  }

  /// A checkpoint as its entry published it.
  public record Published(Entry entry, Checkpoint checkpoint) {
    public long number() {
      return entry.number();
    }
  }

  void add(Slot slot) {
    if (slot.number() != last + 1) {
      throw new IllegalStateException("entry %d after %d".formatted(slot.number(), last));
    }
    last++;
    newest = slot;
    switch (slot) {
      case Slot.Unreadable u -> {
        broken = u;
        damaged = true;
        remember(last, state.newest()); // if it was a checkpoint, that was its parent
      }
      case Slot.Readable(Entry entry) -> {
        broken = null;
        state = entry.after();
        apply(entry);
      }
    }
  }

  private void apply(Entry entry) {
    switch (entry.event()) {
      case Event.Claimed e -> claim = e;
      case Event.Checkpointed e -> {
        live.put(entry.number(), new Published(entry, e.checkpoint()));
        remember(entry.number(), e.checkpoint().parent());
        drop(e.drops());
      }
      case Event.Pruned e -> drop(e.drops());
      case Event.Deleted _ -> {
        pins.clear();
        drop(List.copyOf(live.keySet()));
      }
      case Event.Submitted e -> submitted = e;
      case Event.Pinned e ->
          pins.computeIfAbsent(e.checkpoint(), _ -> new TreeSet<>()).add(entry.number());
      case Event.Unpinned e -> unpin(e);
      case Event.PruneRequested e -> pruneRequests.put(entry.number(), e.drops());
      case Event.Dropped e -> {
        remember(entry.number(), e.parent());
        drop(e.drops());
      }
      default -> {}
    }
  }

  private void unpin(Event.Unpinned event) {
    Set<Long> left = pins.getOrDefault(event.checkpoint(), new TreeSet<>());
    if (event.pin() != null) {
      left.remove(event.pin());
    }
    if (event.pin() == null || left.isEmpty()) {
      pins.remove(event.checkpoint());
    }
  }

  private void remember(long number, @Nullable Long parent) {
    if (parent != null) {
      parents.put(number, parent);
    }
  }

  private void drop(List<Long> numbers) {
    for (long number : numbers) {
      Published gone = live.remove(number);
      pins.remove(number);
      if (gone != null) {
        untrimmed.put(number, gone.entry());
      }
    }
  }

  void trimmed(long number) {
    untrimmed.remove(number);
  }

  public JobId job() {
    return job;
  }

  /// Number of the newest entry; 0 if there is none.
  public long last() {
    return last;
  }

  /// The newest entry; empty if there is none.
  public Optional<Slot> newest() {
    return Optional.ofNullable(newest);
  }

  public JobState state() {
    return state;
  }

  /// Whether the job exists: submitted and not deleted.
  public boolean exists() {
    return !state.deleted();
  }

  /// Who made the newest claim.
  public Optional<Event.Claimed> claim() {
    return Optional.ofNullable(claim);
  }

  public Optional<Event.Submitted> submitted() {
    return Optional.ofNullable(submitted);
  }

  /// The checkpoints that are kept, by number.
  public NavigableMap<Long, Published> live() {
    return Collections.unmodifiableNavigableMap(live);
  }

  public Set<Long> pinned() {
    return Collections.unmodifiableSet(pins.keySet());
  }

  /// Dropped checkpoints whose entries still have their bodies.
  public List<Entry> untrimmed() {
    return List.copyOf(untrimmed.values());
  }

  /// What unanswered prune requests ask to drop.
  public Set<Long> asksToDrop() {
    var all = new TreeSet<Long>();
    for (JobState.Request request : state.requests()) {
      all.addAll(pruneRequests.getOrDefault(request.number(), List.of()));
    }
    all.retainAll(live.keySet());
    return all;
  }

  /// The kept checkpoints of the present lineage, newest first: what a restore tries in turn.
  public List<Published> lineage() {
    return lineageFrom(state.newest());
  }

  /// The kept checkpoints from `number` down its parents, newest first.
  public List<Published> lineageFrom(@Nullable Long number) {
    var chain = new ArrayList<Published>();
    Long at = number;
    while (at != null) {
      Published here = live.get(at);
      if (here != null) {
        chain.add(here);
      }
      Long parent = parents.get(at);
      at = parent != null && parent < at ? parent : null; // downwards only: damage makes no loops
    }
    return chain;
  }

  /// The kept checkpoint of that number.
  ///
  /// @throws CairnException.NotFound if there is none
  public Published checkpoint(long number) {
    Published found = live.get(number);
    if (found == null) {
      throw new CairnException.NotFound(
          "there is no checkpoint %s@%d".formatted(job, number),
          "See: cairn checkpoints list " + job);
    }
    return found;
  }

  /// Whether some entry could not be read: then no bytes may be deleted.
  public boolean isDamaged() {
    return damaged;
  }

  /// The newest entry, if it is the one that cannot be read: nobody may append then.
  public Optional<Slot.Unreadable> broken() {
    return Optional.ofNullable(broken);
  }
}
