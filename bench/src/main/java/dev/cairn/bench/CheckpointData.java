package dev.cairn.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;

/// A directory like a training checkpoint, the same for the same seed: half of it incompressible,
/// three eighths normally distributed 32-bit floats, one eighth zeros with a few other bytes, and
/// 200 small JSON files.
final class CheckpointData {
  private static final int BLOCK = 64 << 10;
  private static final int SMALL_FILES = 200;
  private static final long LARGEST_FILE = 256L << 20;

  private final Path root;
  private final SplittableRandom random = new SplittableRandom(20261121);
  private long changes;

  private CheckpointData(Path root) {
    this.root = root;
  }

  private interface Filler {
    void fill(ByteBuffer block);
  }

  static CheckpointData make(Path root, long sizeBytes) throws IOException {
    var data = new CheckpointData(root);
    data.write("model", sizeBytes / 2, data::noise);
    data.write("optimizer", sizeBytes * 3 / 8, data::floats);
    data.write("buffers", sizeBytes / 8, data::zeros);
    Files.createDirectories(root.resolve("meta"));
    for (int i = 0; i < SMALL_FILES; i++) {
      var text = new StringBuilder("{\"layer\": %d, \"history\": [".formatted(i));
      for (int j = 0; j < 100; j++) {
        text.append("%.6f, ".formatted(data.random.nextDouble()));
      }
      Files.writeString(root.resolve("meta/layer-%03d.json".formatted(i)), text.append("0]}\n"));
    }
    return data;
  }

  private void write(String folder, long sizeBytes, Filler filler) throws IOException {
    Files.createDirectories(root.resolve(folder));
    var block = ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    int number = 0;
    for (long left = sizeBytes; left > 0; left -= LARGEST_FILE) {
      Path file = root.resolve(folder).resolve("part-%03d.bin".formatted(number++));
      try (var out =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        for (long rest = Math.min(left, LARGEST_FILE); rest > 0; rest -= block.capacity()) {
          block.clear().limit((int) Math.min(rest, block.capacity()));
          filler.fill(block);
          out.write(block.flip());
        }
        out.force(true);
      }
    }
  }

  private void noise(ByteBuffer block) {
    while (block.remaining() >= Long.BYTES) {
      block.putLong(random.nextLong());
    }
    while (block.hasRemaining()) {
      block.put((byte) random.nextInt());
    }
  }

  private void floats(ByteBuffer block) {
    while (block.remaining() >= Float.BYTES) {
      block.putFloat((float) (random.nextGaussian() * 0.02));
    }
    zeros(block);
  }

  private void zeros(ByteBuffer block) {
    while (block.hasRemaining()) {
      block.put((byte) 0);
    }
    for (int i = 0; i < block.limit() / 4096; i++) {
      block.put(random.nextInt(block.limit()), (byte) random.nextInt());
    }
  }

  /// Overwrites `share` of all large files in scattered pieces of 64 KiB.
  ///
  /// @return bytes written
  long change(double share) throws IOException {
    var block = ByteBuffer.allocateDirect(BLOCK);
    changes++;
    var choose = new SplittableRandom(changes);
    long written = 0;
    for (Path file : files()) {
      long blocks = Files.size(file) / BLOCK;
      try (var out = FileChannel.open(file, StandardOpenOption.WRITE)) {
        for (long i = 0; i < blocks; i++) {
          if (choose.nextDouble() < share) {
            noise(block.clear());
            written += out.write(block.flip(), i * BLOCK);
          }
        }
        out.force(true);
      }
    }
    return written;
  }

  private List<Path> files() throws IOException {
    try (var all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  long sizeBytes() throws IOException {
    long sum = 0;
    for (Path file : files()) {
      sum += Files.size(file);
    }
    return sum;
  }

  Path root() {
    return root;
  }
}
