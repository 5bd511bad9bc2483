package dev.cairn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Saves, verify and restore of a large checkpoint as whole processes, by Cairn and by the tools
/// that people use today, on the same disk in the same run.
///
/// A round, for each state of the cache: the data are made anew, the same in each round. Then the
/// stages follow; in each, all tools do the same with the same data, one after another, each in a
/// store of its own. Who comes first changes with the round. Before each command all that was
/// written is forced to disk, so that none pays for another; before the third save the data get a
/// minute old, as those of a job that has not written since. The first restore of each tool is
/// compared with the data byte for byte. A tool that fails is dropped.
///
/// Times are of whole processes, the start of the JVM included, as the tools come. What a tool
/// leaves unforced is forced after its time was taken, and that time is a column of its own.
@Command(
    name = "engine",
    description = {
      "Time, bytes and memory of saves, verify and restore, beside other tools.",
      "Needs room for about 20 times the size; all is removed at the end."
    },
    mixinStandardHelpOptions = true)
final class EngineBench implements Callable<Integer> {
  private enum Caches {
    cold,
    warm,
    both
  }

  @Option(names = "--size", paramLabel = "GIB", description = "Size of the data (default: 2).")
  private double size = 2;

  @Option(names = "--rounds", paramLabel = "N", description = "Medians of N rounds (default: 5).")
  private int rounds = 5;

  @Option(names = "--dir", description = "Where; decides which disk (default: the temporary one).")
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

