package dev.cairn.cli;

import dev.cairn.cli.Boundary.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/// The `cairn` command over a disk at one boundary of which the process signals itself: it is
/// killed there, or stops there until somebody sends SIGCONT. Only tests have this class on their
/// path.
///
/// The system property `cairn.failpoint` names a [Boundary] and, after an `=`, a [Strike]:
/// `-Dcairn.failpoint=link:journal:3:after=kill`; or, after an `=`, a file to which every boundary
/// that is reached is appended: `-Dcairn.failpoint=record=FILE`.
final class Failpoint {
  private static final String PROPERTY = "cairn.failpoint";
  private static final String RECORD = "record";

  private Failpoint() {}

  /// What happens at the boundary.
  enum Strike {
    KILL(9),
    /// As Linux counts it.
    STOP(19);

    private final int signal;

    Strike(int signal) {
      this.signal = signal;
    }
  }

  /// What a JVM is told, so that it is struck.
  static List<String> at(Boundary boundary, Strike strike) {
    return jvm(boundary + "=" + strike.name().toLowerCase(Locale.ROOT));
  }

  static List<String> recording(Path file) {
    return jvm(RECORD + "=" + file);
  }

  private static List<String> jvm(String value) {
    return List.of("-D" + PROPERTY + "=" + value, Failpoint.class.getName());
  }

  public static void main(String[] args) {
    Context real = Context.ofProcess();
    String[] plan = System.getProperty(PROPERTY, "").split("=", 2);
    Path store = real.storePath(null);
    var disk =
        new FailpointDisk(
            real.disk(),
            path -> Place.of(path.toAbsolutePath(), store, real.directory()),
            boundary -> reached(boundary, plan));
    System.exit(
        Main.run(
            new Context(
                real.env(),
                disk,
                real.host(),
                real.variables(),
                real.directory(),
                real.out(),
                real.bytes(),
                real.err(),
                real.isTerminal()),
            args));
  }

  private static void reached(Boundary boundary, String[] plan) {
    if (plan[0].equals(RECORD)) {
      record(boundary, Path.of(plan[1]));
    } else if (plan[0].equals(boundary.toString())) {
      raise(Strike.valueOf(plan[1].toUpperCase(Locale.ROOT)).signal);
    }
  }

  /// `raise(3)`, which aims at the calling thread: it does not go one step further. After `kill(2)`
  /// another thread of this process might be the one that has to notice a SIGSTOP.
  @SuppressWarnings("restricted")
  private static void raise(int signal) {
    Linker linker = Linker.nativeLinker();
    MethodHandle raise =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("raise"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int failed = (int) raise.invokeExact(signal);
      if (failed != 0) {
        throw new IllegalStateException("signal " + signal + " could not be raised");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static synchronized void record(Boundary boundary, Path file) {
    try {
      Files.write(
          file,
          (boundary + "\n").getBytes(StandardCharsets.US_ASCII),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
