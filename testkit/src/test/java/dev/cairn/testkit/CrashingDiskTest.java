package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.CrashingDisk.PowerLoss;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class CrashingDiskTest implements DiskContract {
  private final CrashingDisk disk = withRoot();

  private static CrashingDisk withRoot() {
    var disk = new CrashingDisk();
    disk.createDirectories(Path.of("/data/root"));
    return disk;
  }

  @Override
  public Disk disk() {
    return disk;
  }

  @Override
  public Path root() {
    return Path.of("/data/root");
  }

  @Test
  void contents_are_durable_by_force_and_names_by_the_force_of_their_directory() {
    write(disk, "named-only", "x", false);
    disk.forceDirectory(root());
    write(disk, "forced-only", "x", true);
    CrashingDisk after = disk.afterCrash(0, Mode.DROP_ALL);
    assertThat(after.list(root())).containsExactly(Path.of("named-only"));
    assertThat(read(after, "named-only")).contains("");
  }

  @Test
  void all_is_kept_if_one_asks_for_that() {
    write(disk, "f", "x", false);
    assertThat(read(disk.afterCrash(0, Mode.KEEP_ALL), "f")).contains("x");
  }

  @Test
  void a_new_directory_is_lost_with_all_in_it_unless_its_parent_is_forced() {
    disk.createDirectories(root().resolve("a/b"));
    write(disk, "a/b/f", "x", true);
    disk.forceDirectory(root().resolve("a/b"));
    disk.rename(root().resolve("a"), root().resolve("c"));
    CrashingDisk after = disk.afterCrash(0, Mode.DROP_ALL);
    assertThat(read(after, "a/b/f")).contains("x");
    assertThat(after.stat(root().resolve("c"))).isEmpty();
  }

  @Test
  void a_rename_survives_whole_or_not_at_all() {
    assertThat(
            outcomes(d -> {
              write(d, "old", "x", true);
              d.forceDirectory(root());
              d.rename(root().resolve("old"), root().resolve("new"));
            }))
        .containsExactlyInAnyOrder(List.of("new=x"), List.of("old=x"));
  }

  @Test
  void unforced_links_and_deletes_are_lost_one_by_one() {
    assertThat(
            outcomes(d -> {
              write(d, "tmp", "x", true);
              d.forceDirectory(root());
              d.link(root().resolve("tmp"), root().resolve("f"));
              d.delete(root().resolve("tmp"));
            }))
        .containsExactlyInAnyOrder(
            List.of("f=x", "tmp=x"), List.of("f=x"), List.of("tmp=x"), List.of());
  }

  @Test
  void unforced_contents_are_kept_lost_or_garbled_but_never_before_what_was_forced() {
    Set<List<String>> seen =
        outcomes(d -> {
          try (DiskFile file = d.create(root().resolve("f"))) {
            file.write(utf8("forced,"));
            file.force();
            file.write(utf8("not forced"));
          }
          d.forceDirectory(root());
        });
    assertThat(seen).contains(List.of("f=forced,"), List.of("f=forced,not forced"));
    assertThat(seen).hasSizeGreaterThan(10);
    assertThat(seen).allSatisfy(files -> assertThat(files.getFirst()).startsWith("f=forced,"));
  }

  @Test
  void the_same_seed_leaves_the_same() {
    for (int seed = 0; seed < 20; seed++) {
      assertThat(outcome(seed, this::someWrites)).isEqualTo(outcome(seed, this::someWrites));
    }
  }

  private void someWrites(CrashingDisk d) {
    for (String name : List.of("a", "b", "c", "d")) {
      write(d, name, "contents of " + name, false);
    }
    d.rename(root().resolve("a"), root().resolve("e"));
  }

  @Test
  void after_a_crash_neither_disk_nor_open_file_answers() {
    DiskFile file = disk.create(root().resolve("f"));
    disk.afterCrash(0, Mode.KEEP_ALL);
    assertThatThrownBy(() -> disk.list(root())).isInstanceOf(PowerLoss.class);
    assertThatThrownBy(() -> file.write(utf8("x"))).isInstanceOf(PowerLoss.class);
    assertThatThrownBy(file::force).isInstanceOf(PowerLoss.class);
  }

  @Test
  void a_crash_strikes_before_or_after_the_call() {
    for (When when : When.values()) {
      CrashingDisk d = withRoot();
      d.crashAt(d.calls() + 1, when);
      assertThatThrownBy(() -> d.create(root().resolve("f"))).isInstanceOf(PowerLoss.class);
      assertThatThrownBy(() -> d.stat(root())).isInstanceOf(PowerLoss.class);
      assertThat(d.afterCrash(0, Mode.KEEP_ALL).stat(root().resolve("f")).isPresent())
          .isEqualTo(when == When.AFTER);
    }
  }

  @Test
  void a_crash_can_be_set_for_a_force() {
    CrashingDisk d = withRoot();
    long forces = d.fileForces() + d.directoryForces();
    d.crashAtForce(forces + 2, When.BEFORE);
    write(d, "f", "x", true);
    assertThatThrownBy(() -> d.forceDirectory(root())).isInstanceOf(PowerLoss.class);
    assertThat(d.fileForces()).isEqualTo(1);
    assertThat(read(d.afterCrash(0, Mode.DROP_ALL), "f")).isEmpty();
  }

  @Test
  void a_fault_strikes_once_before_or_after_the_call() {
    for (When when : When.values()) {
      CrashingDisk d = withRoot();
      d.failAt(d.calls() + 1, when, CrashingDiskTest::unavailable);
      assertThatThrownBy(() -> d.symlink(root().resolve("s"), "x"))
          .isInstanceOf(CairnException.Unavailable.class);
      assertThat(d.stat(root().resolve("s")).isPresent()).isEqualTo(when == When.AFTER);
    }
  }

  @Test
  void a_failed_force_condemns_the_file() {
    CrashingDisk d = withRoot();
    try (DiskFile file = d.create(root().resolve("f"))) {
      file.write(utf8("x"));
      d.failAt(d.calls() + 1, When.BEFORE, CrashingDiskTest::unavailable);
      assertThatThrownBy(file::force).isInstanceOf(CairnException.Unavailable.class);
      file.force();
    }
    d.forceDirectory(root());
    assertThat(read(d.afterCrash(0, Mode.DROP_ALL), "f")).contains("");
  }

  /// Letters in place of some sectors of a file of dots, which is durable.
  private static void edit(CrashingDisk d, Path path, boolean force) {
    try (DiskFile file = d.edit(path)) {
      for (int sector = 0; sector < 4; sector++) {
        file.writeAt(utf8(("" + (char) ('A' + sector)).repeat(512)), 512L * sector);
      }
      if (force) {
        file.force();
      }
    }
  }

  private CrashingDisk withDots() {
    CrashingDisk d = withRoot();
    write(d, "f", ".".repeat(4 * 512), true);
    d.forceDirectory(root());
    return d;
  }

  @Test
  void an_edit_that_was_not_forced_is_old_or_new_sector_by_sector() {
    var seen = new HashSet<String>();
    for (int seed = 0; seed < 300; seed++) {
      CrashingDisk d = withDots();
      edit(d, root().resolve("f"), false);
      String left = read(d.afterCrash(seed, Mode.RANDOM), "f").orElseThrow();
      assertThat(left).hasSize(4 * 512);
      var shape = new StringBuilder();
      for (int sector = 0; sector < 4; sector++) {
        char is = left.charAt(512 * sector);
        assertThat(left.substring(512 * sector, 512 * sector + 512))
            .isEqualTo(("" + is).repeat(512));
        assertThat(is).isIn('.', (char) ('A' + sector));
        shape.append(is);
      }
      seen.add(shape.toString());
    }
    assertThat(seen).contains("....", "ABCD").hasSizeGreaterThan(8);
  }

  @Test
  void an_edit_that_was_forced_stays() {
    for (Mode mode : Mode.values()) {
      CrashingDisk d = withDots();
      edit(d, root().resolve("f"), true);
      assertThat(read(d.afterCrash(1, mode), "f").orElseThrow()).startsWith("A").endsWith("D");
    }
  }

  @Test
  void a_failed_force_condemns_an_edit() {
    CrashingDisk d = withDots();
    try (DiskFile file = d.edit(root().resolve("f"))) {
      file.writeAt(utf8("x".repeat(512)), 512);
      d.failAt(d.calls() + 1, When.BEFORE, CrashingDiskTest::unavailable);
      assertThatThrownBy(file::force).isInstanceOf(CairnException.Unavailable.class);
      file.force();
    }
    assertThat(read(d.afterCrash(0, Mode.DROP_ALL), "f")).contains(".".repeat(4 * 512));
  }

  @Test
  void a_full_disk_says_so_and_has_room_again_after_a_delete() {
    disk.full(10);
    write(disk, "f", "12345678", true);
    assertThatThrownBy(() -> write(disk, "g", "12345678", true))
        .isInstanceOfSatisfying(
            CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue());
    assertThat(disk.usableBytes(root())).isZero();
    disk.delete(root().resolve("g"));
    disk.delete(root().resolve("f"));
    assertThat(disk.usableBytes(root())).isEqualTo(10);
    write(disk, "h", "1234567890", true);
  }

  private Set<List<String>> outcomes(Consumer<CrashingDisk> story) {
    var seen = new HashSet<List<String>>();
    for (int seed = 0; seed < 200; seed++) {
      seen.add(outcome(seed, story));
    }
    return seen;
  }

  private List<String> outcome(int seed, Consumer<CrashingDisk> story) {
    CrashingDisk d = withRoot();
    story.accept(d);
    CrashingDisk after = d.afterCrash(seed, Mode.RANDOM);
    return after.list(root()).stream()
        .map(name -> name + "=" + read(after, name.toString()).orElseThrow())
        .toList();
  }

  private void write(CrashingDisk d, String name, String text, boolean force) {
    try (DiskFile file = d.create(root().resolve(name))) {
      file.write(utf8(text));
      if (force) {
        file.force();
      }
    }
  }

  private Optional<String> read(CrashingDisk d, String name) {
    try (DiskFile file = d.open(root().resolve(name))) {
      var buffer = ByteBuffer.allocate(10_000);
      file.read(buffer, 0);
      return Optional.of(StandardCharsets.ISO_8859_1.decode(buffer.flip()).toString());
    } catch (CairnException.NotFound _) {
      return Optional.empty();
    }
  }

  private static ByteBuffer utf8(String text) {
    return StandardCharsets.UTF_8.encode(text);
  }

  private static CairnException unavailable() {
    return new CairnException.Unavailable("planned", "", null);
  }
}
