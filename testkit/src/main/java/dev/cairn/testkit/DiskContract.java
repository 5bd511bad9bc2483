package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Every promise of [Disk] as a test, so that a disk of a test behaves like that of a machine.
public interface DiskContract {
  Disk disk();

  /// An existing, empty directory of that disk.
  Path root();

  @Test
  default void what_was_written_is_read_back() {
    write("f", "hello ", "world");
    assertThat(read("f")).isEqualTo("hello world");
  }

  @Test
  default void a_read_is_short_only_at_the_end_and_empty_past_it() {
    write("f", "0123456789");
    try (DiskFile file = disk().open(path("f"))) {
      assertThat(readAt(file, 0, 4)).isEqualTo("0123");
      assertThat(readAt(file, 8, 4)).isEqualTo("89");
      assertThat(readAt(file, 10, 4)).isEmpty();
      assertThat(readAt(file, 1_000_000_000_000L, 4)).isEmpty();
      assertThat(readAt(file, 3, 0)).isEmpty();
    }
  }

  @Test
  default void large_and_direct_buffers_are_written_and_read_whole() {
    int size = 3_000_000;
    var bytes = new byte[size];
    new java.util.Random(1).nextBytes(bytes);
    try (DiskFile file = disk().create(path("f"))) {
      ByteBuffer heap = ByteBuffer.wrap(bytes);
      ByteBuffer direct = ByteBuffer.allocateDirect(size).put(bytes).flip();
      file.write(heap);
      file.write(direct);
      file.force();
      assertThat(heap.remaining() + direct.remaining()).isZero();
    }
    try (DiskFile file = disk().open(path("f"))) {
      var heap = ByteBuffer.allocate(size);
      var direct = ByteBuffer.allocateDirect(2 * size);
      assertThat(file.read(heap, size)).isEqualTo(size);
      assertThat(file.read(direct, size)).isEqualTo(size);
      assertThat(heap.flip()).isEqualTo(ByteBuffer.wrap(bytes));
      assertThat(direct.flip()).isEqualTo(ByteBuffer.wrap(bytes));
    }
  }

  @Test
  default void a_file_written_past_the_cache_is_the_same_file() {
    int size = 3 * Disk.DIRECT_BYTES;
    var bytes = new byte[size + 777];
    new java.util.Random(2).nextBytes(bytes);
    try (var arena = java.lang.foreign.Arena.ofConfined();
        DiskFile file = disk().create(path("f"), Disk.Caching.PAST)) {
      ByteBuffer aligned = arena.allocate(bytes.length, Disk.DIRECT_BYTES).asByteBuffer();
      aligned.put(bytes).flip();
      file.write(aligned.slice(0, size));
      file.write(aligned.slice(size, 777));
      file.write(aligned.slice(0, size)); // at an odd place
      file.write(ByteBuffer.wrap(bytes));
      file.force();
      assertThat(file.stat().sizeBytes()).isEqualTo(2 * size + 777 + bytes.length);
    }
    var read = ByteBuffer.allocate(2 * size + 777 + bytes.length);
    try (DiskFile file = disk().open(path("f"))) {
      assertThat(file.read(read, 0)).isEqualTo(read.capacity());
    }
    assertThat(read.slice(0, bytes.length)).isEqualTo(ByteBuffer.wrap(bytes));
    assertThat(read.slice(bytes.length, size)).isEqualTo(ByteBuffer.wrap(bytes, 0, size));
    assertThat(read.slice(bytes.length + size, bytes.length)).isEqualTo(ByteBuffer.wrap(bytes));
  }

