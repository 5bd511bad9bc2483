package dev.cairn.bench;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/// Work of the processor alone, on chunks of 256 KiB of 32-bit floats like those of
/// [CheckpointData], each thread on memory of its own.
enum Computing {
  SHA256("SHA-256 of the JDK") {
    @Override
    Work make() {
      byte[] chunk = floats();
      MessageDigest digest = sha256();
      return () -> {
        digest.update(chunk);
        return chunk.length;
      };
    }
  },
  CRC("CRC32C of the JDK") {
    @Override
    Work make() {
      byte[] chunk = floats();
      var crc = new CRC32C();
      return () -> {
        crc.update(chunk);
        return chunk.length;
      };
    }
  },
  COMPRESS("zstd -1 of floats") {
    @Override
    Work make() {
      return compressing(floats());
    }
  },
  COMPRESS_SHUFFLED("zstd -1 of floats shuffled by bytes") {
    @Override
    Work make() {
      return compressing(shuffled(floats()));
    }
  },
  DECOMPRESS("zstd back to floats shuffled by bytes") {
    @Override
    Work make() {
      byte[] frame = Zstd.compress(shuffled(floats()), 1);
      var chunk = new byte[CHUNK];
      return () -> Zstd.decompress(chunk, frame);
    }
  },
  COPY("copy in memory, of 64 MiB") {
    @Override
    Work make() {
      MemorySegment from = Arena.ofAuto().allocate(COPIED).fill((byte) 1);
      MemorySegment to = Arena.ofAuto().allocate(COPIED).fill((byte) 2);
      return () -> to.copyFrom(from).byteSize();
    }
  };

  private static final int CHUNK = 256 << 10;
  private static final long COPIED = 64L << 20;
  private static final long WARM_UP_NANOS = 300_000_000;
  private static final long NANOS = 500_000_000;

  private final String title;

  Computing(String title) {
    this.title = title;
  }

  interface Work {
    /// @return bytes that were worked on
    long once();
  }

  abstract Work make();

  String title() {
    return title;
  }

  /// The rate of all threads together.
  double bytesPerSecond(int threads) throws InterruptedException {
    var sum = new AtomicLong();
    var all = new ArrayList<Thread>();
    for (int i = 0; i < threads; i++) {
      all.add(
          Thread.ofPlatform()
              .start(() -> {
                Work work = make();
                run(work, WARM_UP_NANOS);
                sum.addAndGet((long) run(work, NANOS));
              }));
    }
    for (Thread thread : all) {
      thread.join();
    }
    return sum.get();
  }

  private static double run(Work work, long nanos) {
    long start = System.nanoTime();
    long bytes = 0;
    while (System.nanoTime() - start < nanos) {
      bytes += work.once();
    }
    return bytes * 1e9 / (System.nanoTime() - start);
  }

  /// What is left of the floats after compression, as a share.
  static double compressed(boolean shuffled) {
    byte[] chunk = floats();
    return Zstd.compress(shuffled ? shuffled(chunk) : chunk, 1).length / (double) CHUNK;
  }

  private static Work compressing(byte[] chunk) {
    var frame = new byte[Math.toIntExact(Zstd.compressBound(CHUNK))];
    return () -> {
      if (Zstd.isError(Zstd.compress(frame, chunk, 1))) {
        throw new IllegalStateException("zstd failed");
      }
      return CHUNK;
    };
  }

  private static byte[] floats() {
    var random = new SplittableRandom(1);
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    while (chunk.hasRemaining()) {
      chunk.putFloat((float) (random.nextGaussian() * 0.02));
    }
    return chunk.array();
  }

  /// First the lowest bytes of all floats, then the next.
  private static byte[] shuffled(byte[] chunk) {
    var result = new byte[chunk.length];
    int count = chunk.length / Float.BYTES;
    for (int i = 0; i < chunk.length; i++) {
      result[i % Float.BYTES * count + i / Float.BYTES] = chunk[i];
    }
    return result;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
