package dev.cairn.testkit.sim;

import dev.cairn.testkit.history.Violation;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What attempts have said they spent, and the store has acknowledged: it is never lost and never
/// counted twice (I8).
final class Spending {
  private final Map<String, Map<Long, BigDecimal>> sent = new HashMap<>();
  private final Map<String, Map<Long, BigDecimal>> acknowledged = new HashMap<>();

  /// Notes that a beat is on its way: from now on it may count.
  void sending(String job, long token, BigDecimal cost) {
    note(sent, job, token, cost);
  }

  /// Notes that the store has answered a beat: from now on it must count.
  void acknowledged(String job, long token, BigDecimal cost) {
    note(acknowledged, job, token, cost);
  }

  private static void note(
      Map<String, Map<Long, BigDecimal>> where, String job, long token, BigDecimal cost) {
    where.computeIfAbsent(job, _ -> new TreeMap<>()).merge(token, cost, BigDecimal::max);
  }

  /// What a job has spent at least.
  BigDecimal least(String job) {
    return sum(acknowledged, job);
  }

  private static BigDecimal sum(Map<String, Map<Long, BigDecimal>> where, String job) {
    return where.getOrDefault(job, Map.of()).values().stream()
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  /// Judges what somebody has read.
  ///
  /// @param least what it was before the reading began
  Optional<Violation> judge(String job, BigDecimal read, BigDecimal least) {
    BigDecimal most = sum(sent, job);
    return read.compareTo(least) >= 0 && read.compareTo(most) <= 0
        ? Optional.empty()
        : Optional.of(
            new Violation(
                "I8",
                "spend_never_shrinks",
                "job %s has spent %s to %s, but %s was read".formatted(job, least, most, read)));
  }
}
