package dev.cairn.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/// Numbers calls from 1 and trips at the planned ones. Thread-safe.
final class Faults {
  private final List<String> log = new ArrayList<>();
  private final List<Plan> plans = new ArrayList<>();
  private long marked;

  /// Trips once, at that call.
  ///
  /// @param onMarked whether `number` counts only marked calls
  /// @param trip throws
  synchronized void plan(boolean onMarked, long number, When when, Runnable trip) {
    plans.add(new Plan(onMarked, number, when, trip, new AtomicBoolean()));
  }

  /// Runs `action` as the next call.
  ///
  /// @param mark whether it counts as marked
  <T> T run(String name, boolean mark, Supplier<T> action) {
    List<Plan> due = begin(name, mark);
    trip(due, When.BEFORE);
    T result = action.get();
    trip(due, When.AFTER);
    return result;
  }

  private synchronized List<Plan> begin(String name, boolean mark) {
    log.add(name);
    marked += mark ? 1 : 0;
    long call = log.size();
    return plans.stream()
        .filter(plan -> plan.onMarked ? mark && plan.number == marked : plan.number == call)
        .toList();
  }

  private static void trip(List<Plan> due, When when) {
    for (Plan plan : due) {
      if (plan.when == when && plan.done.compareAndSet(false, true)) {
        plan.trip.run();
      }
    }
  }

  synchronized long calls() {
    return log.size();
  }

  synchronized List<String> log() {
    return List.copyOf(log);
  }

  private record Plan(
      boolean onMarked, long number, When when, Runnable trip, AtomicBoolean done) {}
}
