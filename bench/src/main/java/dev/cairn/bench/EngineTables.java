package dev.cairn.bench;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The figures as tables in Markdown, one for each stage.
final class EngineTables {
  private final Figures figures;
  private final List<Tool> tools;
  private final long sizeBytes;

  EngineTables(Figures figures, List<Tool> tools, long sizeBytes) {
    this.figures = figures;
    this.tools = tools;
    this.sizeBytes = sizeBytes;
  }

  void print(Cache cache) {
    System.out.printf("%n### %s%n", cache.title());
    for (Stage stage : Stage.values()) {
      if (tools.stream().noneMatch(tool -> figures.has(new Figures.Key(cache, stage, tool.id())))) {
        continue;
      }
      System.out.printf("%n%s:%n%n", stage.title());
      System.out.printf(
          "| tool | seconds (least … most) | MiB/s | times the quicker copy | faster than restic"
              + " | faster than borg | new bytes | CPU s | of %d cores | peak memory"
              + " | then `sync` s |%n"
              + "|---|---|---|---|---|---|---|---|---|---|---|%n",
          Runtime.getRuntime().availableProcessors());
      for (Tool tool : tools) {
        var key = new Figures.Key(cache, stage, tool.id());
        if (figures.has(key)) {
          row(tool, key);
        }
      }
    }
  }

  private void row(Tool tool, Figures.Key key) {
    double seconds = figures.seconds(key);
    System.out.printf(
        Locale.ROOT,
        "| %s | %.2f (%.2f … %.2f) | %.0f | %s | %s | %s | %s | %.2f | %.0f %% | %s | %.2f |%n",
        tool.title(),
        seconds,
        figures.leastSeconds(key),
        figures.mostSeconds(key),
        sizeBytes / seconds / (1 << 20),
        ratio(figures.copySeconds(key).map(copy -> seconds / copy)),
        fasterThan(Tools.RESTIC, key),
        fasterThan(Tools.BORG, key),
        key.stage().isSave() ? Machine.mib(figures.newBytes(key)) : "",
        figures.cpuSeconds(key),
        figures.busy(key) * 100,
        Machine.mib(figures.peakBytes(key)),
        figures.syncSeconds(key));
  }

  private String fasterThan(String peer, Figures.Key key) {
    Figures.Key other = key.with(peer);
    return ratio(
        figures.has(other) && !other.equals(key)
            ? Optional.of(figures.seconds(other) / figures.seconds(key))
            : Optional.empty());
  }

  private static String ratio(Optional<Double> ratio) {
    return ratio.map(value -> String.format(Locale.ROOT, "%.2f ×", value)).orElse("");
  }
}
