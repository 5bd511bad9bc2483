package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.Posix;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// A running command, in a session and process group of its own that bear its process id.
///
/// Invariants: the command dies with this process, whatever kills it ([Watchdog]); after [#end] has
/// returned nothing of it runs any more. Only a supervisor that dies in the instant between the
/// start of the command and the next line of code leaves it unguarded.
///
/// Thread-safe.
public final class ChildProcess implements AutoCloseable {
  /// How long the kernel may take to end what got SIGKILL.
  static final Duration KILL_LIMIT = Duration.ofSeconds(10);

  private static final Duration SESSION_LIMIT = Duration.ofSeconds(10);

  private final Process process;
  private final ProcessGroup group;
  private final Watchdog watchdog;
  private final Env env;
  private volatile boolean over;

  private ChildProcess(Process process, ProcessGroup group, Watchdog watchdog, Env env) {
    this.process = process;
    this.group = group;
    this.watchdog = watchdog;
    this.env = env;
  }

  /// Where the three standard streams of the command lead.
  public record Streams(Redirect input, Redirect output, Redirect error) {
    /// To where ours lead.
    public static final Streams INHERITED =
        new Streams(Redirect.INHERIT, Redirect.INHERIT, Redirect.INHERIT);
  }

  /// Starts `command` on our own standard streams.
  ///
  /// @throws CairnException.NotFound if there is no such program; a shell's exit code is 127
  /// @throws CairnException.Denied if it may not be executed; a shell's exit code is 126
  /// @throws CairnException.Invalid if this machine lacks `setsid`, or the working directory
  public static ChildProcess start(Command command, Host host, Env env) {
    return start(command, host, env, Streams.INHERITED);
  }

  /// As above, on other streams.
  public static ChildProcess start(Command command, Host host, Env env, Streams streams) {
    Path setsid = setsid();
    var argv = new ArrayList<>(List.of(setsid.toString(), "--"));
    argv.addAll(command.argv());
    var builder =
        new ProcessBuilder(argv)
            .directory(command.directory().toFile())
            .redirectInput(streams.input())
            .redirectOutput(streams.output())
            .redirectError(streams.error());
    ChildEnvironment.prepare(builder.environment(), command);
    Executable.find(command.program(), command.directory(), builder.environment());
    var watchdog = Watchdog.start(setsid);
    try {
      return guarded(builder.start(), watchdog, host, env);
    } catch (IOException e) {
      watchdog.close();
      throw new CairnException.Invalid(
          "the command cannot be started: " + e.getMessage(),
          "Are its arguments and environment too long?");
    }
  }

  private static Path setsid() {
    try {
      return Executable.find("setsid", Path.of("/"), System.getenv());
    } catch (CairnException.NotFound | CairnException.Denied e) {
      throw new CairnException.Invalid(
          "the program setsid, which gives a command its own session, is missing here",
          "Install util-linux: apt-get install util-linux, dnf install util-linux,"
              + " apk add util-linux or brew install util-linux.");
    }
  }

  private static ChildProcess guarded(Process process, Watchdog watchdog, Host host, Env env) {
    // A command that has ended already has no start time; what it left behind is found without.
    var names =
        new Heartbeat.Child(host.boot(), process.pid(), Host.started(process.pid()).orElse(0));
    var child = new ChildProcess(process, new ProcessGroup(names), watchdog, env);
    try {
      watchdog.guard(names);
      child.awaitSession();
      return child;
    } catch (RuntimeException e) {
      child.close();
      throw e;
    }
  }

  /// The program `setsid` runs already, but may not have made the session yet.
  private void awaitSession() {
    long deadline = env.nanos() + SESSION_LIMIT.toNanos();
    while (process.isAlive() && !hasSession()) {
      if (env.nanos() > deadline) {
        throw new CairnException.Unavailable(
            "the command did not get a session of its own in time", "Try again.", null);
      }
      env.sleep(Duration.ofMillis(1));
    }
  }

  private boolean hasSession() {
    try {
      return Posix.kill(-pid(), 0);
    } catch (CairnException.Denied _) {
      return true; // it has changed its user already
    }
  }

  public long pid() {
    return process.pid();
  }

  /// What a successor needs to end it; the start time is 0 if the command ended at once.
  public Heartbeat.Child group() {
    return group.child();
  }

  /// Sends a signal to all processes of its session, if any is left.
  public void signal(int signal) {
    if (!over) {
      group.signal(signal);
    }
  }

