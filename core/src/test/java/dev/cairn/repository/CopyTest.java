package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Subject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A checkpoint stored once more, for another job (I4).
final class CopyTest {
  private static final JobId OTHER = JobId.of("train-2");
  private static final long TOKEN = 3;

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private Saved copy(Saved saved) {
    return box.repository.copy(Sandbox.JOB, saved.manifest(), OTHER, TOKEN, Meter.NONE);
  }

  /// After which nothing of the first job is left.
  private Saved assertCopied(Saved saved, byte... state) {
    Saved copy = copy(saved);
    assertThat(copy.files()).isEqualTo(saved.files());
    assertThat(copy.sizeBytes()).isEqualTo(saved.sizeBytes());
    assertThat(copy.packs()).isEqualTo(box.repository.packs(OTHER, copy.manifest()));
    assertThat(copy.packs()).allMatch(pack -> pack.startsWith(TOKEN + "-"));
    box.packObjects().forEach(box.blobs::delete);
    Path target = root.resolve("copy-" + box.env.randomHex(4));
    box.repository.restore(OTHER, copy.manifest(), target, Restore.all(), Meter.NONE);
    assertThat(Sandbox.describe(target)).isEqualTo(Sandbox.describe(box.source));
    assertThat(box.repository.verify(OTHER, copy.manifest(), Meter.NONE).damaged()).isEmpty();
    assertThat(box.repository.state(OTHER, copy.manifest()).orElse(new byte[0])).isEqualTo(state);
    return copy;
  }

  private void writeTree() throws IOException {
    byte[] mixed = Sandbox.noise(12 * Sandbox.CHUNK, 1);
    Arrays.fill(mixed, 4 * Sandbox.CHUNK, 8 * Sandbox.CHUNK, (byte) 'x');
    box.write("d/mixed", mixed);
    box.write("d/text", "words ".repeat(50_000).getBytes(StandardCharsets.UTF_8));
    box.write("noise", Sandbox.noise(9 * Sandbox.CHUNK + 5, 2));
    box.write("again", Sandbox.noise(9 * Sandbox.CHUNK + 5, 2));
    box.write("nothing", new byte[0]);
    box.write("small", new byte[] {1});
    Sandbox.directory(box.source.resolve("empty/inner"));
    Files.createSymbolicLink(box.source.resolve("link"), Path.of("../nö"));
    box.disk.setAttributes(box.source.resolve("small"), 0400, java.time.Instant.EPOCH);
  }

  @Test
  void a_tree_with_everything_in_it_and_a_large_state_is_copied() throws Exception {
    writeTree();
    byte[] state = "{\"n\":1}".repeat(400_000).getBytes(StandardCharsets.UTF_8);
    Saved saved =
        box.repository.save(
            Sandbox.JOB,
            7,
            null,
            new Subject(box.scan(), List.of(), Optional.of(ByteBuffer.wrap(state))),
            Meter.NONE);
    Saved copy = assertCopied(saved, state);
    assertThat(copy.newBytes()).isEqualTo(saved.newBytes());
    assertThat(copy.storedBytes()).isBetween(saved.storedBytes() - 99, saved.storedBytes() + 99);
  }

  /// Contents of several checkpoints, so of packs of several tokens.
  @Test
  void what_came_together_over_several_saves_is_copied_into_packs_of_one_token() throws Exception {
    Saved last = box.save();
    for (long token = 8; token < 12; token++) {
      box.write("f" + token, Sandbox.noise(10 * Sandbox.CHUNK, token));
      last =
          box.repository.save(
              Sandbox.JOB, token, last.manifest(), Subject.of(box.scan()), Meter.NONE);
    }
    assertThat(last.packs()).hasSizeGreaterThan(4);
    assertCopied(last);
  }

