package dev.cairn.checkpoint;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// What becomes of each checkpoint, and why: made first, carried out afterwards.
///
/// @param fates oldest first
public record RetentionPlan(List<Fate> fates) {
  public RetentionPlan {
    fates = List.copyOf(fates);
  }

  /// What becomes of one checkpoint.
  ///
  /// @param damaged whether it is known not to be restorable
  /// @param reasons why it stays, what always holds first; it goes if there is none
  public record Fate(Candidate candidate, boolean damaged, List<Reason> reasons) {
    public Fate {
      reasons = List.copyOf(reasons);
    }

    public boolean isKept() {
      return !reasons.isEmpty();
    }
  }

  static RetentionPlan of(Candidates candidates, Map<Long, Set<Reason>> reasons) {
    return new RetentionPlan(
        candidates.all().stream()
            .sorted(Comparator.comparingLong(Candidate::number))
            .map(candidate ->
                new Fate(
                    candidate,
                    !candidates.isValid(candidate),
                    List.copyOf(reasons.getOrDefault(candidate.number(), Set.of()))))
            .toList());
  }

  /// Numbers of what goes, sorted.
  public List<Long> drops() {
    return fates.stream()
        .filter(fate -> !fate.isKept())
        .map(fate -> fate.candidate().number())
        .toList();
  }

  /// Of `numbers`, those that go by this plan too.
  Set<Long> dropsOf(Set<Long> numbers) {
    var both = new TreeSet<>(numbers);
    both.retainAll(new TreeSet<>(drops()));
    return both;
  }
}
