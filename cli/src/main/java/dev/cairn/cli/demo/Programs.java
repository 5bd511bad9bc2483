package dev.cairn.cli.demo;

import dev.cairn.domain.CairnException;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Starts programs of this very installation, in JVMs like the one that runs the demo, and ends
/// them all at the end. Thread-safe.
final class Programs {
  private static final String CAIRN = "dev.cairn.cli.Main";
  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  // Flags of a JVM whose value is the next argument.
  private static final Set<String> WITH_VALUE =
      Set.of("--add-opens", "--add-exports", "--add-modules", "--add-reads", "--source");
  private static final Set<String> CLASS_PATH = Set.of("-cp", "-classpath", "--class-path");
  // A debugger's port and a cache that is being written belong to one JVM only.
  private static final List<String> OF_ONE_JVM =
      List.of("-agentlib:", "-agentpath:", "-javaagent:", "-Xrunjdwp", "-XX:AOTCacheOutput", "@");

  private final String java;
  private final List<String> flags;
  private final String classPath;
  private final List<Process> started = new ArrayList<>();
  private boolean closed;

  Programs() {
    java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    flags = flags(ProcessHandle.current().info().arguments().orElse(new String[0]));
    classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.isEmpty())
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
  }

  /// Those of a JVM's arguments that are its flags and fit another JVM too.
  static List<String> flags(String[] arguments) {
    var flags = new ArrayList<String>();
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      if (argument.equals("-jar") || !argument.startsWith("-") && !argument.startsWith("@")) {
        break;
      }
      if (CLASS_PATH.contains(argument)) {
        i++;
      } else if (WITH_VALUE.contains(argument) && i + 1 < arguments.length) {
        flags.add(argument);
        flags.add(arguments[++i]);
      } else if (OF_ONE_JVM.stream().noneMatch(argument::startsWith)) {
        flags.add(argument);
      }
    }
    return flags;
  }

  /// The command line of the training, which takes its class path from the environment.
  List<String> trainer(List<String> arguments) {
    return command(List.of(Trainer.class.getName()), arguments);
  }

  /// The command line of `cairn`. Where all of it is one jar, it is started as its launcher does: a
  /// JVM with other flags could not use the cache beside the jar.
  List<String> cairn(List<String> arguments) {
    boolean isJar = classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator);
    return command(isJar ? List.of("-jar", classPath) : List.of(NATIVE_ACCESS, CAIRN), arguments);
  }

  private List<String> command(List<String> program, List<String> arguments) {
    var command = new ArrayList<String>();
    command.add(java);
    command.addAll(flags);
    command.addAll(program);
    command.addAll(arguments);
    return command;
  }

  /// Starts a program that says what it says at the end of `log`.
  ///
  /// @param variables set in its environment, which has nothing else that concerns Cairn
  /// @throws CairnException.Cancelled if all programs have been told to end
  synchronized Process start(
      List<String> command, Path directory, Path log, Map<String, String> variables) {
    if (closed) {
      throw new CairnException.Cancelled("the demo is ending");
    }
    var builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("CAIRN_") && !name.startsWith("CAIRN_ORIGINAL_"));
    builder.environment().put("CLASSPATH", classPath);
    builder.environment().putAll(variables);
    try {
      Process process = builder.start();
      started.add(process);
      return process;
    } catch (IOException e) {
      throw new CairnException.Unavailable(
          "a process of the demo cannot be started: " + e.getMessage(), "", e);
    }
  }

  /// Ends, by SIGKILL, all that were started and what they started, and starts none any more.
  synchronized void close() {
    closed = true;
    List<ProcessHandle> all =
        started.stream()
            .map(Process::toHandle)
            .flatMap(handle -> Stream.concat(Stream.of(handle), handle.descendants()))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    for (Process process : started) {
      process.onExit().join();
    }
  }
}