  @Test
  void a_large_file_is_copied_over_several_packs() {
    box.write("f", Sandbox.noise(150 * 1024 * 1024, 1));
    assertThat(assertCopied(box.save()).packs()).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void a_file_of_zeros_still_costs_one_chunk_and_one_group() throws IOException {
    try (var file = new RandomAccessFile(box.source.resolve("sparse").toFile(), "rw")) {
      file.setLength(1300L * Sandbox.CHUNK + 5);
    }
    assertThat(assertCopied(box.save()).storedBytes()).isLessThan(80_000);
  }

  @Test
  void nothing_at_all_is_copied_too() {
    assertCopied(box.save());
  }

  /// Whoever copies without compression does not blow up what was compressed.
  @Test
  void chunks_stay_as_they_are_stored() {
    box.write("text", "words ".repeat(500_000).getBytes(StandardCharsets.UTF_8));
    Saved saved = box.save();
    Saved copy =
        box.repository(box.disk, Compression.NONE)
            .copy(Sandbox.JOB, saved.manifest(), OTHER, TOKEN, Meter.NONE);
    assertThat(copy.storedBytes()).isLessThan(saved.storedBytes() + 10_000);
  }

  @Test
  void every_flipped_byte_is_told_or_harmless() throws Exception {
    writeTree();
    Saved saved = box.save();
    Map<String, String> expected = Sandbox.describe(box.source);
    int told = 0;
    for (String pack : box.packObjects()) {
      byte[] whole = box.object(pack);
      for (int at = 20; at < whole.length; at += 40_009) {
        byte[] damaged = whole.clone();
        damaged[at] ^= 4;
        box.putObject(pack, damaged);
        try {
          Saved copy = copy(saved);
          Path target = root.resolve("copy-" + box.env.randomHex(4));
          box.repository.restore(OTHER, copy.manifest(), target, Restore.all(), Meter.NONE);
          assertThat(Sandbox.describe(target)).isEqualTo(expected);
        } catch (CairnException.Corrupt e) {
          told++;
          assertThat(e).hasMessageContaining("of job train-1 cannot be read back: pack ");
          assertThat(e).hasMessageContaining(pack.substring(pack.lastIndexOf('/') + 1));
        }
      }
      box.putObject(pack, whole);
    }
    assertThat(told).isGreaterThan(20);
  }

  @Test
  void a_pack_that_is_gone_is_told() {
    box.write("f", Sandbox.noise(20 * Sandbox.CHUNK, 1));
    Saved saved = box.save();
    box.write("g", new byte[10]);
    Saved next = box.save(saved.manifest());
    String lost =
        next.packs().stream().filter(pack -> !pack.equals(next.manifest().pack())).toList().get(0);
    box.blobs.delete("jobs/train-1/packs/" + lost);
    assertThatThrownBy(() -> copy(next))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessage("f of job train-1 cannot be read back: pack " + lost + " is missing");
  }

  @Test
  void a_late_deleter_with_an_older_token_hits_nothing_of_it() {
    box.write("f", Sandbox.noise(100_000, 1));
    Saved saved = box.save();
    Saved copy = copy(saved);
    box.repository.sweep(OTHER, TOKEN - 1, Set.of());
    assertThat(box.repository.verify(OTHER, copy.manifest(), Meter.NONE).isWhole()).isTrue();
  }

  @Test
  void progress_is_told_in_bytes() {
    box.write("a", Sandbox.noise(10_000_000, 1));
    box.write("b", new byte[5]);
    Saved saved = box.save();
    var totals = new java.util.ArrayList<Long>();
    var moved = new java.util.concurrent.atomic.AtomicLong();
    var meter =
        new Meter() {
          @Override
          public void total(long bytes) {
            totals.add(bytes);
          }

          @Override
          public void moved(long bytes) {
            moved.addAndGet(bytes);
          }
        };
    box.repository.copy(Sandbox.JOB, saved.manifest(), OTHER, TOKEN, meter);
    assertThat(totals).isEqualTo(List.of(10_000_005L));
    assertThat(moved).hasValue(10_000_005L);
  }
}
