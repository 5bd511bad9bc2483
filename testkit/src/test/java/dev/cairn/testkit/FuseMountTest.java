package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.RealDisk;
import dev.cairn.testkit.CrashingDisk.Mode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The production disk on a mount of our own keeps all its promises; and what nobody forced is
/// forgotten when the power goes.
@Timeout(60)
final class FuseMountTest implements DiskContract {
  private final RealDisk disk = new RealDisk();
  private @TempDir Path place;
  private Tree tree = new Tree();
  private @Nullable FuseMount mount;

  @BeforeEach
  void mount() {
    mount = FuseMount.at(place, tree);
  }

  @AfterEach
  void unmount() {
    if (mount != null) {
      mount.close();
    }
  }

  @Override
  public Disk disk() {
    return disk;
  }

  @Override
  public Path root() {
    return place;
  }

  @Test
  void contents_are_durable_by_fsync_and_names_by_the_fsync_of_their_directory() throws Exception {
    write("named-only", false);
    disk.forceDirectory(place);
    write("forced-only", true);
    losePower(Mode.DROP_ALL);
    assertThat(disk.list(place)).containsExactly(Path.of("named-only"));
    assertThat(Files.size(place.resolve("named-only"))).isZero();
  }

  @Test
  void what_was_forced_outlasts_the_power() throws Exception {
    disk.createDirectories(place.resolve("a/b"));
    write("a/b/f", true);
    disk.forceDirectory(place.resolve("a/b"));
    disk.rename(place.resolve("a"), place.resolve("c"));
    losePower(Mode.DROP_ALL);
    assertThat(Files.readString(place.resolve("a/b/f"))).isEqualTo("text");
    losePower(Mode.DROP_ALL);
    assertThat(Files.readString(place.resolve("a/b/f"))).isEqualTo("text");
  }

  @Test
  void whoever_works_there_when_the_power_goes_is_never_answered() throws Exception {
    FuseMount stopped = Objects.requireNonNull(mount);
    stopped.stopAt(2, When.AFTER);
    Process process =
        new ProcessBuilder("sh", "-c", "mkdir a && mkdir b && echo done && mkdir c")
            .directory(place.toFile())
            .redirectErrorStream(true)
            .start();
    try {
      assertThat(stopped.awaitStop(Duration.ofSeconds(30))).isTrue();
      // By their handles, which leave the output to be read.
      Stream.concat(Stream.of(process.toHandle()), process.descendants().toList().stream())
          .forEach(ProcessHandle::destroyForcibly);
      losePower(Mode.KEEP_ALL);
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.getInputStream().readAllBytes()).isEmpty();
    } finally {
      process.destroyForcibly();
    }
    assertThat(disk.list(place)).containsExactly(Path.of("a"), Path.of("b"));
  }

  @Test
  void a_stopped_mount_can_go_on() throws Exception {
    FuseMount stopped = Objects.requireNonNull(mount);
    stopped.stopAt(1, When.BEFORE);
    Process process = new ProcessBuilder("mkdir", place.resolve("a").toString()).start();
    try {
      assertThat(stopped.awaitStop(Duration.ofSeconds(30))).isTrue();
      assertThat(process.isAlive()).isTrue();
      stopped.goOn();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isZero();
    assertThat(disk.list(place)).containsExactly(Path.of("a"));
  }

  @Test
  void what_was_changed_in_place_and_not_forced_is_lost_with_the_power() throws Exception {
    write("f", true);
    disk.forceDirectory(place);
    Path file = place.resolve("f");
    Files.writeString(file, "more", StandardOpenOption.APPEND);
    assertThat(Files.readString(file)).isEqualTo("textmore");
    Files.writeString(file, "over", StandardOpenOption.WRITE);
    assertThat(Files.readString(file)).isEqualTo("overmore");
    Files.writeString(file, "anew");
    assertThat(Files.readString(file)).isEqualTo("anew");
    losePower(Mode.DROP_ALL);
    assertThat(Files.readString(file)).isEqualTo("text");
  }

  @Test
  void many_names_are_listed_in_several_answers() {
    for (int i = 0; i < 2_000; i++) {
      disk.symlink(place.resolve("name-%s-%d".formatted("x".repeat(100), i)), "nowhere");
    }
    assertThat(disk.list(place)).hasSize(2_000).doesNotHaveDuplicates();
  }

  private void losePower(Mode mode) {
    unmount();
    tree = tree.afterCrash(mode, new SplittableRandom(1));
    mount();
  }

  private void write(String name, boolean force) {
    try (DiskFile file = disk.create(place.resolve(name))) {
      file.write(StandardCharsets.UTF_8.encode("text"));
      if (force) {
        file.force();
      }
    }
  }
}