  /// Waits for the first process of the command; others may outlive it until [#end].
  ///
  /// @return its exit code, 128 + n if signal n ended it; empty if it runs on after `limit`
  /// @throws CairnException.Cancelled if interrupted; the command runs on
  public OptionalInt waitFor(Duration limit) {
    try {
      return process.waitFor(limit) ? OptionalInt.of(process.exitValue()) : OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CairnException.Cancelled("interrupted while waiting for the command");
    }
  }

  /// Whether anything of it runs, be it without the first process.
  public boolean groupAlive() {
    return !over && (process.isAlive() || group.isAlive());
  }

  /// Ends all that is left of it: asks by SIGTERM, waits up to `grace` (not at all if zero), then
  /// kills, and returns when nothing is left. Also to be called when the first process has ended by
  /// itself. An interrupt only cuts the grace short.
  ///
  /// @throws CairnException.Unavailable if something outlives SIGKILL; the watchdog stays on guard
  public void end(Duration grace) {
    if (over) {
      return;
    }
    boolean interrupted = false;
    try {
      if (!grace.isZero() && groupAlive()) {
        group.signal(Signals.SIGTERM);
        interrupted = awaitEnd(grace);
      }
      interrupted |= kill();
      if (groupAlive()) {
        throw survived(group.child());
      }
      over = true;
      watchdog.close();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// @return whether it was interrupted, in which case it returned at once
  private boolean awaitEnd(Duration limit) {
    long deadline = env.nanos() + limit.toNanos();
    try {
      if (group.awaitGone(limit, env, false)) {
        process.waitFor(Duration.ofNanos(deadline - env.nanos())); // until it is reaped
      }
      return false;
    } catch (CairnException.Cancelled | InterruptedException _) {
      Thread.interrupted();
      return true;
    }
  }

  /// @return whether it was interrupted meanwhile
  private boolean kill() {
    boolean interrupted = false;
    long deadline = env.nanos() + KILL_LIMIT.toNanos();
    while (groupAlive() && env.nanos() < deadline) {
      // Descendants in sessions of their own are known only as long as their parents live.
      group.kill();
      process.destroyForcibly();
      interrupted |= awaitEnd(Duration.ofMillis(100));
    }
    return interrupted;
  }

  /// Ends it without grace.
  @Override
  public void close() {
    end(Duration.ZERO);
  }

  /// Ends what the supervisor of an earlier attempt on this host left running, by SIGKILL.
  ///
  /// Touches nothing if `child` is of another boot, or its number was given to somebody else since.
  ///
  /// @return whether there was anything to end
  /// @throws CairnException.Unavailable if it outlives SIGKILL
  public static boolean endOrphan(Heartbeat.Child child, Host host, Env env) {
    var group = new ProcessGroup(child);
    if (child.group() <= 1
        || !host.sharesBoot(child.boot())
        || !group.isAlive()
        || group.contains(host.pid())) {
      return false;
    }
    group.kill();
    if (!group.awaitGone(KILL_LIMIT, env, true)) {
      throw survived(child);
    }
    return true;
  }

  /// Ends a process of this host by SIGKILL if it stands still by a signal, as [Program#endStopped]
  /// says. One whose number was given to somebody else since is not touched.
  static boolean endStopped(Event.Owner owner, Host host, Env env) {
    if (owner.pid() <= 1
        || owner.pid() == host.pid()
        || owner.started() == 0
        || !host.sharesBoot(owner.boot())
        || !ProcessTable.read().isStopped(owner.pid(), owner.started())) {
      return false;
    }
    Posix.kill(owner.pid(), Signals.SIGKILL);
    long deadline = env.nanos() + KILL_LIMIT.toNanos();
    while (!Host.isGone(owner.pid(), owner.started())) {
      if (env.nanos() > deadline) {
        throw new CairnException.Unavailable(
            "process %d, which stopped in the middle of an earlier attempt, does not end although it was killed"
                .formatted(owner.pid()),
            "See what holds it: ps -o pid,stat,wchan,cmd -p " + owner.pid(),
            null);
      }
      env.sleep(Duration.ofMillis(2));
    }
    return true;
  }

  private static CairnException.Unavailable survived(Heartbeat.Child child) {
    return new CairnException.Unavailable(
        "process group %d does not end although it was killed, and may still write"
            .formatted(child.group()),
        "See what holds it: ps -o pid,stat,wchan,cmd -s " + child.group(),
        null);
  }
}
