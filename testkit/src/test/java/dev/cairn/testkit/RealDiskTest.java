package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Posix;
import dev.cairn.env.RealDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class RealDiskTest implements DiskContract {
  private final RealDisk disk = new RealDisk();
  private @TempDir Path root;

  @Override
  public Disk disk() {
    return disk;
  }

  @Override
  public Path root() {
    return root;
  }

  @Test
  @Timeout(30)
  void a_pipe_is_refused_instead_of_waited_for() {
    Path pipe = root.resolve("pipe");
    Posix.mkfifo(pipe, 0600);
    assertThat(disk.stat(pipe).orElseThrow().kind()).isEqualTo(FileKind.OTHER);
    assertThatThrownBy(() -> disk.open(pipe)).isInstanceOf(CairnException.NotFound.class);
  }

  /// As many file systems of user space, it says that it has no room because it has no figures.
  @Test
  void a_file_system_that_keeps_no_account_of_its_room_is_not_full() {
    Path accountless = Path.of("/proc/self");
    org.junit.jupiter.api.Assumptions.assumeTrue(disk.stat(accountless).isPresent());
    assertThat(disk.usableBytes(accountless)).isPositive();
  }

  @Test
  void an_interrupt_cancels_a_write_and_stays_set() {
    DiskFile file = disk.create(root.resolve("f"));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> file.write(ByteBuffer.allocate(10)))
        .isInstanceOf(CairnException.Cancelled.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThatThrownBy(file::force).isInstanceOf(CairnException.class);
    file.close();
  }

  @Test
  void a_name_that_is_no_text_is_listed_opened_and_removed() throws Exception {
    new ProcessBuilder("sh", "-c", "printf hello >\"$(printf 'b\\377\\376')\"")
        .directory(root.toFile())
        .start()
        .waitFor();
    Path name = disk.list(root).getFirst();
    Path file = root.resolve(name);
    assertThat(disk.stat(file).orElseThrow().sizeBytes()).isEqualTo(5);
    disk.open(file).close();
    disk.rename(file, root.resolve("plain"));
    assertThat(disk.list(root)).containsExactly(Path.of("plain"));
  }

  @Test
  void a_place_that_refuses_says_so() {
    assertThatThrownBy(() -> disk.createDirectories(Path.of("/sys/kernel/cairn")))
        .isInstanceOf(CairnException.Denied.class)
        .hasMessageContaining("/sys/kernel/cairn");
  }
}
