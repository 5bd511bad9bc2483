package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.RealDisk;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Manifest.Origin;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Storing;
import dev.cairn.repository.Repository.Subject;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which files are read again, on a real disk.
final class UnchangedTest {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.5Z");
  private static final Instant LATER = NOW.plus(Duration.ofHours(1));

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root, new AheadEnv(Duration.ofHours(1)));
  }

  /// Whether a save after `first` reads the contents of a file.
  private boolean reads(Saved first) {
    return reads(box.repository, first);
  }

  private boolean reads(Repository like, Saved first) {
    var read = new boolean[1];
    var hooked =
        new HookedDisk(new RealDisk(), HookedDisk.Moment.BEFORE_READ, () -> read[0] = true);
    Repository repository = new Repository(box.blobs, hooked, box.env);
    boolean paranoid = like != box.repository;
    Saved second =
        box.save(repository.storing(Storing.DEFAULTS.withParanoid(paranoid)), first.manifest());
    assertThat(Sandbox.describe(box.restore(second))).isEqualTo(Sandbox.describe(box.source));
    return read[0];
  }

  private Saved saveOne() {
    box.write("f", Sandbox.noise(10_000, 1));
    return box.save();
  }

  private Path file() {
    return box.source.resolve("f");
  }

  @Test
  void a_file_that_nobody_touched_is_not_read() {
    assertThat(reads(saveOne())).isFalse();
  }

  @Test
  void a_mapping_of_a_file_in_memory_is_saved() throws IOException {
    assumeTrue(Files.isWritable(MEMORY), "there is no file system in memory");
    Path here = Files.createTempDirectory(MEMORY, "cairn-unchanged-");
    try {
      Path file = Files.write(here.resolve("f"), Sandbox.noise(10_000, 1));
      try (var channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        MappedByteBuffer mapping = channel.map(FileChannel.MapMode.READ_WRITE, 0, 10_000);
        mapping.put(0, (byte) 1);
        mapping.force();
        Saved first = box.save(box.repository, 7, null, Subject.of(scan(here)));
        mapping.put(0, (byte) 2);
        mapping.force();
        Saved second = box.save(box.repository, 7, first.manifest(), Subject.of(scan(here)));
        assertThat(Files.readAllBytes(box.restore(second).resolve("f")))
            .isEqualTo(Files.readAllBytes(file));
      }
    } finally {
      Files.deleteIfExists(here.resolve("f"));
      Files.delete(here);
    }
  }

  private FileTree scan(Path directory) {
    return FileTree.scan(box.disk, directory, _ -> false);
  }

  @Test
  void the_clock_of_another_file_system_tells_nothing() {
    var original = new FileStat(FileKind.FILE, 1, 0644, NOW, NOW, 1, 1, 1);
    Instant later = NOW.plus(Unchanged.WRITTEN_BACK).plusSeconds(1);
    assertThat(
            Unchanged.isSettled(
                original, new FileStat(FileKind.FILE, 1, 0644, later, later, 1, 2, 1)))
        .isTrue();
    assertThat(
            Unchanged.isSettled(
                original, new FileStat(FileKind.FILE, 1, 0644, later, later, 2, 2, 1)))
        .isFalse();
  }

  @Test
  void whoever_wants_all_read_gets_all_read() {
    Repository paranoid = box.repository.storing(Storing.DEFAULTS.withParanoid(true));
    assertThat(reads(paranoid, saveOne())).isTrue();
  }

  @Test
  void whoever_wants_all_read_gets_stored_anew_what_is_damaged() {
    box.write("f", Sandbox.noise(3 * Sandbox.CHUNK, 1));
    Saved first = box.save();
    String pack = "jobs/train-1/packs/" + first.packs().iterator().next();
    byte[] bytes = box.object(pack);
    bytes[Sandbox.CHUNK + 8192]++;
    box.putObject(pack, bytes);
    Repository paranoid = box.repository.storing(Storing.DEFAULTS.withParanoid(true));
    Saved second = box.save(paranoid, first.manifest());
    assertThat(second.newBytes()).isEqualTo(Sandbox.CHUNK);
    assertThat(box.verify(second).isWhole()).isTrue();
    assertThat(Sandbox.describe(box.restore(second))).isEqualTo(Sandbox.describe(box.source));
    assertThat(box.verify(first).isWhole()).isFalse();
  }

  @Test
  void a_touch_is_a_reason_to_read() throws IOException {
    Saved first = saveOne();
    Files.setLastModifiedTime(file(), FileTime.from(NOW));
    assertThat(reads(first)).isTrue();
  }

  @Test
  void other_contents_under_the_same_size_and_time_are_saved() throws IOException {
    Saved first = saveOne();
    FileTime time = Files.getLastModifiedTime(file());
    Files.write(file(), Sandbox.noise(10_000, 2));
    Files.setLastModifiedTime(file(), time);
    assertThat(reads(first)).isTrue();
  }

  @Test
  void a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_saved() throws IOException {
    Saved first = saveOne();
    FileTime time = Files.getLastModifiedTime(file());
    Path other = Files.write(box.source.resolve("g"), Sandbox.noise(10_000, 2));
    Files.setLastModifiedTime(other, time);
    Files.move(other, file(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(reads(first)).isTrue();
  }

  @Test
  void a_file_of_another_name_is_read() throws IOException {
    Saved first = saveOne();
    Files.move(file(), box.source.resolve("g"));
    assertThat(reads(first)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5_000})
  void a_file_whose_pack_is_gone_or_too_short_is_stored_again(int left) {
    Saved first = saveOne();
    box.write("g", new byte[] {1});
    Saved second = box.save(first.manifest()); // its list of files is in another pack
    for (String pack : first.packs()) {
      String object = "jobs/train-1/packs/" + pack;
      byte[] bytes = box.object(object);
      box.blobs.delete(object);
      if (left > 0) {
        box.putObject(object, java.util.Arrays.copyOf(bytes, left));
      }
    }
    assertThat(reads(second)).isTrue();
    assertThat(box.save(second.manifest()).newBytes()).isEqualTo(10_000);
  }

  @Test
  void what_a_file_system_tells_in_whole_seconds_is_not_believed() {
    assertThat(origin(NOW)).isNotNull();
    assertThat(origin(Instant.parse("2026-01-01T00:00:00Z"))).isNull();
    assertThat(origin(NOW.plusNanos(1))).isNotNull();
  }

  private static @Nullable Origin origin(Instant changed) {
    return Unchanged.origin(stat(changed), LATER);
  }

  @Test
  void what_was_written_less_than_a_minute_ago_is_not_believed() {
    Instant old = NOW.plus(Unchanged.WRITTEN_BACK);
    assertThat(Unchanged.origin(stat(NOW), old)).isNull();
    assertThat(Unchanged.origin(stat(NOW), old.plusNanos(1))).isNotNull();
  }

  @Test
  void what_goes_on_in_a_mapping_that_nobody_flushes_is_saved() throws IOException {
    var now = new Sandbox(root.resolve("now"));
    Path file = now.write("f", Sandbox.noise(10_000, 1));
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer mapping = channel.map(FileChannel.MapMode.READ_WRITE, 0, 10_000);
      mapping.put(0, (byte) 1);
      Saved first = now.save();
      mapping.put(0, (byte) 2);
      Saved second = now.save(first.manifest());
      assertThat(Files.readAllBytes(now.restore(second).resolve("f"))[0]).isEqualTo((byte) 2);
    }
  }

  private static FileStat stat(Instant changed) {
    return new FileStat(FileKind.FILE, 10, 0644, NOW, changed, 1, 2, 1);
  }

  @Test
  void each_thing_that_is_told_of_a_file_counts() {
    FileStat was = stat(NOW);
    Entry entry =
        new Entry(
            Kind.FILE,
            "f",
            0644,
            was.modified(),
            Manifest.Contents.grid(10, Manifest.CHUNK_BYTES, new Sha256(0, 0, 0, 0), List.of()),
            null,
            Unchanged.origin(was, LATER));
    assertThat(Unchanged.since(entry, was)).isTrue();
    List<UnaryOperator<FileStat>> changes =
        List.of(
            s -> new FileStat(s.kind(), 11, 0644, NOW, NOW, 1, 2, 1),
            s -> new FileStat(s.kind(), 10, 0644, NOW.plusNanos(1), NOW, 1, 2, 1),
            s -> new FileStat(s.kind(), 10, 0644, NOW, NOW.plusNanos(1), 1, 2, 1),
            s -> new FileStat(s.kind(), 10, 0644, NOW, NOW, 3, 2, 1),
            s -> new FileStat(s.kind(), 10, 0644, NOW, NOW, 1, 3, 1));
    for (UnaryOperator<FileStat> change : changes) {
      assertThat(Unchanged.since(entry, change.apply(was))).isFalse();
    }
    Entry unknown =
        new Entry(
            Kind.FILE,
            "f",
            0644,
            was.modified(),
            Objects.requireNonNull(entry.contents()),
            null,
            null);
    assertThat(Unchanged.since(unknown, was)).isFalse();
  }
}
