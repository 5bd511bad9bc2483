package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Verified;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DamageTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private Saved saveSome() {
    box.write("model.bin", Sandbox.noise(9 * Sandbox.CHUNK + 100, 1));
    box.write("d/text", "words ".repeat(50_000).getBytes(StandardCharsets.UTF_8));
    box.write("small", new byte[] {1, 2, 3});
    return box.save();
  }

  /// @return whether it was restored; then exactly
  private boolean restoresExactly(Saved saved, Map<String, String> expected) {
    Path target = root.resolve("target-" + box.env.randomHex(4));
    try {
      box.repository.restore(Sandbox.JOB, saved.manifest(), target, Restore.all(), Meter.NONE);
    } catch (CairnException.Corrupt e) {
      assertThat(target).doesNotExist();
      assertThat(e.advice()).contains("cairn checkpoints verify train-1");
      return false;
    }
    assertThat(Sandbox.describe(target)).isEqualTo(expected);
    return true;
  }

  @Test
  void every_flipped_byte_is_reported_or_harmless() {
    Saved saved = saveSome();
    var expected = Sandbox.describe(box.source);
    var random = new Random(1);
    int harmless = 0;
    for (String pack : box.packObjects()) {
      byte[] whole = box.object(pack);
      for (int at : offsets(whole.length, random)) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        box.putObject(pack, damaged);
        boolean reported = !box.verify(saved).isWhole();
        boolean restored = restoresExactly(saved, expected);
        assertThat(reported || restored).as("byte %d of %s", at, pack).isTrue();
        if (!reported) { // padding, or a bit of a compressed extent that means nothing
          harmless++;
        }
      }
      box.putObject(pack, whole);
    }
    assertThat(harmless).isLessThan(100);
    assertThat(box.verify(saved).isWhole()).isTrue();
  }

  private static int[] offsets(int size, Random random) {
    return java.util.stream.IntStream.concat(
            java.util.stream.IntStream.concat(
                java.util.stream.IntStream.range(0, Math.min(20, size)),
                java.util.stream.IntStream.range(Math.max(0, size - 60), size)),
            random.ints(40, 0, size))
        .toArray();
  }

  @Test
  void every_truncation_is_reported_and_nothing_wrong_is_restored() {
    Saved saved = saveSome();
    var expected = Sandbox.describe(box.source);
    var random = new Random(2);
    for (String pack : box.packObjects()) {
      byte[] whole = box.object(pack);
      for (int size : offsets(whole.length, random)) {
        box.putObject(pack, Arrays.copyOf(whole, size));
        assertThat(box.verify(saved).isWhole()).as("%d bytes of %s", size, pack).isFalse();
        restoresExactly(saved, expected);
      }
      box.putObject(pack, Arrays.copyOf(whole, whole.length + 1));
      assertThat(box.verify(saved).isWhole()).isFalse();
      box.putObject(pack, whole);
    }
  }

  @Test
  void a_damaged_chunk_is_told_with_file_pack_and_place() {
    Saved saved = saveSome();
    String pack = firstPack(saved);
    byte[] bytes = box.object(pack);
    bytes[4096 + 17]++;
    box.putObject(pack, bytes);
    String leaf = pack.substring(pack.lastIndexOf('/') + 1);
    assertThatThrownBy(() -> box.restore(saved))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageMatching(
            "(d/text|model.bin) of job train-1 cannot be read back: pack "
                + leaf
                + " is damaged at byte 4096 \\((hash differs|cannot be decompressed)\\)");
    assertThat(box.verify(saved).damaged())
        .singleElement()
        .satisfies(damaged -> {
          assertThat(damaged.object()).isEqualTo(pack);
          assertThat(damaged.reason()).startsWith("is damaged at byte 4096 (");
          assertThat(damaged.files()).hasSize(1);
        });
  }

  private String firstPack(Saved saved) {
    return box.packObjects().stream()
        .filter(name -> saved.packs().size() == 1 || !name.endsWith(saved.manifest().pack()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_missing_pack_is_told_with_all_files_that_need_it() {
    Saved saved = saveSome();
    String pack = firstPack(saved);
    box.blobs.delete(pack);
    assertThatThrownBy(() -> box.restore(saved))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining(pack.substring(pack.lastIndexOf('/') + 1) + " is missing");
    assertThat(box.verify(saved).damaged())
        .singleElement()
        .satisfies(damaged -> {
          assertThat(damaged.reason()).isEqualTo("is missing");
          assertThat(damaged.files()).contains("model.bin").doesNotContain("d");
        });
  }

  @Test
  void a_missing_manifest_is_damage_too() {
    Saved saved = saveSome();
    box.blobs.delete("jobs/train-1/packs/" + saved.manifest().pack());
    assertThatThrownBy(() -> box.manifest(saved)).isInstanceOf(CairnException.Corrupt.class);
    assertThatThrownBy(() -> box.repository.packs(Sandbox.JOB, saved.manifest()))
        .isInstanceOf(CairnException.Corrupt.class);
    Verified verified = box.verify(saved);
    assertThat(verified.isWhole()).isFalse();
    assertThat(verified.bytesRead()).isZero();
  }

  @Test
  void several_damaged_places_of_a_pack_are_one_report() {
    box.write("f", Sandbox.noise(8 * Sandbox.CHUNK, 1));
    Saved saved = box.save();
    String pack = box.packObjects().getFirst();
    byte[] bytes = box.object(pack);
    bytes[4096]++;
    bytes[4096 + Sandbox.CHUNK]++;
    bytes[4096 + 2 * Sandbox.CHUNK]++;
    box.putObject(pack, bytes);
    Verified verified = box.verify(saved);
    assertThat(verified.damaged())
        .singleElement()
        .satisfies(damaged ->
            assertThat(damaged.reason())
                .isEqualTo("is damaged at byte 4096 (hash differs), and in 2 more places"));
    assertThat(verified.bytesRead()).isEqualTo(5L * Sandbox.CHUNK);
  }

  @Test
  void a_reference_from_outside_is_checked() {
    Saved saved = saveSome();
    ManifestRef good = saved.manifest();
    for (ManifestRef bad :
        new ManifestRef[] {
          new ManifestRef(
              good.sha256(), "../../x", good.offset(), good.storedBytes(), good.sizeBytes(), 0),
          new ManifestRef(
              "", good.pack(), good.offset(), good.storedBytes(), good.sizeBytes(), good.codec()),
          new ManifestRef(
              good.sha256(), good.pack(), -1, good.storedBytes(), good.sizeBytes(), good.codec()),
          new ManifestRef(
              good.sha256(), good.pack(), good.offset(), -1, good.sizeBytes(), good.codec()),
          new ManifestRef(
              good.sha256(),
              good.pack(),
              good.offset(),
              good.storedBytes(),
              Integer.MAX_VALUE,
              good.codec()),
          new ManifestRef(
              good.sha256(), good.pack(), good.offset(), good.storedBytes(), good.sizeBytes(), 9),
          new ManifestRef(
              "0".repeat(64),
              good.pack(),
              good.offset(),
              good.storedBytes(),
              good.sizeBytes(),
              good.codec())
        }) {
      assertThatThrownBy(() -> box.repository.manifest(Sandbox.JOB, bad))
          .as("%s", bad)
          .isInstanceOf(CairnException.Corrupt.class);
      assertThat(box.repository.verify(Sandbox.JOB, bad, Meter.NONE).isWhole()).isFalse();
    }
  }

  @Test
  void a_failed_restore_leaves_nothing_behind_and_an_empty_target_empty() throws Exception {
    Saved saved = saveSome();
    Path link = Files.createDirectories(root.resolve("there"));
    String pack = firstPack(saved);
    byte[] bytes = box.object(pack);
    for (int at = 20; at < bytes.length - 2_000; at += 1000) {
      bytes[at]++;
    }
    box.putObject(pack, bytes);
    assertThatThrownBy(() ->
            box.repository.restore(Sandbox.JOB, saved.manifest(), link, Restore.all(), Meter.NONE))
        .isInstanceOf(CairnException.Corrupt.class);
    assertThat(link).isEmptyDirectory();
  }
}
