package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Restored;
import dev.cairn.repository.Repository.Saved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Restores over what is there.
final class OverTest {
  private static final int LARGE = 20 * Sandbox.CHUNK + 77;

  private @TempDir Path root;
  private Sandbox box;
  private WriteCount disk;
  private Repository repository;
  private Path target = Path.of("");
  private Path beside = Path.of("");
  private final AtomicInteger begun = new AtomicInteger();

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
    disk = new WriteCount(box.disk);
    repository = box.repository(disk, Compression.AUTO);
    target = root.resolve("target");
    beside = Sandbox.directory(root.resolve("beside"));
  }

  private Restored restore(Saved saved, Restore.Onto onto) {
    disk.clear();
    return repository.restore(
        Sandbox.JOB, saved.manifest(), target, Restore.all().onto(onto), Meter.NONE);
  }

  private Restored over(Saved saved) {
    return restore(saved, new Restore.Onto.Others(beside, begun::incrementAndGet));
  }

  private Restored overOurs(Saved saved) {
    return restore(saved, new Restore.Onto.Ours());
  }

  /// A tree of a large file, small ones, a link and directories, restored once.
  private Saved restoredOnce() {
    box.write("large", Sandbox.noise(LARGE, 1));
    box.write("d/small", Sandbox.noise(1000, 2));
    box.write("d/empty", new byte[0]);
    box.disk.symlink(box.source.resolve("link"), "d/small");
    box.disk.setAttributes(box.source.resolve("d"), 0750, Instant.parse("2026-01-02T03:04:05Z"));
    Saved saved = box.save();
    repository.restore(Sandbox.JOB, saved.manifest(), target, Restore.all(), Meter.NONE);
    return saved;
  }

  private void assertRestored() {
    assertThat(Sandbox.describe(target)).isEqualTo(Sandbox.describe(box.source));
    assertThat(beside).isEmptyDirectory();
  }

  private FileStat stat(String path) {
    return box.disk.stat(target.resolve(path)).orElseThrow();
  }

  private static void spoil(Path file, long... positions) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (long position : positions) {
      bytes[(int) position] ^= 1;
    }
    Files.write(file, bytes);
  }

  @Test
  void what_is_right_is_not_written() {
    Saved saved = restoredOnce();
    long inode = stat("large").inode();
    assertThat(over(saved).writtenBytes()).isZero();
    assertThat(disk.bytes()).isEmpty();
    assertThat(overOurs(saved).writtenBytes()).isZero();
    assertThat(disk.bytes()).isEmpty();
    assertThat(stat("large").inode()).isEqualTo(inode);
    assertRestored();
  }

  @Test
  void only_wrong_chunks_are_written_in_place() throws IOException {
    Saved saved = restoredOnce();
    long inode = stat("large").inode();
    spoil(target.resolve("large"), 3L * Sandbox.CHUNK, 17L * Sandbox.CHUNK + 5);
    Restored restored = over(saved);
    assertThat(restored.writtenBytes()).isEqualTo(2L * Sandbox.CHUNK);
    assertThat(disk.bytes()).isEqualTo(Map.of("large", 2L * Sandbox.CHUNK));
    assertThat(stat("large").inode()).isEqualTo(inode);
    assertRestored();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, Sandbox.CHUNK, 7 * Sandbox.CHUNK + 3, LARGE + 1, 2 * LARGE})
  void a_file_of_another_size_is_put_right(int size) throws IOException {
    Saved saved = restoredOnce();
    byte[] whole = Files.readAllBytes(target.resolve("large"));
    Files.write(target.resolve("large"), Arrays.copyOf(whole, size));
    Files.write(target.resolve("d/empty"), new byte[3]);
    Files.write(target.resolve("d/small"), new byte[5000]);
    int there = Math.min(size, LARGE) / Sandbox.CHUNK * Sandbox.CHUNK;
    int large = size >= LARGE ? 0 : LARGE - there;
    assertThat(over(saved).writtenBytes()).isEqualTo(1000L + large);
    assertRestored();
  }

  @Test
  void zeros_are_written_over_what_is_not_zero() throws IOException {
    box.write("zeros", new byte[LARGE]);
    Saved saved = box.save();
    Sandbox.directory(target);
    Files.write(target.resolve("zeros"), Sandbox.noise(LARGE, 1));
    over(saved);
    assertRestored();
  }

  @Test
  void a_new_sparse_file_is_stored_sparse() throws IOException {
    byte[] sparse = new byte[40 * Sandbox.CHUNK];
    sparse[21 * Sandbox.CHUNK] = 1;
    box.write("sparse", sparse);
    box.write("zeros", new byte[LARGE]);
    Saved saved = box.save();
    assertThat(overOurs(saved).writtenBytes()).isLessThan(2L * Sandbox.CHUNK);
    assertRestored();
  }

  @Test
  void what_the_checkpoint_does_not_name_is_left_alone_and_told() throws IOException {
    Saved saved = restoredOnce();
    Files.write(target.resolve("d/mine"), new byte[7]);
    Files.createDirectories(target.resolve("own/deep"));
    Files.createDirectories(target.resolve(".cairn-restoring"));
    var expected = Sandbox.describe(target);
    Restored restored = over(saved);
    assertThat(restored.extras()).isEqualTo(2);
    assertThat(restored.someExtras()).containsExactlyInAnyOrder("d/mine", "own");
    expected.put("d", Sandbox.describe(box.source).get("d"));
    assertThat(Sandbox.describe(target)).isEqualTo(expected);
  }

  @Test
  void a_file_with_other_names_is_replaced_and_they_keep_their_bytes() throws IOException {
    Saved saved = restoredOnce();
    byte[] other = Sandbox.noise(LARGE, 9);
    for (String name : new String[] {"large", "d/small"}) {
      Path file = target.resolve(name);
      Files.write(file, other);
      Files.createLink(root.resolve("other-" + file.getFileName()), file);
    }
    over(saved);
    assertRestored();
    assertThat(root.resolve("other-large")).hasBinaryContent(other);
    assertThat(root.resolve("other-small")).hasBinaryContent(other);
    assertThat(stat("large").links()).isEqualTo(1);
  }

  @Test
  void files_that_may_not_be_written_are_put_right_and_so_are_their_directories() throws Exception {
    Saved saved = restoredOnce();
    spoil(target.resolve("d/small"), 5);
    box.disk.setAttributes(target.resolve("d/small"), 0400, Instant.EPOCH);
    box.disk.setAttributes(target.resolve("d"), 0500, Instant.EPOCH);
    over(saved);
    assertRestored();
  }

  @Test
  void a_link_that_says_something_else_is_replaced() throws IOException {
    Saved saved = restoredOnce();
    Files.delete(target.resolve("link"));
    Path victim = Files.write(root.resolve("victim"), new byte[3]);
    Files.createSymbolicLink(target.resolve("link"), victim);
    over(saved);
    assertRestored();
    assertThat(victim).hasBinaryContent(new byte[3]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"large", "d/small", "d", "link"})
  void something_of_another_kind_is_named_and_nothing_is_changed(String name) throws IOException {
    Saved saved = restoredOnce();
    spoil(target.resolve("large"), 5);
    Path moved = root.resolve("moved");
    Files.move(target.resolve(name), moved);
    if (name.equals("link")) {
      Files.createDirectory(target.resolve(name));
    } else {
      Files.createSymbolicLink(target.resolve(name), moved);
    }
    var before = Sandbox.describe(root);
    assertThatThrownBy(() -> over(saved))
        .isInstanceOf(CairnException.Conflict.class)
        .hasMessageStartingWith(name + " is ");
    assertThat(Sandbox.describe(root)).isEqualTo(before);
    assertThat(begun).hasValue(0);
  }

  @Test
  void over_what_is_ours_all_that_does_not_belong_is_removed() throws IOException {
    Saved saved = restoredOnce();
    Path elsewhere = root.resolve("elsewhere");
    Files.move(target.resolve("d"), elsewhere);
    Files.createSymbolicLink(target.resolve("d"), elsewhere);
    byte[] shared = Files.readAllBytes(target.resolve("large"));
    shared[7] ^= 1;
    Files.write(target.resolve("large"), shared);
    Files.createLink(root.resolve("other"), target.resolve("large"));
    Files.createDirectories(target.resolve("own/deep"));
    Files.write(target.resolve("own/deep/f"), new byte[3]);
    box.disk.setAttributes(target.resolve("own"), 0, Instant.EPOCH);
    var kept = Sandbox.describe(elsewhere);
    overOurs(saved);
    assertRestored();
    assertThat(root.resolve("other")).hasBinaryContent(shared);
    assertThat(Sandbox.describe(elsewhere)).isEqualTo(kept);
  }

  @Test
  void no_wrong_byte_is_written_where_the_store_is_damaged() throws IOException {
    box.write("a", Sandbox.noise(1000, 1));
    box.write("b", Sandbox.noise(1000, 2));
    Saved saved = box.save();
    repository.restore(Sandbox.JOB, saved.manifest(), target, Restore.all(), Meter.NONE);
    byte[] mine = Sandbox.noise(1000, 3);
    Files.write(target.resolve("b"), mine);
    String pack = box.packObjects().getFirst();
    byte[] bytes = box.object(pack);
    for (int at = 16; at < 2016; at++) {
      bytes[at]++;
    }
    box.putObject(pack, bytes);
    assertThatThrownBy(() -> over(saved))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageStartingWith("b of job train-1 cannot be read back: ");
    assertThat(target.resolve("b")).hasBinaryContent(mine);
  }

  @Test
  void what_is_right_already_needs_no_pack() throws IOException {
    box.write("f", Sandbox.noise(2 * Sandbox.CHUNK, 1));
    Saved first = box.save();
    repository.restore(Sandbox.JOB, first.manifest(), target, Restore.all(), Meter.NONE);
    box.write("another", new byte[0]); // so that the list of files is stored anew
    Saved second = box.save(first.manifest());
    first.packs().forEach(pack -> box.blobs.delete("jobs/train-1/packs/" + pack));
    over(second);
    assertRestored();
  }

  @Test
  void a_checkpoint_that_names_our_mark_is_not_restored_in_place() {
    box.write(".cairn-restoring/holder-1", new byte[3]);
    Saved saved = box.save();
    Sandbox.directory(target);
    assertThatThrownBy(() -> over(saved)).isInstanceOf(CairnException.Conflict.class);
    overOurs(saved);
    assertRestored();
  }
}
