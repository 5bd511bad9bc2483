package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RestoreTest {
  private @TempDir Path root;
  private Sandbox box;
  private Path target = Path.of("");

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
    target = root.resolve("target");
  }

  private void restore(Saved saved, Restore options) {
    box.repository.restore(Sandbox.JOB, saved.manifest(), target, options, Meter.NONE);
  }

  private FileStat stat(Path path) {
    return box.disk.stat(path).orElseThrow();
  }

  @Test
  void the_target_may_be_an_empty_directory_or_missing_with_its_parents() throws IOException {
    box.write("f", new byte[3]);
    Saved saved = box.save();
    target = root.resolve("x/y/z");
    restore(saved, Restore.all());
    assertThat(target.resolve("f")).hasSize(3);
    target = Files.createDirectory(root.resolve("empty"));
    restore(saved, Restore.all());
    assertThat(target.resolve("f")).hasSize(3);
  }

  @Test
  void nothing_is_written_where_something_stands() throws IOException {
    box.write("f", new byte[3]);
    Saved saved = box.save();
    Files.createDirectory(target);
    Files.write(target.resolve("mine"), new byte[1]);
    assertThatThrownBy(() -> restore(saved, Restore.all()))
        .isInstanceOf(CairnException.Conflict.class)
        .hasMessageContaining("is not empty");
    assertThat(Sandbox.describe(target)).containsOnlyKeys("mine");
    target = Files.createSymbolicLink(root.resolve("link"), box.source);
    assertThatThrownBy(() -> restore(saved, Restore.all()))
        .isInstanceOf(CairnException.Invalid.class);
  }

  @Test
  void only_wanted_paths_and_their_directories_come_back() {
    box.write("a/b/c", new byte[1]);
    box.write("a/d", new byte[2]);
    box.write("e/f", new byte[3]);
    box.disk.setAttributes(box.source.resolve("a"), 0710, Instant.EPOCH);
    Saved saved = box.save();
    restore(saved, Restore.all().only("a/b/c"::equals));
    var expected = Sandbox.describe(box.source);
    expected.keySet().removeIf(path -> path.startsWith("e") || path.equals("a/d"));
    assertThat(Sandbox.describe(target)).isEqualTo(expected);
  }

  @Test
  void a_local_file_that_is_right_is_linked() {
    box.write("same", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    box.write("d/other", Sandbox.noise(1000, 2));
    Saved saved = box.save();
    var expected = Sandbox.describe(box.source);
    box.disk.setAttributes(box.source.resolve("same"), 0600, Instant.EPOCH);
    restore(saved, Restore.all().reusing(box.source));
    assertThat(stat(target.resolve("same")).inode())
        .isEqualTo(stat(box.source.resolve("same")).inode());
    assertThat(stat(target.resolve("d/other")).inode())
        .isEqualTo(stat(box.source.resolve("d/other")).inode());
    assertThat(Sandbox.describe(target)).isEqualTo(expected);
  }

  @Test
  void a_linked_file_needs_no_pack() {
    box.write("f", Sandbox.noise(2 * Sandbox.CHUNK, 1));
    Saved first = box.save();
    box.write("empty", new byte[0]);
    Saved second = box.save(first.manifest());
    first.packs().forEach(pack -> box.blobs.delete("jobs/train-1/packs/" + pack));
    restore(second, Restore.all().reusing(box.source));
    assertThat(Sandbox.describe(target)).isEqualTo(Sandbox.describe(box.source));
  }

  @Test
  void a_local_file_that_is_not_exactly_right_is_fetched() throws IOException {
    byte[] contents = Sandbox.noise(9 * Sandbox.CHUNK, 1);
    for (String name : new String[] {"flipped", "longer", "shared", "linked", "d/behind"}) {
      box.write(name, contents);
    }
    Saved saved = box.save();
    var expected = Sandbox.describe(box.source);
    byte[] flipped = contents.clone();
    flipped[flipped.length - 1] ^= 1;
    box.write("flipped", flipped);
    box.write("longer", java.util.Arrays.copyOf(contents, contents.length + 1));
    Files.createLink(root.resolve("another"), box.source.resolve("shared"));
    Files.move(box.source.resolve("linked"), root.resolve("elsewhere"));
    Files.createSymbolicLink(box.source.resolve("linked"), root.resolve("elsewhere"));
    Files.move(box.source.resolve("d"), root.resolve("d"));
    Files.createSymbolicLink(box.source.resolve("d"), root.resolve("d"));
    restore(saved, Restore.all().reusing(box.source));
    assertThat(Sandbox.describe(target)).isEqualTo(expected);
    assertThat(Files.readAllBytes(box.source.resolve("flipped"))).isEqualTo(flipped);
    for (String name : new String[] {"flipped", "longer", "shared", "linked", "d/behind"}) {
      assertThat(stat(target.resolve(name)).links()).as(name).isEqualTo(1);
    }
  }

  @Test
  void a_directory_to_reuse_that_does_not_exist_does_not_matter() {
    box.write("f", new byte[3]);
    restore(box.save(), Restore.all().reusing(root.resolve("nowhere")));
    assertThat(target.resolve("f")).hasSize(3);
  }

  @Test
  void a_failed_restore_leaves_what_it_reused_alone() {
    box.write("a", Sandbox.noise(1000, 1));
    box.write("b", Sandbox.noise(1000, 2));
    Saved saved = box.save();
    byte[] changed = Sandbox.noise(1000, 3);
    box.write("b", changed);
    String pack = box.packObjects().getFirst();
    byte[] bytes = box.object(pack);
    for (int at = 16; at < 2016; at++) {
      bytes[at]++;
    }
    box.putObject(pack, bytes);
    assertThatThrownBy(() -> restore(saved, Restore.all().reusing(box.source)))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageStartingWith("b of job train-1 cannot be read back: ");
    assertThat(target).doesNotExist();
    assertThat(box.source.resolve("a")).hasBinaryContent(Sandbox.noise(1000, 1));
    assertThat(box.source.resolve("b")).hasBinaryContent(changed);
  }
}
