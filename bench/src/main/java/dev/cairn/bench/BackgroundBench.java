package dev.cairn.bench;

import dev.cairn.checkpoint.BackgroundSaver;
import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.StableCopy;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// How long a job stands still for a checkpoint that is saved in the background, on the file system
/// at hand and on loop mounts of file systems that share blocks.
@Command(
    name = "background",
    description = {
      "Measures how long a job stands still while a stable copy is taken, against the save itself.",
      "btrfs and xfs are mounted from image files, which needs root and their mkfs."
    },
    mixinStandardHelpOptions = true)
final class BackgroundBench implements Callable<Integer> {
  private static final int KEEP = 3;
  private static final double ROOM = 4;

  @Option(names = "--size", paramLabel = "GIB", description = "Size of the data (default: 2).")
  private double size = 2;

  @Option(names = "--rounds", paramLabel = "N", description = "Medians of N rounds (default: 5).")
  private int rounds = 5;

  @Option(names = "--dir", description = "Where; decides which disk (default: the temporary one).")
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

  private final Medians stalls = new Medians();
  private final Medians saves = new Medians();

  @Override
  public Integer call() throws Exception {
    try (var place = new Place(directory)) {
      System.out.println(Machine.facts(directory));
      System.out.printf(
          Locale.ROOT,
          "%.1f GiB, the first save of a store beside it, medians of %d rounds (least … most)%n%n"
              + "| file system | copy | stall s | stall s per GiB | save s | stall, share of the save |%n"
              + "|---|---|---|---|---|---|%n",
          size,
          rounds);
      measure("that of --dir", Files.createDirectories(place.resolve("here")));
      for (String type : List.of("btrfs", "xfs")) {
        measureOn(type, place);
      }
    }
    return 0;
  }

  private void measureOn(String type, Place place) throws Exception {
    Path image = place.resolve(type + ".image");
    Path mount = Files.createDirectories(place.resolve(type));
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(Math.max(1L << 30, (long) (ROOM * size * (1L << 30))));
    }
    if (!run("mkfs." + type, "-q", image.toString())
        || !run("mount", "-o", "loop", image.toString(), mount.toString())) {
      System.out.printf("| %s | not mounted: no root, or no mkfs.%s | | | | |%n", type, type);
      return;
    }
    try {
      measure(type + ", loop mount", mount);
    } finally {
      run("umount", "-l", mount.toString());
      Files.delete(image);
    }
  }

  private void measure(String name, Path root) throws IOException, Changed {
    CheckpointData data =
        CheckpointData.make(root.resolve("data"), (long) (size * (1L << 30)), 20261121);
    StableCopy.How how = StableCopy.How.COPIED;
    for (int round = 0; round < rounds; round++) {
      how = round(name, root, data.root());
    }
    double stall = stalls.median(name);
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %.3f (%.3f … %.3f) | %.3f | %.2f (%.2f … %.2f) | %.1f %% |%n",
        name,
        how.toString().toLowerCase(Locale.ROOT).replace('_', ' '),
        stall,
        stalls.least(name),
        stalls.most(name),
        stall / size,
        saves.median(name),
        saves.least(name),
        saves.most(name),
        100 * stall / saves.median(name));
    Place.remove(data.root());
  }

  private StableCopy.How round(String name, Path root, Path data) throws IOException, Changed {
    var disk = new RealDisk();
    var env = new SystemEnv();
    Path place = root.resolve("store");
    try (Store store = Store.openOrCreate(disk, env, place)) {
      var claimer =
          new Claimer(store.journal(), env, Host.here(), Duration.ofHours(1), Duration.ofHours(3));
      JobLog log = JobLog.open(store.journal(), env, JobId.of("bench"));
      log.append(_ -> new Event.Submitted("bench", KEEP, Map.of()));
      try (Attempt attempt =
          claimer.claim(log, Event.Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt()) {
        var checkpointer =
            new Checkpointer(store.repository(), disk, env, attempt, new Retention(KEEP), "bench");
        return save(name, disk, env, checkpointer, root, data);
      }
    } finally {
      Place.remove(place);
    }
  }

  private StableCopy.How save(
      String name, Disk disk, SystemEnv env, Checkpointer checkpointer, Path root, Path data)
      throws Changed {
    var capture =
        new Checkpointer.Capture(
            Checkpoint.Kind.PERIODIC,
            CapturedFiles.in(data, _ -> false),
            Progress.NONE,
            Map.of(),
            null,
            List.of());
    var writer = StableCopy.Writer.WRITES_IN_PLACE;
    try (var saver = new BackgroundSaver(checkpointer, disk, env, root.resolve("copies"), writer)) {
      var pending = saver.save(capture, Meter.NONE);
      long start = System.nanoTime();
      pending.await();
      stalls.add(name, pending.stall().toNanos() / 1e9);
      saves.add(name, (System.nanoTime() - start) / 1e9);
      return pending.how();
    }
  }

  private static boolean run(String... line) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    }
  }
}
