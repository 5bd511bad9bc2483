package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.journal.Journal.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
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
  private final NavigableMap<String, Tagged> tags = new TreeMap<>();
  private final NavigableMap<Long, Entry> untrimmed = new TreeMap<>();
  private final NavigableMap<Long, Event.PruneRequested> pruneRequests = new TreeMap<>();
  private long last;
  private @Nullable Slot newest;
  private JobState state = JobState.NONE;
  private Event.@Nullable Claimed claim;
  private final NavigableMap<Long, Claimant> claimants = new TreeMap<>();
  private @Nullable Rest rest;
  private Event.@Nullable Submitted submitted;
  private @Nullable Entry completed;
  private Slot.@Nullable Unreadable broken;
  private final List<Slot.Unreadable> unreadable = new ArrayList<>();

  History(JobId job) {
    this.job = job;
  }

  /// A checkpoint as its entry published it, and to be found where it is now.
  public record Published(Entry entry, Checkpoint checkpoint) {
    public long number() {
      return entry.number();
    }
  }

  /// How long everybody waits, from when he first sees the entry of that number, before he claims
  /// the job for work.
  public record Rest(long number, Duration length) {}

  void add(Slot slot) {
    if (slot.number() != last + 1) {
      throw new IllegalStateException("entry %d after %d".formatted(slot.number(), last));
    }
    last++;
    newest = slot;
    switch (slot) {
      case Slot.Unreadable u -> {
        broken = u;
        unreadable.add(u);
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
      case Event.Claimed e -> {
        claim = e;
        claimants.put(entry.number(), new Claimant(e, entry.after().attempt()));
        rest = e.purpose() == Event.Purpose.WORK ? null : rest;
      }
      case Event.Checkpointed e -> {
        live.put(entry.number(), new Published(entry, e.checkpoint()));
        remember(entry.number(), e.checkpoint().parent());
        drop(e.drops());
      }
      case Event.Pruned e -> drop(e.drops());
      case Event.Repaired e ->
          live.computeIfPresent(
              e.checkpoint(),
              (_, there) -> new Published(there.entry(), there.checkpoint().at(e.manifest())));
      case Event.Completed _ -> completed = entry;
      case Event.Released e -> {
        if (entry.after().purpose() == Event.Purpose.WORK) {
          rest = new Rest(entry.number(), Duration.ofMillis(e.retryMillis()));
        }
      }
      case Event.Resumed _ -> rest = null;
      case Event.Deleted _ -> {
        pins.clear();
        tags.clear();
        drop(List.copyOf(live.keySet()));
      }
      case Event.Submitted e -> {
        submitted = e;
        rest = null;
        completed = null; // so was what had the id before
      }
      case Event.Pinned e -> pin(e, entry.number());
      case Event.Unpinned e -> unpin(e);
      case Event.PruneRequested e -> pruneRequests.put(entry.number(), e);
      case Event.Dropped e -> {
        remember(entry.number(), e.parent());
        drop(e.drops());
      }
      default -> {}
    }
  }

  /// Who made a claim, and which attempt it began.
  private record Claimant(Event.Claimed claim, int attempt) {
    @Override
    public String toString() {
      return "%s on %s"
          .formatted(
              claim.purpose() == Event.Purpose.WORK ? "attempt " + attempt : "maintenance",
              Attempt.who(claim));
    }
  }

  /// @param pin number of the entry that says so
  private record Tagged(long checkpoint, long pin) {}

  private void pin(Event.Pinned event, long number) {
    if (event.tag() != null) {
      Tagged before = tags.get(event.tag());
      if (before != null) {
        unpin(before.checkpoint, before.pin);
      }
      tags.put(event.tag(), new Tagged(event.checkpoint(), number));
    }
    pins.computeIfAbsent(event.checkpoint(), _ -> new TreeSet<>()).add(number);
  }

  private void unpin(Event.Unpinned event) {
    if (event.pin() == null) {
      unpinAll(event.checkpoint());
    } else {
      unpin(event.checkpoint(), event.pin());
    }
  }

  private void unpin(long checkpoint, long pin) {
    Set<Long> left = pins.getOrDefault(checkpoint, new TreeSet<>());
    left.remove(pin);
    tags.values().removeIf(tagged -> tagged.pin == pin);
    if (left.isEmpty()) {
      pins.remove(checkpoint);
    }
  }

  private void unpinAll(long checkpoint) {
    pins.remove(checkpoint);
    tags.values().removeIf(tagged -> tagged.checkpoint == checkpoint);
  }

  private void remember(long number, @Nullable Long parent) {
    if (parent != null) {
      parents.put(number, parent);
    }
  }

  private void drop(List<Long> numbers) {
    for (long number : numbers) {
      Published gone = live.remove(number);
      unpinAll(number);
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

  /// Whose that token is, for people: `attempt 3 on node-b (pid 71)`, or `claim 12` if its entry
  /// could not be read.
  public String who(long token) {
    Claimant claimant = claimants.get(token);
    return claimant == null ? "claim " + token : claimant.toString();
  }

  /// The processes that made the claims before that one, each once.
  public Set<Event.Owner> ownersBefore(long token) {
    var owners = new LinkedHashSet<Event.Owner>();
    claimants.headMap(token).values().forEach(claimant -> owners.add(claimant.claim.owner()));
    return owners;
  }

  /// The rest that the last attempt left behind, unless somebody has claimed the job since or has
  /// said that it goes on.
  public Optional<Rest> rest() {
    return Optional.ofNullable(rest);
  }

  public Optional<Event.Submitted> submitted() {
    return Optional.ofNullable(submitted);
  }

  /// The entry that says that the job is completed.
  public Optional<Entry> completed() {
    return Optional.ofNullable(completed);
  }

  /// The checkpoints that are kept, by number.
  public NavigableMap<Long, Published> live() {
    return Collections.unmodifiableNavigableMap(live);
  }

  public Set<Long> pinned() {
    return Collections.unmodifiableSet(pins.keySet());
  }

  /// The tags of a checkpoint, sorted.
  public List<String> tags(long checkpoint) {
    return tags.entrySet().stream()
        .filter(tag -> tag.getValue().checkpoint == checkpoint)
        .map(Map.Entry::getKey)
        .toList();
  }

  /// The kept checkpoint with that tag.
  ///
  /// @throws CairnException.NotFound if there is none
  public Published tagged(String tag) {
    return checkpoint(require(tag).checkpoint);
  }

  /// Number of the pin that a tag is.
  ///
  /// @throws CairnException.NotFound if there is no such tag
  public long pinOf(String tag) {
    return require(tag).pin;
  }

  private Tagged require(String tag) {
    Tagged tagged = tags.get(tag);
    if (tagged == null) {
      throw new CairnException.NotFound(
          "job %s has no tag '%s'%s"
              .formatted(
                  job,
                  tag,
                  tags.isEmpty() ? "" : ", but " + String.join(", ", tags.navigableKeySet())),
          "See: cairn checkpoints list " + job);
    }
    return tagged;
  }

  /// Dropped checkpoints whose entries still have their bodies.
  public List<Entry> untrimmed() {
    return List.copyOf(untrimmed.values());
  }

  /// What people ask to drop in unanswered prune requests.
  public Set<Long> asksToDrop() {
    return asked(false);
  }

  /// What unanswered prune requests name by a policy: it goes unless it is needed.
  public Set<Long> asksToLetGo() {
    return asked(true);
  }

  private Set<Long> asked(boolean byPolicy) {
    var all = new TreeSet<Long>();
    for (JobState.Request request : state.requests()) {
      Event.PruneRequested asked = pruneRequests.get(request.number());
      if (asked != null && byPolicy == Boolean.TRUE.equals(asked.policy())) {
        all.addAll(asked.drops());
      }
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

  /// Whether the present lineage goes through `number`, kept or not.
  public boolean isAncestor(long number) {
    Long at = state.newest();
    while (at != null && at > number) {
      Long parent = parents.get(at);
      at = parent != null && parent < at ? parent : null;
    }
    return at != null && at == number;
  }

  /// The kept checkpoint of that number.
  ///
  /// @throws CairnException.NotFound if there is none
  /// @throws CairnException.Corrupt if there may be one, but its entry cannot be read
  public Published checkpoint(long number) {
    Published found = live.get(number);
    if (found == null) {
      unreadable.stream()
          .filter(slot -> slot.number() == number)
          .findFirst()
          .ifPresent(slot -> {
            throw slot.error();
          });
      throw new CairnException.NotFound(
          "there is no checkpoint %s@%d".formatted(job, number),
          "See: cairn checkpoints list " + job);
    }
    return found;
  }

  /// Whether some entry could not be read: then no bytes may be deleted.
  public boolean isDamaged() {
    return !unreadable.isEmpty();
  }

  /// The entries that cannot be read, in order: each may have been a checkpoint.
  public List<Slot.Unreadable> unreadable() {
    return List.copyOf(unreadable);
  }

  /// The newest entry, if it is the one that cannot be read: nobody may append then.
  public Optional<Slot.Unreadable> broken() {
    return Optional.ofNullable(broken);
  }
}
