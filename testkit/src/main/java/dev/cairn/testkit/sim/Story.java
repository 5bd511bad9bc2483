package dev.cairn.testkit.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/// The timeline of a run, for people. Costs nothing unless somebody wants to read it.
final class Story {
  private final Scheduler scheduler;
  private final boolean wanted;
  private final List<String> lines = new ArrayList<>();

  Story(Scheduler scheduler, boolean wanted) {
    this.scheduler = scheduler;
    this.wanted = wanted;
  }

  void tell(String who, Supplier<String> what) {
    if (wanted) {
      double seconds = Duration.ofNanos(scheduler.nanos()).toNanos() / 1e9;
      lines.add(String.format(Locale.ROOT, "%10.4f  %-9s %s", seconds, who, what.get()));
    }
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