  @Test
  default void an_edited_file_is_read_and_written_anywhere() {
    write("f", "0123456789");
    try (DiskFile file = disk().edit(path("f"))) {
      file.writeAt(ByteBuffer.wrap("ab".getBytes(StandardCharsets.UTF_8)), 3);
      assertThat(readAt(file, 2, 4)).isEqualTo("2ab5");
      file.resize(6);
      file.writeAt(ByteBuffer.wrap("z".getBytes(StandardCharsets.UTF_8)), 7);
      file.force();
      assertThat(file.stat().sizeBytes()).isEqualTo(8);
      file.resize(10);
    }
    assertThat(read("f")).isEqualTo("012ab5\0z\0\0");
    assertThatThrownBy(() -> disk().edit(path("none"))).isInstanceOf(CairnException.NotFound.class);
  }

  @Test
  default void a_file_that_shares_blocks_is_a_file_of_its_own() {
    write("f", "0123456789");
    if (!disk().shareBlocks(path("f"), path("g"))) {
      assertThat(disk().stat(path("g"))).isEmpty();
      return; // a file system that cannot
    }
    try (DiskFile file = disk().edit(path("f"))) {
      file.writeAt(ByteBuffer.wrap("x".getBytes(StandardCharsets.UTF_8)), 0);
    }
    assertThat(read("g")).isEqualTo("0123456789");
  }

  @Test
  default void a_file_is_created_only_where_nothing_is() {
    write("f", "old");
    disk().symlink(path("dangling"), "nowhere");
    for (String taken : List.of("f", "dangling")) {
      assertThatThrownBy(() -> disk().create(path(taken)))
          .isInstanceOf(CairnException.Unavailable.class)
          .hasMessageContaining(taken);
    }
    assertThat(read("f")).isEqualTo("old");
    assertThat(disk().stat(path("nowhere"))).isEmpty();
  }

  @Test
  default void a_missing_file_or_directory_is_not_found() {
    Path missing = path("no/such");
    List<Runnable> calls =
        List.of(
            () -> disk().open(path("no")),
            () -> disk().open(missing),
            () -> disk().create(missing),
            () -> disk().link(path("no"), path("x")),
            () -> disk().rename(path("no"), path("x")),
            () -> disk().forceDirectory(path("no")),
            () -> disk().list(path("no")),
            () -> disk().readSymlink(path("no")),
            () -> disk().symlink(missing, "x"),
            () -> disk().setAttributes(path("no"), 0600, Instant.EPOCH));
    for (Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(CairnException.NotFound.class);
    }
    write("f", "x");
    assertThatThrownBy(() -> disk().rename(path("f"), missing))
        .isInstanceOf(CairnException.NotFound.class);
    assertThatThrownBy(() -> disk().link(path("f"), missing))
        .isInstanceOf(CairnException.NotFound.class);
    assertThat(disk().stat(missing)).isEmpty();
    assertThat(disk().stat(path("f/below"))).isEmpty();
    disk().delete(missing);
    assertThat(read("f")).isEqualTo("x");
  }

  @Test
  default void only_a_regular_file_is_opened() {
    write("f", "x");
    disk().symlink(path("s"), "f");
    disk().createDirectories(path("d"));
    for (String other : List.of("s", "d")) {
      assertThatThrownBy(() -> disk().open(path(other)))
          .isInstanceOf(CairnException.NotFound.class);
    }
    assertThatThrownBy(() -> disk().list(path("f"))).isInstanceOf(CairnException.NotFound.class);
  }

  @Test
  default void a_link_is_a_second_name() {
    write("f", "x");
    assertThat(disk().link(path("f"), path("g"))).isTrue();
    FileStat one = stat("f");
    assertThat(stat("g")).isEqualTo(one);
    assertThat(one.links()).isEqualTo(2);
    disk().delete(path("f"));
    assertThat(read("g")).isEqualTo("x");
    assertThat(stat("g").links()).isEqualTo(1);
  }

  @Test
  default void a_link_never_replaces() {
    write("f", "x");
    write("g", "y");
    disk().symlink(path("dangling"), "nowhere");
    disk().createDirectories(path("d"));
    for (String taken : List.of("f", "g", "dangling", "d")) {
      assertThat(disk().link(path("f"), path(taken))).isFalse();
    }
    assertThat(read("g")).isEqualTo("y");
    assertThat(stat("f").links()).isEqualTo(1);
    assertThatThrownBy(() -> disk().link(path("d"), path("e")))
        .isInstanceOf(CairnException.Denied.class);
  }

