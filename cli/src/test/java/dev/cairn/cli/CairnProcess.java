package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// One `cairn` command line as a real process of its own, in a JVM like the one that runs the
/// tests.
final class CairnProcess {
  private static final long LOOK_NANOS = 100_000_000;
  private static final int KILLED = 128 + 9;

  private final Process process;
  private final String line;
  private final Path out;
  private final Path err;
  private final Set<ProcessHandle> seen = new HashSet<>();
  private boolean killed;
  private long looked = System.nanoTime() - LOOK_NANOS;

  private CairnProcess(Process process, String line, Path out, Path err) {
    this.process = process;
    this.line = line;
    this.out = out;
    this.err = err;
  }

  /// Starts `cairn` in a process group of its own.
  ///
  /// @param program flags of the JVM, then the main class
  /// @param output path without extension of the files that its output goes to
  static CairnProcess start(
      List<String> program,
      List<String> arguments,
      Path directory,
      Map<String, String> variables,
      Path output) {
    Path out = Path.of(output + ".out");
    Path err = Path.of(output + ".err");
    Process process =
        start(program, arguments, directory, variables, Redirect.to(out.toFile()), err);
    return new CairnProcess(process, "cairn " + String.join(" ", arguments), out, err);
  }

  /// Starts a class of the test class path, without anything of Cairn in its environment but
  /// `variables`.
  static Process start(
      String program,
      List<String> arguments,
      Path directory,
      Map<String, String> variables,
      Redirect out,
      Path err) {
    return start(List.of(program), arguments, directory, variables, out, err);
  }

  private static Process start(
      List<String> program,
      List<String> arguments,
      Path directory,
      Map<String, String> variables,
      Redirect out,
      Path err) {
    var command =
        new ArrayList<>(
            List.of(
                "setsid", // the group gets the number of the process
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(program);
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out)
            .redirectError(err.toFile());
    if (out.type() != Redirect.Type.PIPE) {
      builder.redirectInput(new File("/dev/null"));
    }
    builder.environment().keySet().removeIf(name -> name.startsWith("CAIRN_"));
    builder.environment().putAll(variables);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends a signal, such as `TERM`; a number below zero means the process group of that number.
  static void send(String signal, long... targets) {
    var command = new ArrayList<>(List.of("sh", "-c", "kill -s \"$@\"", "sh", signal, "--"));
    Arrays.stream(targets).mapToObj(String::valueOf).forEach(command::add);
    try {
      new ProcessBuilder(command)
          .redirectError(Redirect.DISCARD) // it may have ended by itself
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /// Whether its end was a kill, after which it could not tidy up.
  boolean wasKilled() {
    return killed;
  }

  void signal(String name) {
    send(name, pid());
  }

  /// SIGKILL to it and to `others` in one go, as when a machine dies.
  void kill(long... others) {
    process.descendants().forEach(seen::add);
    killed = true;
    var targets = Arrays.copyOf(others, others.length + 1);
    targets[others.length] = pid();
    send("KILL", targets);
    Until.holds(this + " is dead", () -> !process.isAlive());
  }

  /// Waits until it has killed itself, as [Failpoint] does.
  void awaitKilled() {
    int code = awaitExit();
    assertThat(code).as("it kills itself%s", told()).isEqualTo(KILLED);
    killed = true;
  }

  /// Waits until it has stopped itself, as [Failpoint] does.
  void awaitStopped() {
    Until.holds(
        this + " has stopped",
        () -> {
          look();
          assertThat(isAlive()).as("it stops itself%s", told()).isTrue();
          return isStopped();
        },
        this::told);
  }

  /// Whether a SIGSTOP holds it; false where there is no `/proc`.
  boolean isStopped() {
    String stat = contents(Path.of("/proc", Long.toString(pid()), "stat"));
    return stat.startsWith("T ", stat.lastIndexOf(')') + 2);
  }

  /// The first process of its command, if that runs.
  ///
  /// @param word of the command line, such as the name of the script
  OptionalLong command(String word) {
    return process
        .children()
        .filter(child -> child.info().commandLine().orElse("").contains(word))
        .mapToLong(ProcessHandle::pid)
        .findFirst();
  }

  /// Notes which processes have come from it, as long as that can be told.
  void look() {
    long now = System.nanoTime();
    if (now - looked > LOOK_NANOS) {
      looked = now;
      process.descendants().forEach(seen::add);
    }
  }

  /// What came from it and still runs.
  List<ProcessHandle> left() {
    return seen.stream().filter(ProcessHandle::isAlive).toList();
  }

  /// The process that watches over its command.
  long watchdog() {
    return process
        .children()
        .filter(child -> child.info().commandLine().orElse("").contains("cairn-watchdog"))
        .findFirst()
        .orElseThrow()
        .pid();
  }

  /// Waits until it ends.
  ///
  /// @return its exit code
  int awaitExit() {
    Until.holds(
        "the end of " + this,
        () -> {
          look();
          return !process.isAlive();
        },
        this::told);
    return process.exitValue();
  }

  /// Waits until it has said that on standard error.
  CairnProcess awaitSaid(String part) {
    Until.holds(
        this + " says: " + part,
        () -> {
          boolean alive = process.isAlive();
          look();
          boolean said = said().contains(part);
          assertThat(said || alive).as("ended before it said '%s': %s", part, told()).isTrue();
          return said;
        },
        this::told);
    return this;
  }

  /// What it has written to standard error so far.
  String said() {
    return contents(err);
  }

  /// What it has written to standard output so far.
  String output() {
    return contents(out);
  }

  /// All of it, for people.
  String told() {
    return "%n--- %s%n%s%s".formatted(this, output(), said());
  }

  static String contents(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "[%d] %s".formatted(pid(), line);
  }
}
