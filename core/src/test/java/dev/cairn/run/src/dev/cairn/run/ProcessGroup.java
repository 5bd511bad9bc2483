package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Heartbeat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.Posix;
import java.time.Duration;
import java.util.List;

/// The processes that one command has become: those of its session, which we made for it, and what
/// descends from them.
///
/// Invariant: never touches a process of somebody else that has been given the same number since.
///
/// @param child names them
record ProcessGroup(Heartbeat.Child child) {
  private static final Duration FIRST_LOOK = Duration.ofMillis(2);
  private static final Duration LONGEST_LOOK = Duration.ofMillis(100);

  /// Whether any of them still runs. Unreaped remains do not.
  boolean isAlive() {
    return ProcessTable.exists()
        ? !members().isEmpty()
        : !Host.isGone(child.group(), child.started()) || send(-child.group(), 0);
  }

  boolean contains(long pid) {
    return members().stream().anyMatch(member -> member.pid() == pid);
  }

  /// Sends a signal to all of the session.
  ///
  /// @return false if nothing is left that could get it
  boolean signal(int signal) {
    return send(signal, false);
  }

  /// Sends SIGKILL to all, also to those that made a session of their own.
  void kill() {
    send(Signals.SIGKILL, true);
  }

  private boolean send(int signal, boolean descendants) {
    if (!ProcessTable.exists()) {
      return send(-child.group(), signal);
    }
    List<ProcessTable.Entry> members = members();
    if (members.stream().anyMatch(member -> member.group() == child.group())) {
      send(-child.group(), signal);
    }
    for (ProcessTable.Entry member : members) {
      boolean ofSession = member.session() == child.group();
      if (member.group() != child.group() && (ofSession || descendants)) {
        send(member.pid(), signal);
      }
    }
    return !members.isEmpty();
  }

  /// Whether all are gone, as soon as they are or when `limit` has passed.
  ///
  /// @param force whether to send SIGKILL again and again, so that none escapes by a late fork
  /// @throws CairnException.Cancelled if interrupted
  boolean awaitGone(Duration limit, Env env, boolean force) {
    long deadline = env.nanos() + limit.toNanos();
    Duration look = FIRST_LOOK;
    while (isAlive()) {
      long left = deadline - env.nanos();
      if (left <= 0) {
        return false;
      }
      if (force) {
        kill();
      }
      env.sleep(Duration.ofNanos(Math.min(left, look.toNanos())));
      look = look.compareTo(LONGEST_LOOK) < 0 ? look.multipliedBy(2) : LONGEST_LOOK;
    }
    return true;
  }

  private List<ProcessTable.Entry> members() {
    return ProcessTable.read().of(child);
  }

  /// A process that changed its user is there, though out of reach.
  private static boolean send(long target, int signal) {
    try {
      return Posix.kill(target, signal);
    } catch (CairnException.Denied _) {
      return true;
    }
  }
}
