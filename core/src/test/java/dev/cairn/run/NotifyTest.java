package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotifyTest {
  private final Env env = new SystemEnv();
  private final Disk disk = new RealDisk();
  private final Host host = Host.here();

  private Notify open(Path... places) {
    return Notify.open(env, disk, host, List.of(places));
  }

  private static void write(Notify notify, String text) throws IOException {
    Files.writeString(notify.path(), text, StandardOpenOption.WRITE);
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void what_was_written_is_known_at_once(@TempDir Path dir) throws IOException {
    try (Notify notify = open(dir)) {
      assertThat(notify.progress().step()).isNull();

      write(notify, "step=1\nsaved\n");
      assertThat(notify.progress().step()).isEqualTo(1);
      assertThat(notify.savedCount()).isEqualTo(1);
    }
  }

  @Test
  void writers_come_and_go_and_lines_come_in_pieces(@TempDir Path dir) throws IOException {
    try (Notify notify = open(dir)) {
      for (int i = 1; i <= 20; i++) {
        write(notify, "step=" + i);
        write(notify, "0 sav");
        write(notify, "ed\n");
        assertThat(notify.progress().step()).isEqualTo(i * 10L);
        assertThat(notify.savedCount()).isEqualTo(i);
      }
    }
  }

  @Test
  void a_writer_of_more_than_a_pipe_holds_is_not_stopped(@TempDir Path dir) throws IOException {
    try (Notify notify = open(dir)) {
      write(notify, "saved\n".repeat(100_000)); // would wait for ever without the reader
      assertThat(notify.savedCount()).isEqualTo(100_000);
    }
  }

  @Test
  void the_last_words_are_known_after_closing(@TempDir Path dir) throws IOException {
    Notify notify = open(dir);
    write(notify, "cost=2.5\n");
    notify.close();
    notify.close();

    assertThat(notify.progress().costUsd()).isEqualByComparingTo("2.5");
  }

  @Test
  void a_real_command_writes_to_it(@TempDir Path dir) throws Exception {
    try (Notify notify = open(dir)) {
      var builder = new ProcessBuilder("sh", "-c", "echo 'progress=0.5' >\"$CAIRN_NOTIFY\"");
      builder.environment().put("CAIRN_NOTIFY", notify.path().toString());
      assertThat(builder.start().waitFor()).isZero();

      assertThat(notify.progress().fraction()).isEqualTo(0.5);
    }
  }

  @Test
  void only_its_owner_may_enter_and_nothing_is_left(@TempDir Path dir) throws IOException {
    try (Notify notify = open(dir)) {
      Path own = notify.path().getParent();
      assertThat(own).isNotNull();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
          .isEqualTo("rwx------");
      assertThat(list(dir)).containsExactly(own);
    }
    assertThat(list(dir)).isEmpty();
  }

  @Test
  void leftovers_of_killed_supervisors_are_removed_and_nothing_else(@TempDir Path dir)
      throws IOException {
    String boot = "%08x".formatted(host.boot().hashCode());
    long started = Host.started(host.pid()).orElseThrow();
    Path dead = leftover(dir, boot, started + 1);
    Path alive = leftover(dir, boot, started);
    Path foreign = leftover(dir, "00000000", started + 1);
    Path other = Files.createDirectory(dir.resolve("cairn-notes"));
    Path full = leftover(dir, boot, started + 2);
    Files.writeString(full.resolve("precious"), "x");

    try (Notify notify = open(dir)) {
      assertThat(dead).doesNotExist();
      assertThat(list(dir))
          .containsExactlyInAnyOrder(alive, foreign, other, full, notify.path().getParent());
      assertThat(full.resolve("precious")).exists();
    }
  }

  private Path leftover(Path dir, String boot, long started) throws IOException {
    Path path = dir.resolve("cairn-%s-%d-%d-0badcafe".formatted(boot, host.pid(), started));
    Files.createDirectory(path);
    Files.writeString(path.resolve(NotifyPipe.NAME), "");
    return path;
  }

  @Test
  void an_unusable_place_is_passed_over(@TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "");
    try (Notify notify = open(dir.resolve("missing"), file, dir)) {
      assertThat(notify.path()).startsWith(dir);
    }
    assertThatThrownBy(() -> open(dir.resolve("missing")))
        .isInstanceOf(CairnException.Unavailable.class)
        .hasMessageContaining("missing");
  }
}
