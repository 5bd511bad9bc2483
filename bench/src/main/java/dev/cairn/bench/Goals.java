package dev.cairn.bench;

import java.util.List;
import java.util.Locale;

/// What the engine is meant to reach, each beside the figure that it came to in the same run.
final class Goals {
  private static final double MEMORY_MIB = 512;

  private final Figures figures;
  private final Cache cache;
  private final List<Tool> tools;

  Goals(Figures figures, Cache cache, List<Tool> tools) {
    this.figures = figures;
    this.cache = cache;
    this.tools = tools;
  }

  /// Goals whose tools were not measured are left out.
  void print() {
    System.out.printf("%n%s: goals%n%n| | goal | measured | met |%n|---|---|---|---|%n", name());
    Figures.Key raw = key(Stage.FIRST, Tools.RAW);
    if (figures.has(raw) && figures.copySeconds(raw).isPresent()) {
      double ratio = figures.seconds(raw) / figures.copySeconds(raw).orElseThrow();
      most(Stage.FIRST.brief() + ", raw", "times the quicker copy", 0.9, ratio);
    }
    faster(Stage.FIRST, Tools.RESTIC, 2.5);
    faster(Stage.FIRST, Tools.BORG, 2);
    faster(Stage.FIRST, Tools.BORG_LZ4, 2);
    bytes(Stage.FIRST, Tools.AUTO, Tools.RESTIC, 1);
    bytes(Stage.FIRST, Tools.AUTO, Tools.BORG, 1);
    bytes(Stage.FIRST, Tools.AUTO, Tools.BORG_LZ4, 1);
    faster(Stage.SCATTERED, Tools.RESTIC, 5);
    bytes(Stage.SCATTERED, Tools.AUTO, Tools.RESTIC, 1.0 / 3);
    bytes(Stage.SCATTERED, Tools.FINE, Tools.RESTIC, 1.0 / 8);
    Figures.Key unchanged = key(Stage.UNCHANGED, Tools.AUTO);
    if (figures.has(unchanged)) {
      most(Stage.UNCHANGED.brief() + ", auto", "s", 0.5, figures.seconds(unchanged));
    }
    faster(Stage.RESTORE, Tools.RESTIC, 2.5);
    durably(Stage.RESTORE, Tools.RESTIC);
    Figures.Key restore = key(Stage.RESTORE, Tools.AUTO);
    if (figures.has(restore) && figures.copySeconds(restore).isPresent()) {
      double ratio = figures.seconds(restore) / figures.copySeconds(restore).orElseThrow();
      most(Stage.RESTORE.brief() + ", auto", "times the quicker copy", 1.3, ratio);
    }
    faster(Stage.VERIFY, Tools.RESTIC, 4);
    memory();
  }

  /// The limit on memory, for modes that measure nothing else.
  static void memory(String what, double peakBytes) {
    most("memory, " + what, "MiB", MEMORY_MIB, peakBytes / (1 << 20));
  }

  private void memory() {
    double peak = 0;
    for (Tool tool : tools) {
      for (Stage stage : Stage.values()) {
        if (tool.isCairn() && figures.has(key(stage, tool.id()))) {
          peak = Math.max(peak, figures.peakBytes(key(stage, tool.id())));
        }
      }
    }
    if (peak > 0) {
      memory("the most of all commands and rounds", peak);
    }
  }

  private void faster(Stage stage, String peer, double times) {
    Figures.Key ours = key(stage, Tools.AUTO);
    Figures.Key theirs = ours.with(peer);
    if (figures.has(ours) && figures.has(theirs)) {
      double ratio = figures.seconds(theirs) / figures.seconds(ours);
      line(
          "%s, auto, against %s".formatted(stage.brief(), title(peer)),
          String.format(Locale.ROOT, "at least %.1f × faster", times),
          String.format(Locale.ROOT, "%.2f ×", ratio),
          ratio >= times);
    }
  }

  /// With the force that a tool leaves to others: what Cairn restores is durable when it ends.
  private void durably(Stage stage, String peer) {
    Figures.Key ours = key(stage, Tools.AUTO);
    Figures.Key theirs = ours.with(peer);
    if (figures.has(ours) && figures.has(theirs)) {
      double ratio = figures.durableSeconds(theirs) / figures.durableSeconds(ours);
      System.out.printf(
          Locale.ROOT,
          "| %s, auto, against %s and `sync` | | %.2f × | |%n",
          stage.brief(),
          title(peer),
          ratio);
    }
  }

  private void bytes(Stage stage, String tool, String peer, double times) {
    Figures.Key ours = key(stage, tool);
    Figures.Key theirs = ours.with(peer);
    if (figures.has(ours) && figures.has(theirs)) {
      double ratio = figures.newBytes(ours) / figures.newBytes(theirs);
      most(
          "%s, new bytes of %s".formatted(stage.brief(), title(tool)),
          "of those of " + title(peer),
          times,
          ratio);
    }
  }

  private static void most(String what, String unit, double limit, double measured) {
    line(
        what,
        String.format(Locale.ROOT, "at most %.3g %s", limit, unit),
        String.format(Locale.ROOT, "%.3g", measured),
        measured <= limit);
  }

  private static void line(String what, String goal, String measured, boolean met) {
    System.out.printf("| %s | %s | %s | %s |%n", what, goal, measured, met ? "yes" : "**no**");
  }

  private String title(String id) {
    return tools.stream().filter(tool -> tool.id().equals(id)).findFirst().orElseThrow().title();
  }

  private String name() {
    return switch (cache) {
      case COLD -> "Cold cache";
      case WARM -> "Warm cache";
    };
  }

  private Figures.Key key(Stage stage, String tool) {
    return new Figures.Key(cache, stage, tool);
  }
}
