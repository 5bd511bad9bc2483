package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RoundTripTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private Saved assertComesBack() {
    return assertComesBack(box.repository);
  }

  private Saved assertComesBack(Repository repository) {
    Saved saved = box.save(repository, null);
    assertThat(Sandbox.describe(box.restore(saved))).isEqualTo(Sandbox.describe(box.source));
    assertThat(box.verify(saved).damaged()).isEmpty();
    assertThat(box.verify(saved).checked()).isEqualTo(box.verify(saved).all());
    assertThat(saved.packs()).isEqualTo(box.repository.packs(Sandbox.JOB, saved.manifest()));
    return saved;
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0,
        1,
        4095,
        4096,
        Sandbox.CHUNK - 1,
        Sandbox.CHUNK,
        Sandbox.CHUNK + 1,
        8 * Sandbox.CHUNK,
        8 * Sandbox.CHUNK + 1,
        16 * Sandbox.CHUNK,
        16 * Sandbox.CHUNK + 1,
        40 * Sandbox.CHUNK - 1
      })
  void a_file_of_any_size_comes_back(int size) {
    box.write("f", Sandbox.noise(size, size));
    Saved saved = assertComesBack();
    assertThat(saved.files()).isEqualTo(1);
    assertThat(saved.sizeBytes()).isEqualTo(size);
    assertThat(saved.newBytes()).isEqualTo(size);
  }

  @Test
  void a_large_file_spans_several_packs() {
    box.write("f", Sandbox.noise(150 * 1024 * 1024, 1));
    Saved saved = assertComesBack();
    assertThat(saved.packs()).hasSizeGreaterThanOrEqualTo(4);
    for (String pack : box.packObjects()) {
      assertThat(box.object(pack).length).isLessThanOrEqualTo(Pack.FULL_BYTES);
    }
  }

  @Test
  void a_file_of_zeros_costs_one_chunk_and_one_group() throws IOException {
    long size = 1300L * Sandbox.CHUNK + 5;
    try (var file = new RandomAccessFile(box.source.resolve("sparse").toFile(), "rw")) {
      file.setLength(size);
    }
    Saved saved = assertComesBack();
    assertThat(saved.sizeBytes()).isEqualTo(size);
    assertThat(saved.newBytes()).isEqualTo(Sandbox.CHUNK + 5);
    assertThat(saved.storedBytes()).isLessThan(80_000);
  }

  @Test
  void many_small_files_share_one_pack() {
    for (int i = 0; i < 500; i++) {
      box.write("d" + i % 7 + "/f" + i, Sandbox.noise(i, i));
    }
    Saved saved = assertComesBack();
    assertThat(saved.packs()).hasSize(1);
    assertThat(saved.files()).isEqualTo(500);
  }

  @Test
  void deep_directories_come_back() {
    box.write("d/".repeat(400) + "f", new byte[3]);
    assertComesBack();
  }

  @Test
  void strange_names_come_back() {
    for (String name :
        List.of(
            "new\nline",
            "tab\t",
            " ",
            "ü",
            "\ud83d\ude80",
            "\u202e",
            "a\\b",
            "-rf",
            "~",
            "*",
            "...")) {
      box.write(name, name.getBytes(StandardCharsets.UTF_8));
    }
    assertComesBack();
  }

  @Test
  void links_and_empty_directories_come_back() throws IOException {
    Sandbox.directory(box.source.resolve("empty/inner"));
    Files.createSymbolicLink(box.source.resolve("abs"), Path.of("/no/where"));
    Files.createSymbolicLink(box.source.resolve("up"), Path.of("../../none"));
    Files.createSymbolicLink(box.source.resolve("dangling"), Path.of("nö\nwhere"));
    Files.createSymbolicLink(box.source.resolve("dir"), Path.of("empty"));
    assertComesBack();
  }

  @Test
  void an_empty_directory_is_a_checkpoint_too() {
    Saved saved = assertComesBack();
    assertThat(saved.files()).isZero();
  }

  @Test
  void directories_with_the_shortest_names_come_back() {
    for (String name : List.of("a", "b", "c")) {
      Sandbox.directory(box.source.resolve(name));
      assertComesBack();
    }
  }

  @Test
  void modes_and_times_come_back_to_the_nanosecond() throws IOException {
    var times =
        List.of(
            Instant.parse("2026-11-21T12:00:00.123456789Z"),
            Instant.parse("1901-12-14T00:00:00.000000001Z"),
            Instant.EPOCH,
            Instant.parse("2106-02-07T06:28:16Z"));
    int i = 0;
    for (int mode : new int[] {0400, 0444, 0644, 0755, 04711, 0600}) {
      Path file = box.write("f" + mode, new byte[10]);
      box.disk.setAttributes(file, mode, times.get(i++ % times.size()));
    }
    box.write("d/e/f", new byte[1]);
    box.disk.setAttributes(box.source.resolve("d/e"), 0555, times.get(0));
    box.disk.setAttributes(box.source.resolve("d"), 0750, times.get(1));
    Saved saved = box.save();
    assertThat(Sandbox.describe(box.restore(saved))).isEqualTo(Sandbox.describe(box.source));
  }

  @Test
  void hard_links_come_back_as_files_and_cost_nothing() throws IOException {
    Path file = box.write("a", Sandbox.noise(100_000, 1));
    Files.createLink(box.source.resolve("b"), file);
    Saved saved = assertComesBack();
    assertThat(saved.sizeBytes()).isEqualTo(200_000);
    assertThat(saved.newBytes()).isEqualTo(100_000);
  }

  @Test
  void contents_that_compress_are_stored_smaller_and_come_back() {
    box.write("text", "All work and no play. ".repeat(400_000).getBytes(StandardCharsets.UTF_8));
    box.write(
        "small", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(10).getBytes(StandardCharsets.UTF_8));
    var mixed = Sandbox.noise(5 * Sandbox.CHUNK, 1);
    java.util.Arrays.fill(mixed, Sandbox.CHUNK, 4 * Sandbox.CHUNK, (byte) 'x');
    box.write("mixed", mixed);
    Saved saved = assertComesBack();
    assertThat(saved.storedBytes()).isLessThan(saved.sizeBytes() / 3);
  }

  @Test
  void nothing_is_compressed_where_that_is_not_wanted() {
    String numbers =
        IntStream.range(0, 1_000_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
    box.write("text", numbers.getBytes(StandardCharsets.UTF_8));
    Saved saved = assertComesBack(box.repository(box.disk, Compression.NONE));
    assertThat(saved.storedBytes()).isGreaterThan(saved.sizeBytes());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20_000, 9 * Sandbox.CHUNK, 70 * 1024 * 1024})
  void a_large_state_comes_back(int size) throws Changed {
    byte[] state = Sandbox.noise(size, 3);
    box.write("f", new byte[10]);
    Saved saved =
        box.repository.save(
            Sandbox.JOB,
            1,
            null,
            new Subject(box.scan(), List.of(), Optional.of(ByteBuffer.wrap(state))),
            Meter.NONE);
    assertThat(box.repository.state(Sandbox.JOB, saved.manifest())).hasValue(state);
    assertThat(box.manifest(saved).entries()).extracting(Manifest.Entry::path).containsExactly("f");
    assertThat(saved.sizeBytes()).isEqualTo(size + 10);
    assertThat(box.verify(saved).bytesRead()).isEqualTo(size + 10);
    assertThat(Sandbox.describe(box.restore(saved))).isEqualTo(Sandbox.describe(box.source));
  }

  @Test
  void a_state_without_files_comes_back() throws Changed {
    Saved saved =
        box.repository.save(
            Sandbox.JOB,
            1,
            null,
            new Subject(FileTree.EMPTY, List.of(), Optional.of(ByteBuffer.allocate(40_000))),
            Meter.NONE);
    assertThat(box.repository.state(Sandbox.JOB, saved.manifest())).hasValue(new byte[40_000]);
    assertThat(box.repository.state(Sandbox.JOB, box.save().manifest())).isEmpty();
  }

  @Test
  void a_manifest_tells_what_it_holds() throws IOException {
    box.write("d/f", new byte[0]);
    Files.createSymbolicLink(box.source.resolve("l"), Path.of("d"));
    List<Manifest.Entry> entries = box.manifest(box.save()).entries();
    assertThat(entries).extracting(Manifest.Entry::path).containsExactly("d", "d/f", "l");
    assertThat(entries)
        .extracting(Manifest.Entry::type)
        .containsExactly("directory", "file", "symlink");
    assertThat(entries.get(1).rootHex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(entries.get(0).rootHex()).isNull();
    assertThat(entries.get(2).target()).isEqualTo("d");
  }

  @Test
  void progress_is_told_in_bytes() throws Changed {
    box.write("a", Sandbox.noise(10_000_000, 1));
    box.write("b", new byte[5]);
    var save = new Counter();
    Saved saved = box.repository.save(Sandbox.JOB, 1, null, Subject.of(box.scan()), save);
    var verify = new Counter();
    box.repository.verify(Sandbox.JOB, saved.manifest(), verify);
    var restore = new Counter();
    box.repository.restore(
        Sandbox.JOB, saved.manifest(), root.resolve("t"), Restore.all(), restore);
    for (Counter counter : List.of(save, verify, restore)) {
      assertThat(counter.totals).containsExactly(10_000_005L);
      assertThat(counter.moved).isEqualTo(10_000_005L);
    }
  }

  private static final class Counter implements Meter {
    private final List<Long> totals = new ArrayList<>();
    private long moved;

    @Override
    public void total(long bytes) {
      totals.add(bytes);
    }

    @Override
    public synchronized void moved(long bytes) {
      moved += bytes;
    }
  }
}
