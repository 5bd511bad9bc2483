package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What we compress is what others read: extents are cut out of packs by their published format and
/// given to Debian's `zstd`.
final class ZstdCommandTest {
  private @TempDir Path directory;

  private static int run(Path in, List<String> line) throws Exception {
    Process process =
        new ProcessBuilder(line)
            .directory(in.toFile())
            .redirectErrorStream(true)
            .redirectOutput(in.resolve("said").toFile())
            .start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  private static boolean hasZstd(Path in) throws Exception {
    try {
      return run(in, List.of("zstd", "--version")) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /// The opposite of what the documentation of codecs 2, 3 and 4 says, once more.
  private static byte[] inOrder(byte[] shuffled, int width) {
    int count = shuffled.length / width;
    var bytes = shuffled.clone();
    for (int at = 0; at < count * width; at++) {
      bytes[at % count * width + at / count] = shuffled[at];
    }
    return bytes;
  }

  @Test
  void the_command_zstd_reads_every_compressed_extent() throws Exception {
    assumeThat(hasZstd(directory)).as("the command zstd is installed").isTrue();
    var extents = new TreeMap<String, PackFile.Extent>();
    var codecs = new TreeSet<Integer>();
    try (var packs = Files.list(GoldenStore.STORE.resolve("jobs/job/packs"))) {
      for (Path file : packs.toList()) {
        PackFile pack = PackFile.read(file);
        for (PackFile.Extent extent : pack.extents()) {
          codecs.add(extent.codec());
          if (extent.codec() == 0) {
            assertThat(GoldenStore.sha256(pack.stored(extent))).isEqualTo(extent.sha256());
          } else {
            String name = "%03d".formatted(extents.size());
            Files.write(directory.resolve(name + ".zst"), pack.stored(extent));
            extents.put(name, extent);
          }
        }
      }
    }
    assertThat(codecs).containsExactly(0, 1, 2, 3, 4);
    var line = new ArrayList<>(List.of("zstd", "-d", "-q"));
    extents.keySet().forEach(name -> line.add(name + ".zst"));
    assertThat(run(directory, line)).as(Files.readString(directory.resolve("said"))).isZero();
    for (var extent : extents.entrySet()) {
      byte[] read = Files.readAllBytes(directory.resolve(extent.getKey()));
      assertThat(read).hasSize(extent.getValue().sizeBytes());
      assertThat(GoldenStore.sha256(inOrder(read, extent.getValue().width())))
          .isEqualTo(extent.getValue().sha256());
    }
  }
}
