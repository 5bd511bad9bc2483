package dev.cairn.checkpoint;

import dev.cairn.checkpoint.Reason.Always;
import dev.cairn.checkpoint.RetentionPlan.Fate;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// What to keep: whatever one of the rules keeps, and what always stays.
///
/// Pure. Each rule chooses twice: among the valid checkpoints of the lineage and among all valid
/// ones, so that neither crowds the other out. Whatever the rules, the two newest valid ones stay,
/// chosen in the same way, and so do pinned ones and those gone on from (I5). A damaged checkpoint
/// never counts as kept: it takes no place of a valid one. It goes only once it is older than all
/// that is kept, some of that valid.
///
/// @param rules none for only what always stays
public record Retention(List<Keep> rules) {
  public static final Retention DEFAULTS = new Retention(5);

  /// Only what always stays.
  public static final Retention LEAST = new Retention(List.of());

  private static final Keep TWO_NEWEST = new Keep.Last(2);

  public Retention {
    rules = List.copyOf(rules);
  }

  /// The newest `keepLast`.
  public Retention(int keepLast) {
    this(List.of(new Keep.Last(keepLast)));
  }

  /// How many of the newest are kept for being new; 0 if no rule says so.
  public int keepLast() {
    return rules.stream()
        .mapToInt(rule -> rule instanceof Keep.Last(int count) ? count : 0)
        .max()
        .orElse(0);
  }

  /// What of `candidates` stays and what goes.
  ///
  /// @param now by the wall clock: only rules ask for it, and never what always stays (I9)
  public RetentionPlan plan(Candidates candidates, Instant now) {
    Map<Long, Set<Reason>> reasons = new HashMap<>();
    keep(reasons, candidates, Always.NEWEST, valid -> TWO_NEWEST.among(valid, now));
    mark(reasons, candidates.pinned(), Always.PINNED);
    mark(reasons, candidates.goneOnFrom(), Always.GONE_ON_FROM);
    rules.forEach(rule -> keep(reasons, candidates, rule, valid -> rule.among(valid, now)));
    keepDamaged(reasons, candidates);
    return RetentionPlan.of(candidates, reasons);
  }

  /// What goes when a finished job is cleaned up: all but what is pinned.
  static RetentionPlan cleanUp(Candidates candidates) {
    Map<Long, Set<Reason>> reasons = new HashMap<>();
    mark(reasons, candidates.pinned(), Always.PINNED);
    return RetentionPlan.of(candidates, reasons);
  }

  private static void keep(
      Map<Long, Set<Reason>> reasons,
      Candidates candidates,
      Reason reason,
      Function<List<Candidate>, Stream<Candidate>> choice) {
    Stream.of(candidates.lineage(), candidates.all())
        .map(some -> some.stream().filter(candidates::isValid).toList())
        .flatMap(choice)
        .forEach(kept -> add(reasons, kept.number(), reason));
  }

  private static void mark(Map<Long, Set<Reason>> reasons, Set<Long> numbers, Always why) {
    numbers.forEach(number -> add(reasons, number, why));
  }

  private static void add(Map<Long, Set<Reason>> reasons, long number, Reason why) {
    reasons.computeIfAbsent(number, _ -> new LinkedHashSet<>()).add(why);
  }

  private static void keepDamaged(Map<Long, Set<Reason>> reasons, Candidates candidates) {
    List<Fate> kept =
        RetentionPlan.of(candidates, reasons).fates().stream().filter(Fate::isKept).toList();
    boolean anyValid = kept.stream().anyMatch(fate -> !fate.damaged());
    candidates.all().stream()
        .filter(candidate -> !candidates.isValid(candidate))
        .map(Candidate::number)
        .filter(number -> !anyValid || kept.getFirst().candidate().number() < number)
        .filter(number -> !reasons.containsKey(number))
        .toList()
        .forEach(number -> add(reasons, number, Always.DAMAGED));
  }
}