  @Test
  default void a_rename_replaces_a_file() {
    write("f", "x");
    write("g", "y");
    long inode = stat("f").inode();
    disk().rename(path("f"), path("g"));
    assertThat(read("g")).isEqualTo("x");
    assertThat(stat("g").inode()).isEqualTo(inode);
    assertThat(disk().stat(path("f"))).isEmpty();
  }

  @Test
  default void a_rename_between_two_names_of_one_file_leaves_both() {
    write("f", "x");
    disk().link(path("f"), path("g"));
    disk().rename(path("f"), path("g"));
    assertThat(disk().list(root())).containsExactly(Path.of("f"), Path.of("g"));
  }

  @Test
  default void a_directory_moves_with_all_below_it_but_only_over_an_empty_one() {
    disk().createDirectories(path("d/sub"));
    write("d/sub/f", "x");
    disk().createDirectories(path("empty"));
    disk().createDirectories(path("full/sub"));
    write("file", "y");
    for (String wrong : List.of("full", "file", "d/sub/e")) {
      assertThatThrownBy(() -> disk().rename(path("d"), path(wrong)))
          .isInstanceOf(CairnException.Unavailable.class);
    }
    assertThatThrownBy(() -> disk().rename(path("file"), path("d")))
        .isInstanceOf(CairnException.Unavailable.class);
    disk().rename(path("d"), path("empty"));
    assertThat(read("empty/sub/f")).isEqualTo("x");
    assertThat(disk().stat(path("d"))).isEmpty();
  }

  @Test
  default void a_listing_has_the_bare_names_in_order() {
    for (String name : List.of("b", "a.b", "a", "a-1", "B", ".hidden", "ä", "a b")) {
      write(name, "");
    }
    disk().createDirectories(path("dir/below"));
    disk().symlink(path("link"), "nowhere");
    assertThat(disk().list(root()))
        .extracting(Path::toString)
        .containsExactly(".hidden", "B", "a", "a b", "a-1", "a.b", "b", "dir", "link", "ä");
    assertThat(disk().list(path("dir/below"))).isEmpty();
  }

  @Test
  default void a_stat_tells_what_a_name_itself_is() {
    write("f", "hello");
    disk().symlink(path("s"), "f");
    assertThat(stat("f").kind()).isEqualTo(FileKind.FILE);
    assertThat(stat("f").sizeBytes()).isEqualTo(5);
    assertThat(stat("f").links()).isEqualTo(1);
    assertThat(disk().stat(root()).orElseThrow().kind()).isEqualTo(FileKind.DIRECTORY);
    assertThat(stat("s").kind()).isEqualTo(FileKind.SYMLINK);
    assertThat(stat("s").inode()).isNotEqualTo(stat("f").inode());
    assertThat(stat("s").device()).isEqualTo(stat("f").device());
    assertThat(disk().readSymlink(path("s"))).isEqualTo("f");
    assertThatThrownBy(() -> disk().readSymlink(path("f")))
        .isInstanceOf(CairnException.Unavailable.class);
  }

  @Test
  default void a_link_to_a_directory_leads_on_but_is_not_followed_itself() {
    disk().createDirectories(path("d/sub"));
    disk().symlink(path("s"), "d");
    disk().symlink(path("t"), path("s").toString());
    write("s/f", "x");
    assertThat(read("d/f")).isEqualTo("x");
    assertThat(read("t/sub/../f")).isEqualTo("x");
    disk().createDirectories(path("t/new"));
    assertThat(disk().list(path("d")))
        .containsExactly(Path.of("f"), Path.of("new"), Path.of("sub"));
    assertThat(disk().list(path("s"))).hasSize(3);
    disk().rename(path("s"), path("u"));
    disk().delete(path("u"));
    assertThat(read("d/f")).isEqualTo("x");
  }

