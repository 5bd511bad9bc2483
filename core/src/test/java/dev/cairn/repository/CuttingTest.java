package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Storing;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How files are cut from one save to the next.
final class CuttingTest {
  private static final int MIB = 1 << 20;
  private static final int BY_CONTENT = Manifest.BY_CONTENT;

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private int chunkBytes(Saved saved) {
    return contents(saved).chunkBytes();
  }

  private Contents contents(Saved saved) {
    return Objects.requireNonNull(box.manifest(saved).entries().getFirst().contents());
  }

  private static byte[] join(byte[]... parts) {
    var all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(part -> part.length).sum());
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  private Repository chunks(int bytes) {
    return box.repository.storing(
        Storing.DEFAULTS.with(Repository.Compression.NONE).withChunkBytes(bytes));
  }

  private Saved save(byte[] bytes, Saved parent) {
    return save(chunks(Manifest.CHUNK_BYTES), bytes, parent);
  }

  private Saved save(Repository with, byte[] bytes, Saved parent) {
    box.write("f", bytes);
    Saved saved = box.save(with, parent.manifest());
    assertComesBack(saved);
    return saved;
  }

  private Saved first(byte[] bytes) {
    box.write("f", bytes);
    return box.save(chunks(Manifest.CHUNK_BYTES), null);
  }

  private void assertComesBack(Saved saved) {
    assertThat(Sandbox.describe(box.restore(saved))).isEqualTo(Sandbox.describe(box.source));
  }

  @ParameterizedTest
  @ValueSource(ints = {Manifest.SMALL_CHUNK_BYTES, Manifest.CHUNK_BYTES})
  void contents_that_moved_are_cut_by_content_from_then_on(int chunkBytes) {
    Repository with = chunks(chunkBytes);
    byte[] bytes = Sandbox.noise(16 * MIB, 1);
    box.write("f", bytes);
    Saved first = box.save(with, null);
    assertThat(chunkBytes(first)).isEqualTo(chunkBytes);
    byte[] once = join(Sandbox.noise(1_000, 2), bytes);
    Saved second = save(with, once, first);
    assertThat(chunkBytes(second)).isEqualTo(BY_CONTENT);
    assertThat(contents(second).chunks())
        .isBetween(16L * MIB / chunkBytes / 2, 32L * MIB / chunkBytes);
    byte[] twice = join(once, new byte[0]);
    System.arraycopy(Sandbox.noise(9, 4), 0, twice, 10 * MIB, 9);
    twice = join(Sandbox.noise(77_777, 3), twice);
    Saved third = save(with, twice, second);
    assertThat(chunkBytes(third)).isEqualTo(BY_CONTENT);
    assertThat(third.newBytes()).isBetween(77_777L, 77_777L + 5L * chunkBytes * 2);
    Saved fourth = save(with, join(twice, new byte[] {1}), third);
    assertThat(fourth.newBytes()).isLessThanOrEqualTo(4L * chunkBytes + 1);
  }

  @Test
  void contents_that_have_nothing_in_common_go_back_to_the_grid() {
    byte[] bytes = Sandbox.noise(5 * MIB, 1);
    Saved second = save(join(new byte[1], bytes), first(bytes));
    assertThat(chunkBytes(second)).isEqualTo(BY_CONTENT);
    Saved third = save(Sandbox.noise(5 * MIB, 2), second);
    assertThat(chunkBytes(third)).isEqualTo(Manifest.CHUNK_BYTES);
  }

  @Test
  void an_insertion_in_the_middle_and_one_that_is_taken_out_are_moves() {
    byte[] bytes = Sandbox.noise(16 * MIB, 1);
    byte[] head = Arrays.copyOf(bytes, 2 * MIB);
    byte[] tail = Arrays.copyOfRange(bytes, 2 * MIB, bytes.length);
    Saved first = first(bytes);
    assertThat(chunkBytes(save(join(head, Sandbox.noise(5, 2), tail), first)))
        .isEqualTo(BY_CONTENT);
    byte[] without = join(head, Arrays.copyOfRange(tail, 100_001, tail.length));
    assertThat(chunkBytes(save(without, first))).isEqualTo(BY_CONTENT);
  }

  @Test
  void what_was_inserted_may_be_larger_than_what_is_looked_at() {
    byte[] bytes = Sandbox.noise(16 * MIB, 1);
    byte[] moved = join(Sandbox.noise(11 * MIB + 123, 2), bytes);
    Saved second = save(moved, first(bytes));
    assertThat(chunkBytes(second)).isEqualTo(BY_CONTENT);
    Saved third = save(join(moved, new byte[9]), second);
    assertThat(third.newBytes()).isLessThan(2 * MIB);
  }

  @Test
  void a_file_that_grows_at_its_end_stays_on_the_grid() {
    byte[] bytes = Sandbox.noise(16 * MIB + 5, 1);
    Saved second = save(join(bytes, Sandbox.noise(100_000, 2)), first(bytes));
    assertThat(chunkBytes(second)).isEqualTo(Manifest.CHUNK_BYTES);
    assertThat(second.newBytes()).isEqualTo(5 + 100_000);
  }

  @Test
  void a_file_that_is_cut_off_stays_on_the_grid() {
    byte[] bytes = Sandbox.noise(16 * MIB, 1);
    for (int left : new int[] {0, 1, 4 * MIB - 1, 4 * MIB, 9 * MIB + 1}) {
      Saved second = save(Arrays.copyOf(bytes, left), first(bytes));
      assertThat(chunkBytes(second)).isEqualTo(Manifest.CHUNK_BYTES);
      assertThat(second.newBytes()).isLessThan(Manifest.CHUNK_BYTES);
    }
  }

  @Test
  void other_contents_of_another_length_stay_on_the_grid() {
    Saved second = save(Sandbox.noise(16 * MIB + 5, 2), first(Sandbox.noise(16 * MIB, 1)));
    assertThat(chunkBytes(second)).isEqualTo(Manifest.CHUNK_BYTES);
  }

  @Test
  void contents_that_moved_within_the_same_length_stay_on_the_grid() {
    byte[] bytes = Sandbox.noise(8 * MIB, 1);
    byte[] moved = join(new byte[1], Arrays.copyOf(bytes, bytes.length - 1));
    assertThat(chunkBytes(save(moved, first(bytes)))).isEqualTo(Manifest.CHUNK_BYTES);
  }

  @Test
  void small_files_stay_on_the_grid_whatever_moves() {
    byte[] bytes = Sandbox.noise(4 * MIB - 1, 1);
    assertThat(chunkBytes(save(join(new byte[1], bytes), first(bytes))))
        .isEqualTo(Manifest.CHUNK_BYTES);
  }

  @Test
  void a_parent_that_is_damaged_is_not_compared() {
    byte[] bytes = Sandbox.noise(16 * MIB, 1);
    Saved first = first(bytes);
    String pack =
        box.packObjects().stream()
            .max(Comparator.comparingInt(name -> box.object(name).length))
            .orElseThrow();
    byte[] stored = box.object(pack);
    for (int at = 4096; at < 16 * MIB; at += 50_000) {
      stored[at]++;
    }
    box.putObject(pack, stored);
    Saved second = save(join(new byte[] {1}, bytes), first);
    assertThat(chunkBytes(second)).isEqualTo(Manifest.CHUNK_BYTES);
    assertThat(box.verify(second).isWhole()).isTrue();
  }
}
