package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Heartbeat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.SystemEnv;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final Env env = new SystemEnv();
  private final Host host = Host.here();
  private final List<ChildProcess> started = new ArrayList<>();
  @TempDir private Path dir = Path.of("");

  @AfterEach
  void end_all() {
    started.forEach(ChildProcess::close);
  }

  private ChildProcess start(Command command) {
    var streams =
        new ChildProcess.Streams(
            Redirect.from(new File("/dev/null")),
            Redirect.to(dir.resolve("out").toFile()),
            Redirect.to(dir.resolve("err").toFile()));
    ChildProcess child = ChildProcess.start(command, host, env, streams);
    started.add(child);
    return child;
  }

  private ChildProcess sh(String script) {
    return start(Command.of(List.of("sh", "-c", script), dir));
  }

  private ChildProcess shUntilReady(String script) {
    ChildProcess child = sh(script);
    Eventually.until("the script is ready", () -> Files.exists(dir.resolve("ready")));
    return child;
  }

  private long pidIn(String name) throws IOException {
    return Long.parseLong(Files.readString(dir.resolve(name)).strip());
  }

  private static boolean runs(long pid) {
    return Host.started(pid).isPresent();
  }

  @Test
  void the_command_leads_a_session_and_group_that_bear_its_pid() {
    ChildProcess child = sh("sleep 1000");

    ProcessTable.Entry entry =
        ProcessTable.read().entries().stream()
            .filter(e -> e.pid() == child.pid())
            .findFirst()
            .orElseThrow();
    assertThat(entry.group()).isEqualTo(child.pid());
    assertThat(entry.session()).isEqualTo(child.pid());
    assertThat(child.group())
        .isEqualTo(new Heartbeat.Child(host.boot(), child.pid(), entry.started()));
  }

  @Test
  void exit_codes_are_the_commands_own() {
    assertThat(sh("exit 0").waitFor(LONG)).hasValue(0);
    assertThat(sh("exit 85").waitFor(LONG)).hasValue(85);
  }

  @Test
  void an_end_by_signal_is_128_and_its_number() {
    assertThat(sh("kill -KILL $$").waitFor(LONG)).hasValue(137);
    assertThat(sh("kill -TERM $$").waitFor(LONG)).hasValue(143);
  }

  @Test
  void waiting_ends_with_its_limit() {
    ChildProcess child = sh("sleep 1000");

    assertThat(child.waitFor(Duration.ofMillis(1))).isEmpty();
    assertThat(child.waitFor(Duration.ZERO)).isEqualTo(OptionalInt.empty());
  }

  @Test
  void arguments_directory_and_environment_arrive_as_given() throws IOException {
    Command command =
        Command.of(
                List.of(
                    "sh", "-c", "printf '%s|' \"$@\" \"$A\" \"$HOME\"; pwd", "-x", "a b", "", "ü"),
                dir)
            .with(Map.of("A", "x y"))
            .without(Set.of("HOME"));

    assertThat(start(command).waitFor(LONG)).hasValue(0);
    assertThat(Files.readString(dir.resolve("out")))
        .isEqualTo("a b||ü|x y||" + dir.toRealPath() + "\n");
  }

  @Test
  void a_program_whose_name_looks_like_an_option_is_started() throws IOException {
    Path program = dir.resolve("-h");
    Files.writeString(program, "#!/bin/sh\nexit 9\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();

    Command command = Command.of(List.of("-h"), dir).with(Map.of("PATH", dir + ":/usr/bin:/bin"));
    assertThat(start(command).waitFor(LONG)).hasValue(9);
  }

  @Test
  void what_cannot_run_is_told_before_anything_is_started() {
    Set<Long> before = children();

    assertThatThrownBy(() -> start(Command.of(List.of("no-such-program-anywhere"), dir)))
        .isInstanceOf(CairnException.NotFound.class);
    assertThatThrownBy(() -> start(Command.of(List.of("./"), dir)))
        .isInstanceOf(CairnException.Denied.class);
    assertThatThrownBy(() -> start(Command.of(List.of("true", "x".repeat(4_000_000)), dir)))
        .isInstanceOf(CairnException.Invalid.class);
    Eventually.until("no process is left", () -> before.containsAll(children()));
  }

  @Test
  void a_signal_reaches_the_whole_group() {
    ChildProcess child = shUntilReady("sleep 1000 & touch ready; sleep 1000");

    child.signal(Signals.SIGTERM);

    assertThat(child.waitFor(LONG)).hasValue(143);
    Eventually.until("the grandchildren are gone", () -> !child.groupAlive());
  }

  @Test
  void a_signal_reaches_groups_of_the_same_session() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "bash, which has job control, is missing");
    ChildProcess child =
        start(
            Command.of(
                List.of("bash", "-c", "set -m; sleep 1000 & echo $! >inner; touch ready; wait"),
                dir));
    Eventually.until("the script is ready", () -> Files.exists(dir.resolve("ready")));
    long inner = pidIn("inner");

    child.signal(Signals.SIGTERM);

    Eventually.until("the inner group is gone", () -> !runs(inner));
  }

  @Test
  void ending_gives_the_command_its_grace() {
    ChildProcess child =
        shUntilReady("trap 'touch saved; exit 7' TERM; touch ready; while :; do sleep 0.02; done");

    child.end(LONG);

    assertThat(child.waitFor(Duration.ZERO)).hasValue(7);
    assertThat(dir.resolve("saved")).exists();
    assertThat(child.groupAlive()).isFalse();
  }

  @Test
  void ending_kills_what_ignores_the_request() {
    ChildProcess child = shUntilReady("trap '' TERM; sleep 1000 & touch ready; sleep 1000");

    child.end(Duration.ofMillis(50));

    assertThat(child.waitFor(Duration.ZERO)).hasValue(137);
    assertThat(ProcessTable.read().of(child.pid(), 0)).isEmpty();
  }

  @Test
  void ending_ends_what_outlived_the_first_process() {
    ChildProcess child = sh("sleep 1000 & exit 5");
    assertThat(child.waitFor(LONG)).hasValue(5);
    assertThat(child.groupAlive()).isTrue();

    child.end(Duration.ZERO);

    assertThat(child.groupAlive()).isFalse();
    assertThat(ProcessTable.read().of(child.pid(), 0)).isEmpty();
  }

  @Test
  void ending_by_force_reaches_descendants_in_sessions_of_their_own() throws IOException {
    ChildProcess child = shUntilReady("setsid sleep 1000 & echo $! >inner; touch ready; wait");
    long inner = pidIn("inner");
    assertThat(runs(inner)).isTrue();

    child.end(Duration.ZERO);

    Eventually.until("the other session is gone", () -> !runs(inner));
  }

  @Test
  void an_interrupt_only_cuts_the_grace_short() {
    ChildProcess child = shUntilReady("trap '' TERM; touch ready; while :; do sleep 0.02; done");

    Thread.currentThread().interrupt();
    child.end(Duration.ofHours(1));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(child.groupAlive()).isFalse();
  }

  @Test
  void nothing_of_ours_is_left_when_it_is_over() {
    Set<Long> before = children();
    ChildProcess child = sh("exit 0");
    assertThat(child.waitFor(LONG)).hasValue(0);

    child.close();
    child.close();
    child.signal(Signals.SIGKILL);

    Eventually.until("the watchdog is gone", () -> before.containsAll(children()));
  }

  private static Set<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
  }

  @Test
  void an_orphan_is_ended_by_its_successor() {
    ChildProcess child = shUntilReady("trap '' TERM; sleep 1000 & touch ready; sleep 1000");

    assertThat(ChildProcess.endOrphan(child.group(), host, env)).isTrue();
    assertThat(ProcessTable.read().of(child.pid(), 0)).isEmpty();
    assertThat(ChildProcess.endOrphan(child.group(), host, env)).isFalse();
  }

  @Test
  void an_orphan_is_ended_also_if_only_descendants_are_left() {
    ChildProcess child = shUntilReady("sleep 1000 & touch ready; exec sleep 0.05");
    assertThat(child.waitFor(LONG)).hasValue(0);

    assertThat(ChildProcess.endOrphan(child.group(), host, env)).isTrue();
    assertThat(ProcessTable.read().of(child.pid(), 0)).isEmpty();
  }

  @Test
  void an_orphan_of_another_boot_or_start_time_is_a_stranger() {
    ChildProcess child = sh("sleep 1000");
    Heartbeat.Child own = child.group();

    assertThat(
            List.of(
                new Heartbeat.Child("another", own.group(), own.started()),
                new Heartbeat.Child(own.boot(), own.group(), own.started() + 1),
                new Heartbeat.Child(own.boot(), 0, 0),
                new Heartbeat.Child(own.boot(), -1, 0),
                new Heartbeat.Child(own.boot(), 1, Host.started(1).orElse(0))))
        .noneMatch(stranger -> ChildProcess.endOrphan(stranger, host, env));
    assertThat(child.groupAlive()).isTrue();
  }

  @Test
  void an_orphan_that_holds_ourselves_is_not_ended() {
    ProcessTable.Entry self =
        ProcessTable.read().entries().stream()
            .filter(e -> e.pid() == host.pid())
            .findFirst()
            .orElseThrow();
    long session = self.session();

    assertThat(
            ChildProcess.endOrphan(
                new Heartbeat.Child(host.boot(), session, Host.started(session).orElse(0)),
                host,
                env))
        .isFalse();
  }
}
