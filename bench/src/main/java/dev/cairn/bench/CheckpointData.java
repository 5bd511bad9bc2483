package dev.cairn.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A directory like a training checkpoint, the same for the same size and seed. Four quarters, in
/// files of at most 256 MiB:
///
/// * `random`: incompressible bytes;
/// * `fp32`: 32-bit floats, normally distributed with a standard deviation of 0.02;
/// * `bf16`: half of it such floats whose low 16 bits are zero, half of it the other 16 bits alone;
/// * `sparse`: holes, but for one MiB of such 32-bit floats somewhere in each 10 MiB;
///
/// and `meta`, 200 JSON files of about 1 KiB each. The size is that of the files as programs see
/// them, with holes. What changes is of the same kind as what was there, and forced to disk.
final class CheckpointData {
  private static final int MIB = 1 << 20;
  private static final int PIECE = 64 << 10;
  private static final int SMALL_FILES = 200;
  private static final int SMALL_FILES_CHANGED = SMALL_FILES / 20;
  private static final long LARGEST_FILE = 256L << 20;
  private static final int SPARSE = 10;

  private final Path root;
  private final long seed;
  private final List<Part> parts = new ArrayList<>();
  private final ByteBuffer block =
      ByteBuffer.allocateDirect(MIB).order(ByteOrder.LITTLE_ENDIAN); // as on most machines
  private int drawn;

  private CheckpointData(Path root, long seed) {
    this.root = root;
    this.seed = seed;
  }

  private enum Kind {
    RANDOM {
      @Override
      void fill(ByteBuffer block, SplittableRandom random) {
        while (block.remaining() >= Long.BYTES) {
          block.putLong(random.nextLong());
        }
      }
    },
    FP32 {
      @Override
      void fill(ByteBuffer block, SplittableRandom random) {
        while (block.remaining() >= Float.BYTES) {
          block.putFloat(weight(random));
        }
      }
    },
    BF16_IN_FP32 {
      @Override
      void fill(ByteBuffer block, SplittableRandom random) {
        while (block.remaining() >= Float.BYTES) {
          block.putInt(Float.floatToRawIntBits(weight(random)) & 0xffff0000);
        }
      }
    },
    BF16 {
      @Override
      void fill(ByteBuffer block, SplittableRandom random) {
        while (block.remaining() >= Short.BYTES) {
          block.putShort((short) (Float.floatToRawIntBits(weight(random)) >>> 16));
        }
      }
    };

    private static float weight(SplittableRandom random) {
      return (float) (random.nextGaussian() * 0.02);
    }

    /// Fills up the block, whose room is a multiple of 8 bytes.
    abstract void fill(ByteBuffer block, SplittableRandom random);
  }

  private record Part(Path file, Kind kind) {}

  /// @param root must not exist
  static CheckpointData make(Path root, long sizeBytes, long seed) throws IOException {
    var data = new CheckpointData(root, seed);
    data.write("random", sizeBytes / 4, Kind.RANDOM, 1);
    data.write("fp32", sizeBytes / 4, Kind.FP32, 1);
    data.write("bf16/wide", sizeBytes / 8, Kind.BF16_IN_FP32, 1);
    data.write("bf16/narrow", sizeBytes / 8, Kind.BF16, 1);
    data.write("sparse", sizeBytes / 4, Kind.FP32, SPARSE);
    Files.createDirectories(root.resolve("meta"));
    SplittableRandom random = data.draw();
    for (int i = 0; i < SMALL_FILES; i++) {
      data.small(i, random);
    }
    return data;
  }

  /// Overwrites 5 % of all large files in scattered pieces of 64 KiB, and appends 1 % to each.
  void scatter() throws IOException {
    for (Part part : parts) {
      SplittableRandom random = draw();
      try (var out = FileChannel.open(part.file(), StandardOpenOption.WRITE)) {
        long size = out.size();
        for (long at = 0; at + PIECE <= size; at += PIECE) {
          if (random.nextInt(20) == 0) {
            put(out, at, PIECE, part.kind(), random);
          }
        }
        put(out, size, size / 100, part.kind(), random);
        out.force(true);
      }
    }
  }

  /// Overwrites one region in each large file, 5 % of it at a place that fits no grid, and 5 % of
  /// the small files.
  void cluster() throws IOException {
    for (Part part : parts) {
      SplittableRandom random = draw();
      try (var out = FileChannel.open(part.file(), StandardOpenOption.WRITE)) {
        long length = out.size() / 20;
        long at = random.nextLong(out.size() - length) / Long.BYTES * Long.BYTES;
        put(out, at, length, part.kind(), random);
        out.force(true);
      }
    }
    SplittableRandom random = draw();
    for (int i = 0; i < SMALL_FILES_CHANGED; i++) {
      small(random.nextInt(SMALL_FILES), random);
    }
  }

  private void write(String folder, long sizeBytes, Kind kind, int sparse) throws IOException {
    Files.createDirectories(root.resolve(folder));
    int number = 0;
    for (long left = sizeBytes; left > 0; left -= LARGEST_FILE) {
      Path file = root.resolve(folder).resolve("part-%03d.bin".formatted(number++));
      parts.add(new Part(file, kind));
      SplittableRandom random = draw();
      long size = Math.min(left, LARGEST_FILE);
      try (var out = new RandomAccessFile(file.toFile(), "rw")) {
        out.setLength(size);
        long stretch = (long) MIB * sparse;
        for (long at = 0; at < size; at += stretch) {
          long start = at + (long) MIB * random.nextInt(sparse);
          put(out.getChannel(), start, Math.min(MIB, size - start), kind, random);
        }
        out.getChannel().force(true);
      }
    }
  }

  /// Writes so many bytes, rounded down to a multiple of 8; none if that is negative.
  private void put(FileChannel out, long position, long length, Kind kind, SplittableRandom random)
      throws IOException {
    long at = position;
    for (long left = length / Long.BYTES * Long.BYTES; left > 0; left -= block.capacity()) {
      kind.fill(block.clear().limit((int) Math.min(left, block.capacity())), random);
      block.flip();
      while (block.hasRemaining()) {
        at += out.write(block, at);
      }
    }
  }

  private void small(int number, SplittableRandom random) throws IOException {
    var text = new StringBuilder("{\"layer\": %d, \"history\": [".formatted(number));
    for (int i = 0; i < 100; i++) {
      text.append("%.6f, ".formatted(random.nextDouble()));
    }
    Path file = root.resolve("meta/layer-%03d.json".formatted(number));
    Files.writeString(file, text.append("0]}\n"));
  }

  private SplittableRandom draw() {
    return new SplittableRandom(seed * 1_000_003 + drawn++);
  }

  Path root() {
    return root;
  }
}
