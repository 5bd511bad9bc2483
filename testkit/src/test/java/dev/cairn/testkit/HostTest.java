package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.env.Host;
import dev.cairn.env.Posix;
import dev.cairn.env.SystemEnv;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class HostTest {
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;
  private static final long NO_SUCH_PID = 99_999_999;

  @Test
  void this_process_is_on_this_host_and_has_a_start_time() {
    Host host = Host.here(Map.of());
    assertThat(host.node()).isNotBlank();
    assertThat(host.pid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(host.boot()).isEqualTo(Host.here(Map.of()).boot());
    long started = Host.started(host.pid()).orElseThrow();
    assertThat(Host.isGone(host.pid(), started)).isFalse();
    assertThat(Host.isGone(host.pid(), started + 1)).isTrue();
    assertThat(Host.isGone(host.pid(), 0)).as("start time unknown").isFalse();
  }

  @Test
  void two_simulated_nodes_are_never_the_same_host() {
    Host a = Host.here(Map.of(Host.NODE_VARIABLE, "a"));
    Host b = Host.here(Map.of(Host.NODE_VARIABLE, "b"));
    assertThat(a.node()).isEqualTo("a");
    assertThat(a.sharesBoot(a.boot())).isTrue();
    assertThat(a.sharesBoot(b.boot())).isFalse();
    assertThat(a.sharesBoot(Host.here(Map.of()).boot())).isFalse();
    assertThat(new Host("a", "", 1).sharesBoot("")).isFalse();
  }

  @Test
  void a_process_is_signalled_and_then_gone() throws Exception {
    Process child = new ProcessBuilder("sleep", "1000").start();
    long started = Host.started(child.pid()).orElseThrow();
    assertThat(Posix.kill(child.pid(), 0)).isTrue();
    assertThat(Posix.kill(child.pid(), SIGTERM)).isTrue();
    assertThat(child.waitFor()).isEqualTo(128 + SIGTERM);
    assertThat(Host.isGone(child.pid(), started)).isTrue();
    assertThat(Posix.kill(child.pid(), SIGTERM)).isFalse();
  }

  @Test
  void no_such_process_has_no_start_time() {
    assertThat(Host.started(NO_SUCH_PID)).isEmpty();
    assertThat(Host.isGone(NO_SUCH_PID, 1)).isTrue();
  }

  @Test
  void a_command_with_spaces_and_parentheses_in_its_name_has_a_start_time(@TempDir Path directory)
      throws Exception {
    Path command = directory.resolve("a) Z 1 (b");
    Files.writeString(command, "#!/bin/sh\nread line\n");
    Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwx------"));
    Process child = new ProcessBuilder(command.toString()).start();
    try {
      assertThat(Host.started(child.pid()).orElseThrow())
          .isGreaterThanOrEqualTo(Host.started(Host.here().pid()).orElseThrow());
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  /// The shell becomes a `sleep`, which never asks for the end of the shell's child.
  @Test
  @EnabledOnOs(OS.LINUX)
  void an_unreaped_child_counts_as_gone() throws Exception {
    Process shell = new ProcessBuilder("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000").start();
    long child = Long.parseLong(shell.inputReader().readLine().strip());
    try {
      Path command = Path.of("/proc/" + shell.pid() + "/comm");
      await(() -> Files.readString(command).strip().equals("sleep"));
      assertThat(Posix.kill(child, SIGKILL)).isTrue();
      await(() -> Host.started(child).isEmpty());
      assertThat(Posix.kill(child, 0)).as("its remains are still there").isTrue();
      assertThat(Host.isGone(child, 1)).isTrue();
    } finally {
      Posix.kill(child, SIGKILL);
      shell.destroyForcibly().waitFor();
    }
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    var env = new SystemEnv();
    long deadline = env.nanos() + Duration.ofMinutes(1).toNanos();
    while (!condition.call()) {
      assertThat(env.nanos()).as("a minute has passed").isLessThan(deadline);
      env.sleep(Duration.ofMillis(1));
    }
  }

  @Test
  void everybody_at_once_cannot_be_signalled() {
    assertThatThrownBy(() -> Posix.kill(0, SIGTERM)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Posix.kill(-1, SIGTERM)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Posix.kill(1L << 32, SIGTERM))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