  @Test
  default void only_an_empty_directory_is_removed() {
    disk().createDirectories(path("d/e"));
    assertThatThrownBy(() -> disk().delete(path("d")))
        .isInstanceOf(CairnException.Unavailable.class);
    disk().delete(path("d/e"));
    disk().delete(path("d"));
    assertThat(disk().stat(path("d"))).isEmpty();
  }

  @Test
  default void directories_are_created_with_their_parents_unless_there() {
    disk().createDirectories(path("a/b/c"));
    disk().createDirectories(path("a/b/c"));
    disk().createDirectories(path("a/b/d"));
    assertThat(disk().list(path("a/b"))).containsExactly(Path.of("c"), Path.of("d"));
    write("f", "x");
    for (String wrong : List.of("f", "f/below")) {
      assertThatThrownBy(() -> disk().createDirectories(path(wrong)))
          .isInstanceOf(CairnException.Unavailable.class);
    }
  }

  @Test
  default void mode_and_time_are_set_but_never_through_a_link() {
    Instant time = Instant.parse("2001-02-03T04:05:06.123456789Z");
    write("f", "x");
    disk().symlink(path("s"), "f");
    disk().setAttributes(path("f"), 04751, time);
    assertThat(stat("f").mode()).isEqualTo(04751);
    assertThat(stat("f").modified()).isEqualTo(time);
    assertThat(stat("f").changed()).isAfter(time);
    FileStat before = stat("f");
    disk().setAttributes(path("s"), 0600, Instant.EPOCH);
    assertThat(stat("f")).isEqualTo(before);
    disk().createDirectories(path("d"));
    disk().setAttributes(path("d"), 01770, time);
    assertThat(stat("d").mode()).isEqualTo(01770);
    assertThat(stat("d").modified()).isEqualTo(time);
  }

  @Test
  default void an_open_file_stays_the_same_whatever_happens_to_its_name() {
    write("f", "old");
    write("g", "newer");
    long inode = stat("f").inode();
    try (DiskFile file = disk().open(path("f"))) {
      assertThat(file.stat()).isEqualTo(stat("f"));
      disk().rename(path("g"), path("f"));
      assertThat(file.stat().inode()).isEqualTo(inode);
      assertThat(file.stat().sizeBytes()).isEqualTo(3);
      assertThat(file.stat().links()).isZero();
      disk().delete(path("f"));
      assertThat(readAt(file, 0, 10)).isEqualTo("old");
    }
  }

  @Test
  default void the_stat_of_a_file_that_is_written_tells_its_size() {
    try (DiskFile file = disk().create(path("f"))) {
      file.write(utf8("12345"));
      assertThat(file.stat().sizeBytes()).isEqualTo(5);
      assertThat(file.stat().inode()).isEqualTo(stat("f").inode());
    }
  }

  @Test
  default void free_space_is_known_also_where_nothing_is_yet() {
    assertThat(disk().usableBytes(root())).isPositive();
    assertThat(disk().usableBytes(path("not/there/yet"))).isPositive();
  }

  private Path path(String name) {
    return root().resolve(name);
  }

  private FileStat stat(String name) {
    return disk().stat(path(name)).orElseThrow();
  }

  private void write(String name, String... parts) {
    try (DiskFile file = disk().create(path(name))) {
      for (String part : parts) {
        file.write(utf8(part));
      }
      file.force();
    }
    disk().forceDirectory(path(name).resolveSibling(""));
  }

  private String read(String name) {
    try (DiskFile file = disk().open(path(name))) {
      return readAt(file, 0, 1000);
    }
  }

  private static String readAt(DiskFile file, long position, int maxBytes) {
    var buffer = ByteBuffer.allocate(maxBytes);
    assertThat(file.read(buffer, position)).isEqualTo(buffer.position());
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  private static ByteBuffer utf8(String text) {
    return StandardCharsets.UTF_8.encode(text);
  }
}
