package dev.cairn.bench;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How often one long-running attempt waits for the disk per checkpoint: counted where Cairn calls
/// the file system, and by the kernel's own account where strace is installed.
@Command(
    name = "fsync",
    description = "Forces to disk per checkpoint, within one attempt.",
    mixinStandardHelpOptions = true)
final class FsyncBench implements Callable<Integer> {
  private static final int SMALL_FILES = 5;

  @Option(names = "--saves", paramLabel = "N", description = "Checkpoints (default: 100).")
  private int saves = 100;

  @Option(names = "--keep", paramLabel = "N", description = "Checkpoints to keep (default: 5).")
  private int keep = 5;

  @Option(names = "--only", hidden = true, description = "Does one kind and counts nothing.")
  private String only = "";

  /// What is saved again and again.
  private enum Kind {
    STATE("state only"),
    FILES(SMALL_FILES + " small files, one of them changed"),
    UNCHANGED("unchanged files, asked for");

    private final String title;

    Kind(String title) {
      this.title = title;
    }
  }

  /// @param early average of the first ones, before retention lets anything go
  /// @param all average of all, with what retention costs
  private record Counts(
      double early, double all, double files, double directories, double millis) {}

  @Override
  public Integer call() throws Exception {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (var place = new Place(temporary)) {
      if (!only.isEmpty()) {
        count(Kind.valueOf(only), place);
        return 0;
      }
      System.out.println(Machine.facts(temporary));
      System.out.printf(
          "%d checkpoints of one attempt, %d kept%n%n"
              + "| checkpoint | forces each, first %d | forces each, all | of files | of directories | by strace | ms each |%n"
              + "|---|---|---|---|---|---|---|%n",
          saves, keep, keep);
      for (Kind kind : Kind.values()) {
        Counts counts = count(kind, place);
        System.out.printf(
            Locale.ROOT,
            "| %s | %.1f | %.2f | %.2f | %.2f | %s | %.1f |%n",
            kind.title,
            counts.early,
            counts.all,
            counts.files,
            counts.directories,
            byStrace(kind).map("%.2f"::formatted).orElse("not installed"),
            counts.millis);
      }
    }
    return 0;
  }

  private Counts count(Kind kind, Place place) throws IOException, Changed {
    var disk = new CountingDisk(new RealDisk());
    var env = new SystemEnv();
    Path data = Files.createDirectories(place.resolve("data-" + kind));
    for (int i = 0; i < SMALL_FILES; i++) {
      Files.writeString(data.resolve("file-" + i), "0");
    }
    Path root = place.resolve("store-" + kind);
    try (Store store = Store.openOrCreate(disk, env, root)) {
      var claimer =
          new Claimer(store.journal(), env, Host.here(), Duration.ofHours(1), Duration.ofHours(3));
      JobLog log = JobLog.open(store.journal(), env, JobId.of("bench"));
      log.append(_ -> new Event.Submitted("bench", keep, Map.of()));
      try (Attempt attempt =
          claimer.claim(log, Event.Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt()) {
        var checkpointer =
            new Checkpointer(store.repository(), disk, env, attempt, new Retention(keep), "bench");
        checkpointer.save(capture(kind, data, 0), Meter.NONE); // makes folders
        awaitFirstBeat(store, attempt);
        return measure(kind, data, disk, checkpointer);
      }
    }
  }

  private Counts measure(Kind kind, Path data, CountingDisk disk, Checkpointer checkpointer)
      throws IOException, Changed {
    long files = disk.fileForces();
    long directories = disk.directoryForces();
    long early = 0;
    long start = System.nanoTime();
    for (int i = 1; i <= saves; i++) {
      checkpointer.save(capture(kind, data, i), Meter.NONE);
      if (i == keep - 1) {
        early = disk.fileForces() + disk.directoryForces() - files - directories;
      }
    }
    double millis = (System.nanoTime() - start) / 1e6 / saves;
    double perFile = (double) (disk.fileForces() - files) / saves;
    double perDirectory = (double) (disk.directoryForces() - directories) / saves;
    return new Counts(
        (double) early / Math.max(1, keep - 1),
        perFile + perDirectory,
        perFile,
        perDirectory,
        millis);
  }

  private static void awaitFirstBeat(Store store, Attempt attempt) {
    while (store.journal().heartbeat(attempt.job(), attempt.token()).isEmpty()) {
      Thread.onSpinWait();
    }
  }

  private static Checkpointer.Capture capture(Kind kind, Path data, int number) throws IOException {
    if (kind == Kind.STATE) {
      return StartupBench.state(number);
    }
    if (kind == Kind.FILES) {
      Files.writeString(data.resolve("file-" + number % SMALL_FILES), "content " + number);
    }
    return new Checkpointer.Capture(
        Checkpoint.Kind.PERIODIC,
        CapturedFiles.in(data, _ -> false),
        Progress.NONE.withStep((long) number),
        Map.of(),
        null,
        List.of());
  }

  /// The same work in a process under strace, less what it costs without any checkpoint.
  private Optional<Double> byStrace(Kind kind) {
    try {
      if (new ProcessBuilder("strace", "-V")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          != 0) {
        return Optional.empty();
      }
      double few = syscalls(kind, 0);
      double many = syscalls(kind, saves);
      return Optional.of((many - few) / saves);
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private double syscalls(Kind kind, int count) throws IOException {
    Path summary = Files.createTempFile("cairn-bench-strace", "");
    try {
      Program.run(
          Map.of(),
          List.of(
              "strace",
              "-f",
              "-c",
              "-e",
              "trace=fsync,fdatasync",
              "-o",
              summary.toString(),
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path")
                  .replace(File.pathSeparator + File.pathSeparator, File.pathSeparator),
              Main.class.getName(),
              "fsync",
              "--only",
              kind.name(),
              "--saves",
              String.valueOf(count),
              "--keep",
              String.valueOf(keep)));
      return calls(Files.readString(summary));
    } finally {
      Files.delete(summary);
    }
  }

  /// The column of calls in the summary that strace writes.
  private static double calls(String summary) {
    Matcher row =
        Pattern.compile(
                "^\\s*[\\d.]+\\s+[\\d.]+\\s+\\d+\\s+(\\d+)\\s.*(?:fsync|fdatasync)$",
                Pattern.MULTILINE)
            .matcher(summary);
    double sum = 0;
    while (row.find()) {
      sum += Double.parseDouble(row.group(1));
    }
    return sum;
  }
}
