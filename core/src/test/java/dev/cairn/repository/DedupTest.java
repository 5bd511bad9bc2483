package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Storing;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DedupTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private void overwrite(String path, long offset, byte[] bytes) throws IOException {
    try (var file = new RandomAccessFile(box.source.resolve(path).toFile(), "rw")) {
      file.seek(offset);
      file.write(bytes);
    }
  }

  private Contents contents(Saved saved, String path) {
    return box.manifest(saved).entries().stream()
        .filter(entry -> entry.path().equals(path))
        .map(entry -> Objects.requireNonNull(entry.contents()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_second_save_stores_only_changed_chunks() throws IOException {
    box.write("f", Sandbox.noise(6 * Sandbox.CHUNK, 1));
    box.write("g", Sandbox.noise(100, 2));
    Saved first = box.save();
    overwrite("f", 3 * Sandbox.CHUNK + 7, new byte[] {1, 2, 3});
    Saved second = box.save(first.manifest());
    assertThat(second.newBytes()).isEqualTo(Sandbox.CHUNK);
    assertThat(second.storedBytes()).isLessThan(Sandbox.CHUNK + 8192);
    assertThat(second.packs()).containsAll(first.packs()).hasSize(2);
    assertThat(Sandbox.describe(box.restore(second))).isEqualTo(Sandbox.describe(box.source));
    assertThat(box.verify(second).damaged()).isEmpty();
  }

  @Test
  void contents_that_moved_to_another_file_are_found_again() throws IOException {
    box.write("epoch-1.pt", Sandbox.noise(3_000_000, 1));
    Saved first = box.save();
    Files.move(box.source.resolve("epoch-1.pt"), box.source.resolve("best.pt"));
    assertThat(box.save(first.manifest()).newBytes()).isZero();
  }

  @Test
  void without_a_parent_everything_is_stored_anew() {
    box.write("f", Sandbox.noise(1_000_000, 1));
    box.save();
    assertThat(box.save().newBytes()).isEqualTo(1_000_000);
  }

  @Test
  void unchanged_groups_of_chunks_cost_nothing() throws IOException {
    int chunks = 2 * LeafGroup.CHUNKS + 10;
    box.write("f", Sandbox.noise(20 * Sandbox.CHUNK, 1));
    overwrite("f", (long) chunks * Sandbox.CHUNK - 1, new byte[1]);
    Saved first = box.save();
    assertThat(contents(first, "f").refs()).hasSize(3);
    overwrite("f", 5, new byte[] {42});
    Saved second = box.save(first.manifest());
    Contents before = contents(first, "f");
    Contents after = contents(second, "f");
    assertThat(after.refs().get(0).sha256()).isNotEqualTo(before.refs().get(0).sha256());
    for (int group : new int[] {1, 2}) {
      assertThat(after.refs().get(group).sha256()).isEqualTo(before.refs().get(group).sha256());
      assertThat(after.refs().get(group).offset()).isEqualTo(before.refs().get(group).offset());
    }
    assertThat(second.newBytes()).isEqualTo(Sandbox.CHUNK);
    assertThat(Sandbox.describe(box.restore(second))).isEqualTo(Sandbox.describe(box.source));
  }

  @Test
  void a_save_of_what_has_not_changed_stores_nothing() {
    box.write("d/f", Sandbox.noise(40 * Sandbox.CHUNK, 1));
    Saved first = box.save();
    for (boolean paranoid : new boolean[] {false, true}) {
      Repository again = box.repository.storing(Storing.DEFAULTS.withParanoid(paranoid));
      Saved second = box.save(again, first.manifest());
      assertThat(second.newBytes()).isZero();
      assertThat(second.storedBytes()).isZero();
      assertThat(second.manifest()).isEqualTo(first.manifest());
      assertThat(second.packs()).isEqualTo(first.packs());
      assertThat(Sandbox.describe(box.restore(second))).isEqualTo(Sandbox.describe(box.source));
    }
  }

  @Test
  void the_same_tree_over_the_same_chunks_has_the_same_manifest() {
    box.write("a", Sandbox.noise(20 * Sandbox.CHUNK, 1));
    box.write("b/c", Sandbox.noise(70 * 1024 * 1024, 2));
    Saved first = box.save();
    box.write("new", new byte[0]);
    Saved one = box.save(first.manifest());
    Saved other = box.save(first.manifest());
    assertThat(one.manifest().sha256()).isEqualTo(other.manifest().sha256());
    assertThat(one.manifest().pack()).isNotEqualTo(other.manifest().pack());
  }

  @Test
  void a_parent_that_is_damaged_costs_space_and_nothing_else() {
    box.write("f", Sandbox.noise(1_000_000, 1));
    Saved first = box.save();
    String pack = box.packObjects().getFirst();
    byte[] bytes = box.object(pack);
    bytes[(int) first.manifest().offset()]++;
    box.putObject(pack, bytes);
    Saved second = box.save(first.manifest());
    assertThat(second.newBytes()).isEqualTo(1_000_000);
    assertThat(second.packs()).doesNotContainAnyElementsOf(first.packs());
    assertThat(box.verify(second).damaged()).isEmpty();
  }

  @Test
  void chunks_of_a_pack_that_is_gone_are_stored_again() {
    box.write("f", Sandbox.noise(1_000_000, 1));
    Saved first = box.save();
    box.write("g", Sandbox.noise(1_000_000, 2));
    Saved second = box.save(first.manifest());
    first.packs().forEach(pack -> box.blobs.delete("jobs/train-1/packs/" + pack));
    Saved third = box.save(second.manifest());
    assertThat(third.newBytes()).isEqualTo(1_000_000);
    assertThat(third.packs()).doesNotContainAnyElementsOf(first.packs());
    assertThat(box.verify(third).damaged()).isEmpty();
  }

  @Test
  void chunks_of_a_pack_that_was_cut_off_are_stored_again() {
    box.write("f", Sandbox.noise(1_000_000, 1));
    Saved first = box.save();
    box.write("g", Sandbox.noise(1_000_000, 2));
    Saved second = box.save(first.manifest());
    String cut = "jobs/train-1/packs/" + first.packs().iterator().next();
    box.putObject(cut, java.util.Arrays.copyOf(box.object(cut), 600_000));
    Saved third = box.save(second.manifest());
    assertThat(third.newBytes()).isBetween(1L, 999_999L);
    assertThat(Sandbox.describe(box.restore(third))).isEqualTo(Sandbox.describe(box.source));
  }

  @Test
  void a_manifest_that_cannot_be_read_is_not_used_again() {
    Saved first = box.save();
    Saved second = box.save(first.manifest());
    assertThat(second.storedBytes()).isZero();
    second.packs().forEach(pack -> box.blobs.delete("jobs/train-1/packs/" + pack));
    Saved third = box.save(second.manifest());
    assertThat(third.packs()).doesNotContainAnyElementsOf(second.packs());
    assertThat(box.verify(third).damaged()).isEmpty();
  }
}
