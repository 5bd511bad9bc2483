package dev.cairn.checkpoint;

import dev.cairn.domain.Event;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What retention decides on.
///
/// @param all every checkpoint that there is, newest first: by number, whatever the clocks said
/// @param lineage of these, what a restore would try in turn
/// @param damaged numbers known not to be restorable
/// @param pinned numbers that somebody keeps
/// @param goneOnFrom numbers that the attempt in charge, or the next one, goes on from
public record Candidates(
    List<Candidate> all,
    List<Candidate> lineage,
    Set<Long> damaged,
    Set<Long> pinned,
    Set<Long> goneOnFrom) {
  public Candidates {
    all = List.copyOf(all);
    lineage = List.copyOf(lineage);
    damaged = Set.copyOf(damaged);
    pinned = Set.copyOf(pinned);
    goneOnFrom = Set.copyOf(goneOnFrom);
  }

  /// As the journal stands.
  public static Candidates of(History history, Set<Long> damaged) {
    return of(history, history.state().newest(), damaged);
  }

  /// As the journal stands for whoever goes on from `tip`.
  static Candidates of(History history, @Nullable Long tip, Set<Long> damaged) {
    Set<Long> needed = new HashSet<>();
    if (tip != null) {
      needed.add(tip);
    }
    history
        .claim()
        .filter(_ -> history.state().held())
        .map(Event.Claimed::from)
        .ifPresent(needed::add);
    return new Candidates(
        candidates(history.live().descendingMap().values().stream().toList()),
        candidates(history.lineageFrom(tip)),
        damaged,
        history.pinned(),
        needed);
  }

  private static List<Candidate> candidates(List<Published> published) {
    return published.stream().map(Candidate::of).toList();
  }

  /// Once `next`, a child of the newest of the lineage, is published too.
  Candidates with(Candidate next) {
    return new Candidates(before(next, all), before(next, lineage), damaged, pinned, goneOnFrom);
  }

  private static List<Candidate> before(Candidate next, List<Candidate> others) {
    var with = new ArrayList<Candidate>();
    with.add(next);
    with.addAll(others);
    return with;
  }

  boolean isValid(Candidate candidate) {
    return !damaged.contains(candidate.number());
  }
}
