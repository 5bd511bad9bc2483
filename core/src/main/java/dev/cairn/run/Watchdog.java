package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Heartbeat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/// A small shell process in a session of its own that kills a command whose supervisor has died.
///
/// It holds the reading end of a pipe whose only other end is ours, and which therefore closes when
/// we die, by whatever signal. It knows these lines:
///
/// ```
/// guard GROUP STARTED    watch over this process group, whose first process started then
/// done                   the command is over: end
/// ```
///
/// At the end of the pipe without `done` it sends SIGKILL to the group and to the rest of its
/// session, unless the number belongs to a process with another start time by then. It holds
/// neither terminal nor directory nor output of ours, and no signal but SIGKILL ends it.
final class Watchdog implements AutoCloseable {
  // Only builtins, so that it needs no PATH. The group dies at one stroke, so that none escapes by
  // a late fork; then what left the group but not the session. Field 22 of /proc/PID/stat, the
  // start time, is number 20 after the program's name, which may hold blanks, parentheses and line
  // ends.
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM
      echo ready
      exec >/dev/null
      group= started=
      while read -r word first second; do
        case $word in
          guard) group=$first started=$second ;;
          done) exit 0 ;;
        esac
      done
      case $group in '' | *[!0-9]*) exit 0 ;; esac
      look() {
        stat= session= start=
        while IFS= read -r line; do stat="$stat$line "; done <"/proc/$1/stat"
        set -- ${stat##*) }
        session=$4 start=${20}
      }
      look "$group"
      if [ -n "$start" ] && [ "$start" != "$started" ]; then exit 0; fi
      kill -KILL "-$group" || kill -KILL -- "-$group"
      for process in /proc/[0-9]*; do
        look "${process##*/}"
        if [ "$session" = "$group" ]; then kill -KILL "${process##*/}"; fi
      done
      """;

  private final Process process;

  private Watchdog(Process process) {
    this.process = process;
  }

  /// Returns when it is out of reach of any signal to our own group.
  static Watchdog start(Path setsid) {
    var builder =
        new ProcessBuilder(setsid.toString(), "/bin/sh", "-c", SCRIPT, "cairn-watchdog")
            .directory(Path.of("/").toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("LC_ALL", "C");
    try {
      var watchdog = new Watchdog(builder.start());
      try (var ready = watchdog.process.inputReader(StandardCharsets.US_ASCII)) {
        if (!"ready".equals(ready.readLine())) {
          watchdog.close();
          throw new IOException("/bin/sh ended at once");
        }
      }
      return watchdog;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void guard(Heartbeat.Child child) {
    try {
      tell(process.getOutputStream(), "guard %d %d\n".formatted(child.group(), child.started()));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// The command is over.
  @Override
  public void close() {
    try (OutputStream pipe = process.getOutputStream()) {
      tell(pipe, "done\n");
    } catch (IOException _) {
      // It is gone already, and so is the command.
    }
  }

  private static void tell(OutputStream pipe, String line) throws IOException {
    pipe.write(line.getBytes(StandardCharsets.US_ASCII));
    pipe.flush();
  }

  private static CairnException.Unavailable failed(IOException e) {
    return new CairnException.Unavailable(
        "the process that would end the command with its supervisor cannot run", "", e);
  }
}
