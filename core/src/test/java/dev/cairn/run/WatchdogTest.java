package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.domain.Heartbeat;
import dev.cairn.env.Host;
import dev.cairn.env.Posix;
import dev.cairn.env.SystemEnv;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  @BeforeAll
  static void needs_bash() {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "bash, which has job control, is missing");
  }

  /// A supervisor to be killed.
  static final class Victim {
    private Victim() {}

    /// With one argument starts it as a bash script under guard and prints its process id. With
    /// three guards the group and start time that are given, and prints the watchdog's process id.
    public static void main(String[] args) throws IOException {
      if (args.length == 1) {
        var command = Command.of(List.of("bash", "-c", args[0]), Path.of("/"));
        var streams =
            new ChildProcess.Streams(
                ProcessBuilder.Redirect.PIPE,
                ProcessBuilder.Redirect.DISCARD,
                ProcessBuilder.Redirect.DISCARD);
        System.out.println(
            ChildProcess.start(command, Host.here(), new SystemEnv(), streams).pid());
      } else {
        Watchdog watchdog = Watchdog.start(Path.of(args[0]));
        watchdog.guard(new Heartbeat.Child("", Long.parseLong(args[1]), Long.parseLong(args[2])));
        System.out.println(ProcessHandle.current().children().findFirst().orElseThrow().pid());
      }
      int end = System.in.read();
      assert end < 0;
    }
  }

  /// A Java process that leads a group of its own, and the number that it prints.
  private record Started(Process process, long printed) implements AutoCloseable {
    static Started start(String... args) throws IOException {
      var command =
          new ArrayList<>(
              List.of(
                  "setsid",
                  ProcessHandle.current().info().command().orElse("java"),
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Victim.class.getName()));
      command.addAll(List.of(args));
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      String line = out.readLine();
      assertThat(line).isNotNull();
      return new Started(process, Long.parseLong(line));
    }

    void killWithItsGroup() {
      assertThat(Posix.kill(-process.pid(), Signals.SIGKILL)).isTrue();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static int size(long session) {
    return ProcessTable.read().of(session, 0).size();
  }

  @Test
  void the_command_dies_with_a_supervisor_that_is_killed() throws IOException {
    try (Started supervisor = Started.start("sleep 1000 & sleep 1000")) {
      long child = supervisor.printed();
      Eventually.until("shell and both sleeps run", () -> size(child) == 3);

      supervisor.killWithItsGroup();

      Eventually.until("all are gone", () -> size(child) == 0);
    }
  }

  @Test
  void what_left_the_group_dies_too() throws IOException {
    try (Started supervisor = Started.start("set -m; sleep 1000 & exec sleep 1000")) {
      long child = supervisor.printed();
      Eventually.until(
          "one sleeps in a group of its own",
          () ->
              ProcessTable.read().of(child, 0).stream()
                      .map(ProcessTable.Entry::group)
                      .distinct()
                      .count()
                  == 2);

      supervisor.killWithItsGroup();

      Eventually.until("all are gone", () -> size(child) == 0);
    }
  }

  @Test
  void descendants_die_although_the_first_process_has_ended() throws IOException {
    try (Started supervisor = Started.start("sleep 1000 & sleep 1000 & exit 0")) {
      long child = supervisor.printed();
      Eventually.until("both sleeps are left", () -> size(child) == 2 && !runs(child));

      supervisor.killWithItsGroup();

      Eventually.until("all are gone", () -> size(child) == 0);
    }
  }

  @Test
  void a_stranger_with_the_same_number_lives() throws IOException {
    Process stranger = new ProcessBuilder("setsid", "sleep", "1000").start();
    try {
      long started = Host.started(stranger.pid()).orElseThrow();
      Eventually.until("it has its group", () -> size(stranger.pid()) == 1);
      Path setsid = Executable.find("setsid", Path.of("/"), System.getenv());
      try (Started supervisor =
          Started.start(
              setsid.toString(), String.valueOf(stranger.pid()), String.valueOf(started + 1))) {
        long watchdog = supervisor.printed();
        assertThat(runs(watchdog)).isTrue();

        supervisor.killWithItsGroup();

        Eventually.until("the watchdog has acted", () -> !runs(watchdog));
        assertThat(stranger.isAlive()).isTrue();
      }
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void it_holds_none_of_our_descriptors_and_is_in_no_session_of_ours() throws IOException {
    try (Started supervisor = Started.start("exec sleep 1000")) {
      List<ProcessTable.Entry> all = ProcessTable.read().entries();
      ProcessTable.Entry watchdog =
          all.stream()
              .filter(e -> e.parent() == supervisor.process().pid())
              .filter(e -> e.pid() != supervisor.printed())
              .findFirst()
              .orElseThrow();
      Path fds = Path.of("/proc/" + watchdog.pid() + "/fd");

      assertThat(watchdog.session()).isEqualTo(watchdog.pid());
      assertThat(Files.readSymbolicLink(fds.resolve("0")).toString()).startsWith("pipe:");
      assertThat(Files.readSymbolicLink(fds.resolve("1"))).isEqualTo(Path.of("/dev/null"));
      assertThat(Files.readSymbolicLink(fds.resolve("2"))).isEqualTo(Path.of("/dev/null"));
      assertThat(fds.toFile().list()).containsOnly("0", "1", "2");
    }
  }

  private static boolean runs(long pid) {
    return Host.started(pid).isPresent();
  }
}