  @Option(
      names = "--cache",
      description = "State of the page cache: cold (needs root), warm or both (default).")
  private Caches caches = Caches.both;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "TOOL",
      description =
          "Of cairn-raw, cairn-auto, cairn-64k, cp, cp-syncfs, tar, restic, borg, borg-lz4, casync.")
  private List<String> only = List.of();

  @Option(
      names = "--until",
      paramLabel = "STAGE",
      converter = StageName.class,
      description = "No further than first, scattered, clustered, unchanged, verify or restore.")
  private Stage until = Stage.RESTORE;

  @Option(names = "--seed", paramLabel = "N", description = "Other data (default: 1).")
  private long seed = 1;

  @Option(
      names = "--syscalls",
      description = "Counts system calls of one first save of each tool instead, by strace.")
  private boolean syscalls;

  @Option(
      names = "--memory",
      description = "Only Cairn, once, for its peak memory; meant for --size 20.")
  private boolean memory;

  @Option(names = "--cairn", description = "The command (default: that of this checkout).")
  private String cairn = "";

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  private static final class StageName implements ITypeConverter<Stage> {
    @Override
    public Stage convert(String text) {
      try {
        return Stage.valueOf(text.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("there is no stage '%s'".formatted(text));
      }
    }
  }

  private final Figures figures = new Figures();
  private final Set<String> dropped = new HashSet<>();
  private final Map<String, Long> restored = new HashMap<>();

  @Override
  public Integer call() throws IOException {
    try (var place = new Place(directory)) {
      Path launcher = CairnCommand.of(cairn, place.root()).launcher();
      List<Tool> tools = selected(Tools.all(launcher));
      System.out.println(Machine.facts(directory));
      if (memory) {
        return MemoryBench.run(tools, place, sizeBytes(), seed) ? 0 : 1;
      }
      if (syscalls) {
        return Syscalls.print(tools, place, sizeBytes(), seed) ? 0 : 1;
      }
      rounds(tools, place);
    }
    return dropped.stream().anyMatch(id -> id.startsWith("cairn")) ? 1 : 0;
  }

  private long sizeBytes() {
    return (long) (size * (1L << 30));
  }

  private List<Tool> selected(List<Tool> all) {
    List<String> ids = all.stream().map(Tool::id).toList();
    for (String id : only) {
      if (!ids.contains(id)) {
        throw new ParameterException(
            spec.commandLine(), "--only %s: there are %s".formatted(id, String.join(", ", ids)));
      }
    }
    var tools = new ArrayList<Tool>();
    for (Tool tool : all) {
      if (!only.isEmpty() && !only.contains(tool.id())) {
        continue;
      }
      if (tool.missing().isEmpty()) {
        tools.add(tool);
      } else {
        System.out.printf("%s: skipped, %s is not installed%n", tool.title(), tool.missing());
      }
    }
    return tools;
  }

  private List<Cache> caches() {
    var list = new ArrayList<Cache>();
    for (Cache cache : Cache.values()) {
      if (caches != Caches.both && !caches.name().equals(cache.name().toLowerCase(Locale.ROOT))) {
        continue;
      }
      if (cache.isPossible()) {
        list.add(cache);
      } else {
        System.out.println("Cold cache: not measured, only root may drop the caches");
      }
    }
    return list;
  }

  private void rounds(List<Tool> tools, Place place) throws IOException {
    List<Cache> states = caches();
    long dataBytes = 0;
    for (int round = 0; round < rounds; round++) {
      var order = new ArrayList<>(tools);
      Collections.rotate(order, -round);
      for (Cache cache : states) {
        Path data = place.resolve("data");
        CheckpointData made = CheckpointData.make(data, sizeBytes(), seed);
        if (dataBytes == 0) {
          dataBytes = Trees.sizeBytes(data);
          print(tools, data, dataBytes);
        }
        round(order, cache, made, place);
        Place.remove(data);
        System.err.printf("round %d of %d, %s%n", round + 1, rounds, cache);
      }
    }
    for (Cache cache : states) {
      new EngineTables(figures, tools, dataBytes).print(cache);
      new Goals(figures, cache, tools).print();
    }
    print(tools);
  }

  private void round(List<Tool> tools, Cache cache, CheckpointData data, Place place)
      throws IOException {
    var sites = new LinkedHashMap<Tool, Tool.Site>();
    for (Tool tool : tools) {
      sites.put(tool, tool.prepare(place.resolve(tool.id())));
    }
    for (Stage stage : Stage.values()) {
      if (stage.compareTo(until) > 0) {
        break;
      }
      switch (stage) {
        case SCATTERED -> data.scatter();
        case CLUSTERED -> {
          data.cluster();
          age();
        }
        case FIRST, UNCHANGED, VERIFY, RESTORE -> {}
      }
      for (Map.Entry<Tool, Tool.Site> each : sites.entrySet()) {
        Tool tool = each.getKey();
        if (!dropped.contains(tool.id()) && tool.can(stage)) {
          var key = new Figures.Key(cache, stage, tool.id());
          try {
            measure(tool, key, each.getValue(), data.root(), place);
          } catch (IllegalStateException e) {
            dropped.add(tool.id());
            System.out.printf("%s: dropped, %s%n", tool.title(), e.getMessage());
          }
        }
      }
    }
    tools.forEach(tool -> Place.remove(place.resolve(tool.id())));
  }

  /// Cairn reads what was written to in the last minute once more: it may be written to still.
  private static void age() {
    try {
      Thread.sleep(Duration.ofSeconds(61));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void measure(Tool tool, Figures.Key key, Tool.Site site, Path data, Place place)
      throws IOException {
    Stage stage = key.stage();
    Path target = place.resolve("restored");
    if (stage == Stage.RESTORE) {
      Files.createDirectory(target);
    }
    if (tool.whole() && stage.isSave()) {
      Place.remove(site.store());
      Files.createDirectory(site.store());
    }
    long before = Trees.sizeBytes(site.store());
    sync(place);
    key.cache().bringAbout(stage.isSave() ? data : site.store());
    try {
      Program.Run run = tool.run(stage, site, stage == Stage.RESTORE ? target : data);
      double sync = sync(place);
      figures.add(key, new Figures.Sample(run, Trees.sizeBytes(site.store()) - before, sync));
      if (stage == Stage.RESTORE && !restored.containsKey(tool.id())) {
        Trees.requireSame(data, target);
        restored.put(tool.id(), Trees.allocatedBytes(target));
      }
    } finally {
      Place.remove(target);
    }
  }

  private static double sync(Place place) {
    return Program.run(Map.of(), List.of("sync", "-f", place.root().toString())).seconds();
  }

  private void print(List<Tool> tools, Path data, long dataBytes) {
    System.out.printf(
        "%s of data (%s on disk), medians of %d rounds%n%n| tool | what it forces to disk |%n|---|---|%n",
        Machine.mib((double) dataBytes), Machine.mib((double) Trees.allocatedBytes(data)), rounds);
    tools.forEach(tool -> System.out.printf("| %s | %s |%n", tool.title(), tool.forces()));
  }

  private void print(List<Tool> tools) {
    System.out.printf("%nRestored data, the same byte for byte, on disk:%n%n");
    for (Tool tool : tools) {
      if (restored.containsKey(tool.id())) {
        System.out.printf(
            "* %s: %s%n", tool.title(), Machine.mib((double) restored.get(tool.id())));
      }
    }
  }
}
