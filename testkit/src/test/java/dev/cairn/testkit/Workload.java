package dev.cairn.testkit;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What a job of the sweeps saves: some directories, each the source of one step, and states. They
/// share contents, so that checkpoints refer to packs of earlier ones.
final class Workload {
  /// One checkpoint's worth.
  ///
  /// @param number from 1; the step of the checkpoint that is saved of it, by which it is found
  ///   again
  /// @param source absent for a checkpoint without files
  /// @param contents of `source`
  record Step(
      long number, @Nullable Path source, @Nullable String state, DirectoryContents contents) {}

  private static final Instant MODIFIED = Instant.parse("2029-12-31T23:59:58.123456789Z");
  private static final int LARGE_STATE_BYTES = 20_000;

  private final Disk disk;
  private final Path root;
  private final SplittableRandom random;
  private final byte[] shared;
  private final List<Step> steps = new ArrayList<>();

  private Workload(Disk disk, Path root, long seed) {
    this.disk = disk;
    this.root = root;
    this.random = new SplittableRandom(seed);
    this.shared = noise(3_000);
  }

  /// Seven steps of some kilobytes: small files, no files, a large state, the very same again,
  /// nothing but an empty file, a tree with everything in it.
  static List<Step> small(Disk disk, Path root, long seed) {
    var work = new Workload(disk, root, seed);
    String state = work.large();
    work.step(inline(1), source -> work.few(source, noise(seed, 900)));
    work.step(inline(2), source -> work.few(source, noise(seed + 1, 1_100)));
    work.step(inline(3), null);
    work.step(state, source -> work.few(source, noise(seed + 1, 1_100)));
    work.step(state, source -> work.few(source, noise(seed + 1, 1_100)));
    work.step(null, source -> work.write(source.resolve("empty"), new byte[0]));
    work.step(inline(7), source -> work.tree(source, text(6_000)));
    return work.steps;
  }

  /// Seven steps of up to some megabytes: as the small ones, with files of many chunks, some that
  /// shrink when they are compressed and some that do not.
  static List<Step> large(Disk disk, Path root, long seed) {
    var work = new Workload(disk, root, seed);
    byte[] dense = noise(seed, 300_000);
    byte[] many = text(9 * 256 * 1024 + 77);
    work.step(inline(1), source -> work.few(source, dense));
    work.step(
        inline(2),
        source -> {
          work.few(source, noise(seed + 1, 700));
          work.write(source.resolve("many"), many);
        });
    work.step(inline(3), null);
    work.step(work.large(), source -> work.few(source, text(40_000)));
    work.step(work.large(), null);
    work.step(
        null,
        source -> {
          work.tree(source, dense);
          work.write(source.resolve("many"), changed(many));
        });
    work.step(inline(7), source -> work.few(source, text(5_000)));
    return work.steps;
  }

  /// One more step, of a kind that refers to what is there already.
  static Step next(Disk disk, Path root, long seed, long number) {
    var work = new Workload(disk, root, seed);
    byte[] own = noise(number, 800);
    while (work.steps.size() < number - 1) {
      work.steps.add(new Step(work.steps.size() + 1L, null, null, DirectoryContents.NOTHING));
    }
    work.step(inline(number), source -> work.few(source, own));
    return work.steps.getLast();
  }

  private interface Writer {
    void into(Path source);
  }

  private void step(@Nullable String state, @Nullable Writer writer) {
    long number = steps.size() + 1L;
    if (writer == null) {
      steps.add(new Step(number, null, state, DirectoryContents.NOTHING));
      return;
    }
    Path source = root.resolve("step-" + number);
    disk.createDirectories(source);
    writer.into(source);
    steps.add(new Step(number, source, state, DirectoryContents.of(disk, source)));
  }

  private void few(Path source, byte[] own) {
    write(source.resolve("own"), own);
    write(source.resolve("shared"), shared);
  }

  private void tree(Path source, byte[] own) {
    few(source, own);
    disk.createDirectories(source.resolve("a/empty"));
    write(source.resolve("a/empty-file"), new byte[0]);
    write(source.resolve("a/again"), own);
    write(source.resolve("a/two words"), noise(300));
    disk.symlink(source.resolve("a/link"), "../shared");
    disk.symlink(source.resolve("nowhere"), "/does/not/exist");
    disk.setAttributes(source.resolve("a/again"), 0600, MODIFIED);
    disk.setAttributes(source.resolve("a/empty"), 0700, MODIFIED);
  }

  private void write(Path file, byte[] bytes) {
    try (DiskFile out = disk.create(file)) {
      out.write(ByteBuffer.wrap(bytes));
    }
    disk.setAttributes(file, 0640, MODIFIED.plusSeconds(steps.size()));
  }

  private static String inline(long number) {
    return "{\"cursor\":%d,\"note\":\"%s\"}".formatted(number, "x".repeat(1100));
  }

  /// Too large for a journal entry.
  private String large() {
    var json = new StringBuilder("{\"numbers\":[0");
    while (json.length() < LARGE_STATE_BYTES) {
      json.append(',').append(random.nextInt(1_000_000));
    }
    return json.append("]}").toString();
  }

  private byte[] noise(int count) {
    return noise(random.nextLong(), count);
  }

  private static byte[] noise(long seed, int count) {
    var bytes = new byte[count];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  /// Bytes that compress well and are different everywhere.
  private static byte[] text(int count) {
    var text = new StringBuilder();
    for (int line = 0; text.length() < count; line++) {
      text.append("line ").append(line).append(" of a log that says the same again and again\n");
    }
    return text.substring(0, count).getBytes(StandardCharsets.US_ASCII);
  }

  /// The same but for a few bytes in the middle.
  private static byte[] changed(byte[] bytes) {
    byte[] copy = bytes.clone();
    for (int i = 0; i < 10; i++) {
      copy[copy.length / 2 + i] = '#';
    }
    return copy;
  }
}
