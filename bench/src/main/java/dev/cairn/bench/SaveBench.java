package dev.cairn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/// Save, verify and restore of a large checkpoint as whole processes, against durable copies of the
/// same files on the same disk in the same run.
@Command(
    name = "save",
    description = "Time, bytes and memory of saves and restores, beside plain copies.",
    mixinStandardHelpOptions = true)
final class SaveBench implements Callable<Integer> {
  private static final double CHANGED = 0.05;

  private static final String COPY = "copy, every file forced (one JVM, warm)";
  private static final String CP = "`cp -r` and `sync -f`";
  private static final String FIRST = "`cairn save`, first";
  private static final String SECOND = "`cairn save`, 5 % changed in pieces of 64 KiB";
  private static final String THIRD = "`cairn save`, unchanged";
  private static final String VERIFY = "`cairn checkpoints verify`";
  private static final String RESTORE = "`cairn checkpoints restore`";

  @Option(names = "--size", paramLabel = "GIB", description = "Size of the data (default: 2).")
  private double size = 2;

  @Option(names = "--rounds", paramLabel = "N", description = "Medians of N rounds (default: 5).")
  private int rounds = 5;

  @Option(names = "--dir", description = "Where; decides which disk (default: the temporary one).")
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

  @Option(names = "--cairn", description = "The command (default: that of this checkout).")
  private String cairn = "";

  private final Medians seconds = new Medians();
  private final Medians written = new Medians();
  private final Medians peak = new Medians();
  private final Medians cpu = new Medians();

  @Override
  public Integer call() throws Exception {
    try (var place = new Place(directory)) {
      CheckpointData data = CheckpointData.make(place.resolve("data"), (long) (size * (1L << 30)));
      var command = CairnCommand.of(cairn, place.resolve("store"));
      command.run("--version"); // builds, if it must
      System.out.println(Machine.facts(directory));
      for (int round = 0; round < rounds; round++) {
        copies(data, place);
        saves(data, command, place);
        System.err.printf("round %d of %d%n", round + 1, rounds);
      }
      print(data.sizeBytes());
    }
    return 0;
  }

  private void copies(CheckpointData data, Place place) throws IOException {
    Path target = place.resolve("copy");
    long start = System.nanoTime();
    Copy.durably(data.root(), target);
    seconds.add(COPY, (System.nanoTime() - start) / 1e9);
    Place.remove(target);

    String script = "cp -r '%s' '%s' && sync -f '%s'".formatted(data.root(), target, target);
    note(CP, Program.run(Map.of(), List.of("sh", "-c", script)));
    Place.remove(target);
  }

  private void saves(CheckpointData data, CairnCommand command, Place place) throws IOException {
    String root = data.root().toString();
    noteSave(FIRST, command.run("save", "--json", "--job", "bench", root));
    data.change(CHANGED);
    noteSave(SECOND, command.run("save", "--json", "--job", "bench", root));
    noteSave(THIRD, command.run("save", "--json", "--job", "bench", root));
    note(VERIFY, command.run("checkpoints", "verify", newest(command)));
    Path target = place.resolve("restored");
    note(RESTORE, command.run("checkpoints", "restore", "bench", "--to", target.toString()));
    requireSame(data, target);
    Place.remove(target);
    Place.remove(command.store());
  }

  private static String newest(CairnCommand command) {
    return CairnCommand.json(command.run("jobs", "show", "--json", "bench"))
        .get("newest_checkpoint")
        .asString();
  }

  private static void requireSame(CheckpointData data, Path restored) throws IOException {
    try (var all = Files.walk(data.root()).filter(Files::isRegularFile)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        Path twin = restored.resolve(data.root().relativize(file).toString());
        if (Files.mismatch(file, twin) >= 0) {
          throw new IllegalStateException(twin + " is not what was saved");
        }
      }
    }
  }

  private void noteSave(String name, Program.Run run) {
    note(name, run);
    JsonNode saved = CairnCommand.json(run);
    written.add(name, saved.get("stored_bytes").asDouble());
  }

  private void note(String name, Program.Run run) {
    seconds.add(name, run.seconds());
    cpu.add(name, run.cpuSeconds());
    peak.add(name, run.peakBytes());
  }

  private void print(long sizeBytes) {
    double base = seconds.median(COPY);
    System.out.printf(
        Locale.ROOT,
        "%s of data, medians of %d rounds%n%n"
            + "| what | seconds (least … most) | MiB/s | times the copy | CPU s | bytes written | peak memory |%n"
            + "|---|---|---|---|---|---|---|%n",
        Machine.mib((double) sizeBytes),
        rounds);
    for (String name : seconds.names()) {
      double time = seconds.median(name);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f (%.2f … %.2f) | %.0f | %.2f | %s | %s | %s |%n",
          name,
          time,
          seconds.least(name),
          seconds.most(name),
          (double) sizeBytes / time / (1 << 20),
          time / base,
          cpu.names().contains(name) && !name.equals(CP) ? "%.2f".formatted(cpu.median(name)) : "",
          written.names().contains(name) ? Machine.mib(written.median(name)) : "",
          peak.names().contains(name) && !name.equals(CP) ? Machine.mib(peak.median(name)) : "");
    }
  }
}
