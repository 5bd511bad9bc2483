package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What to keep: the newest `keepLast` checkpoints of the lineage and as many of abandoned
/// branches.
///
/// Pure. Whatever the number, the two newest of the lineage, pinned ones and the one gone on from
/// stay (I5), and a checkpoint known to be damaged never counts as kept.
public record Retention(int keepLast) {
  public static final Retention DEFAULTS = new Retention(5);

  private static final int ALWAYS = 2;

  public Retention {
    if (keepLast < 1) {
      throw new CairnException.Invalid(
          "cannot keep the last %d checkpoints".formatted(keepLast), "Keep at least 1.");
    }
  }

  /// The checkpoints that go once a new one, a child of `parent`, is durable; sorted.
  ///
  /// @param lineage the kept ancestors of the new checkpoint, newest first
  /// @param damaged numbers known not to be restorable
  /// @param needed numbers that stay whatever happens
  public List<Long> drops(
      History history, List<Published> lineage, Set<Long> damaged, Set<Long> needed) {
    var keep = new TreeSet<>(needed);
    keep.addAll(history.pinned());
    int older = Math.max(keepLast, ALWAYS) - 1;
    lineage.stream()
        .map(Published::number)
        .filter(number -> !damaged.contains(number))
        .limit(older)
        .forEach(keep::add);
    history.live().descendingMap().keySet().stream()
        .filter(number -> !damaged.contains(number))
        .limit(older)
        .forEach(keep::add);
    long oldestKept = keep.isEmpty() ? Long.MAX_VALUE : keep.first();
    return history.live().keySet().stream()
        .filter(number -> !keep.contains(number))
        .filter(number -> !damaged.contains(number) || number < oldestKept)
        .toList();
  }
}
