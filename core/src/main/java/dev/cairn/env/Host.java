package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;

/// Where this process runs, so that another process can tell whether it is on the same host and
/// whether this one is gone (I9).
///
/// `CAIRN_NODE` in the environment replaces the machine's name. Tests and containers simulate
/// several nodes on one machine with it: the name then becomes part of the boot id, so that two
/// such nodes are never taken for the same host.
///
/// @param node the machine's name
/// @param boot equal for two processes only if they share the running kernel and see each other's
///   process ids (it names the process id name space too); empty if unknown, and then equal to
///   nothing
/// @param pid this process
@Seam
public record Host(String node, String boot, long pid) {
  /// Replaces the machine's name.
  public static final String NODE_VARIABLE = "CAIRN_NODE";

  private static final Path PROC = Path.of("/proc");
  // Fields of /proc/PID/stat after the command's name, which is the second; see proc(5).
  private static final int STATE_FIELD = 3 - 3;
  private static final int START_TIME_FIELD = 22 - 3;

  /// This process, on this machine.
  public static Host here() {
    return here(System.getenv());
  }

  /// @param environment in place of that of this process
  public static Host here(Map<String, String> environment) {
    String boot = bootAndNameSpace();
    String chosen = environment.getOrDefault(NODE_VARIABLE, "").strip();
    if (!chosen.isEmpty()) {
      return new Host(chosen, boot.isEmpty() ? "" : boot + "/" + chosen, own());
    }
    return new Host(machineName(environment), boot, own());
  }

  private static long own() {
    return ProcessHandle.current().pid();
  }

  /// Whether `other` is a boot id of this kernel and process id name space; an unknown one is not.
  public boolean sharesBoot(String other) {
    return !boot.isEmpty() && boot.equals(other);
  }

  /// When a process of this host started, in the kernel's own ticks: with the pid it never repeats
  /// in a boot.
  ///
  /// @return empty if there is no such process, or only its unreaped remains
  public static OptionalLong started(long pid) {
    if (!Files.isDirectory(PROC.resolve("self"))) {
      return ProcessHandle.of(pid)
          .flatMap(process -> process.info().startInstant())
          .map(instant -> OptionalLong.of(instant.toEpochMilli()))
          .orElseGet(OptionalLong::empty);
    }
    // The name is in parentheses, and may itself hold spaces and parentheses.
    String stat = contents(PROC.resolve(Long.toString(pid)).resolve("stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" +", -1);
    if (fields.length <= START_TIME_FIELD) {
      return OptionalLong.empty();
    }
    boolean dead = fields[STATE_FIELD].startsWith("Z") || fields[STATE_FIELD].startsWith("X");
    return dead ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(fields[START_TIME_FIELD]));
  }

  /// Whether the process with that pid and start time has certainly ended. A process that may not
  /// be looked at (a `/proc` that hides those of other users) has not.
  ///
  /// @param startTime as [#started] told it; 0 if it was unknown, and then any process of that pid
  ///   may be it
  public static boolean isGone(long pid, long startTime) {
    OptionalLong now = started(pid);
    if (now.isPresent()) {
      return startTime != 0 && now.getAsLong() != startTime;
    }
    if (pid <= 0) {
      return false;
    }
    try {
      return !Posix.kill(pid, 0) || Files.exists(PROC.resolve(Long.toString(pid)));
    } catch (CairnException.Denied _) {
      return Files.exists(PROC.resolve(Long.toString(pid)));
    }
  }

  private static String bootAndNameSpace() {
    String boot = kernelBoot();
    if (boot.isEmpty()) {
      return "";
    }
    try {
      String space = Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString();
      return boot + "/" + space.replaceAll("[^0-9]", "");
    } catch (IOException _) {
      return boot;
    }
  }

  /// Another one each time the kernel starts; empty if unknown.
  static String kernelBoot() {
    return contents(PROC.resolve("sys/kernel/random/boot_id")).strip();
  }

  private static String machineName(Map<String, String> environment) {
    String kernel = contents(PROC.resolve("sys/kernel/hostname")).strip();
    if (!kernel.isEmpty()) {
      return kernel;
    }
    String fromShell = environment.getOrDefault("HOSTNAME", "").strip();
    return fromShell.isEmpty() ? "localhost" : fromShell;
  }

  /// Empty where there is no such file: not every system has `/proc`.
  private static String contents(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException _) {
      return "";
    }
  }
}
