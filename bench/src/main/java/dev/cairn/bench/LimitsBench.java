package dev.cairn.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What the machine can do at most of what the engine consists of: hashing, compression, copies in
/// memory, the disk. Beside these one sees what bounds a save.
@Command(
    name = "limits",
    description = "Rates of hashing, compression, memory and the disk by themselves.",
    mixinStandardHelpOptions = true)
final class LimitsBench implements Callable<Integer> {
  private static final int BLOCK = 4 << 20;
  private static final int ALIGNED = 4096;

  @Option(names = "--size", paramLabel = "GIB", description = "What is written (default: 2).")
  private double size = 2;

  @Option(names = "--rounds", paramLabel = "N", description = "Medians of N rounds (default: 5).")
  private int rounds = 5;

  @Option(names = "--dir", description = "Where; decides which disk (default: the temporary one).")
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));

  private final Medians rates = new Medians();

  @Override
  public Integer call() throws IOException, InterruptedException {
    System.out.println(Machine.facts(directory));
    try (var place = new Place(directory)) {
      for (Computing work : Computing.values()) {
        work.bytesPerSecond(1); // until it is compiled
      }
      for (int round = 0; round < rounds; round++) {
        for (Computing work : Computing.values()) {
          for (int threads : threads()) {
            String name =
                "%s, %d thread%s".formatted(work.title(), threads, threads == 1 ? "" : "s");
            rates.add(name, work.bytesPerSecond(threads));
          }
        }
        disk(place.resolve("file"));
        System.err.printf("round %d of %d%n", round + 1, rounds);
      }
    }
    System.out.printf(
        "medians of %d rounds%n%n| what | MB/s (least … most) |%n|---|---|%n", rounds);
    for (String name : rates.names()) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f (%.0f … %.0f) |%n",
          name,
          rates.median(name) / 1e6,
          rates.least(name) / 1e6,
          rates.most(name) / 1e6);
    }
    System.out.printf(
        Locale.ROOT,
        "%nThe floats take %.3f of their size when compressed, %.3f with their bytes shuffled.%n",
        Computing.compressed(false),
        Computing.compressed(true));
    return 0;
  }

  private static Iterable<Integer> threads() {
    return new LinkedHashSet<>(List.of(1, Runtime.getRuntime().availableProcessors()));
  }

  private void disk(Path file) throws IOException {
    String sizeName = String.format(Locale.ROOT, "%.3g GiB in pieces of 4 MiB", size);
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer block = arena.allocate(BLOCK, ALIGNED).asByteBuffer();
      var random = new SplittableRandom(1);
      while (block.remaining() >= Long.BYTES) {
        block.putLong(random.nextLong());
      }
      rates.add("write, buffered, and force: " + sizeName, write(file, block, List.of()));
      Files.delete(file);
      rates.add("write, direct, and force: " + sizeName, write(file, block, direct()));
      rates.add("read, direct: " + sizeName, read(file, block));
      Files.delete(file);
    }
  }

  /// `ExtendedOpenOption.DIRECT`, by name: the compiler warns of that class, and cannot be asked
  /// not to.
  private static List<OpenOption> direct() {
    try {
      Object[] options = Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
      return Stream.of(options)
          .map(OpenOption.class::cast)
          .filter(option -> option.toString().equals("DIRECT"))
          .toList();
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private double write(Path file, ByteBuffer block, List<OpenOption> how) throws IOException {
    var options = new LinkedHashSet<>(how);
    options.add(StandardOpenOption.CREATE_NEW);
    options.add(StandardOpenOption.WRITE);
    long start = System.nanoTime();
    long written = 0;
    try (var out = FileChannel.open(file, options)) {
      while (written < size * (1L << 30)) {
        written += out.write(block.clear());
      }
      out.force(true);
    }
    return written * 1e9 / (System.nanoTime() - start);
  }

  private static double read(Path file, ByteBuffer block) throws IOException {
    var options = new ArrayList<>(direct());
    options.add(StandardOpenOption.READ);
    long start = System.nanoTime();
    long sum = 0;
    try (var in = FileChannel.open(file, options.toArray(OpenOption[]::new))) {
      for (int n = 0; n >= 0; n = in.read(block.clear())) {
        sum += n;
      }
    }
    return sum * 1e9 / (System.nanoTime() - start);
  }
}
