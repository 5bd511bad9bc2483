package dev.cairn.testkit.sim;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Runs plain blocking code on virtual threads, one at a time, in the order of simulated time.
///
/// There is one baton. Whoever has it runs until it passes it on, which every seam call does; then
/// the one that wakes first gets it, and the clock jumps to that moment. So the same decisions give
/// the same run, and a minute costs what happens in it. Code that waits in any other way than
/// through its seams hangs the run.
///
/// All state is guarded by the baton.
final class Scheduler {
  private static final Comparator<Task> BY_WAKE =
      Comparator.<Task>comparingLong(task -> task.wake).thenComparingLong(task -> task.number);

  private final TreeSet<Task> waiting = new TreeSet<>(BY_WAKE);
  private final Semaphore main = new Semaphore(0);
  private long nanos;
  private long limit;
  private long tasks;
  private long passes;
  private long fingerprint = 1;
  private @Nullable Task current;

  /// Nanoseconds since the simulation began.
  long nanos() {
    return nanos;
  }

  /// How often the baton was passed on.
  long passes() {
    return passes;
  }

  /// Equal for two runs only if they did the same in the same order.
  long fingerprint() {
    return fingerprint;
  }

  /// Whose code runs now.
  Task current() {
    Task task = current;
    if (task == null) {
      throw new IllegalStateException("nobody runs");
    }
    return task;
  }

  /// Some tasks that live and die together, and stand still together.
  static final class Group {
    final String name;
    private final List<Task> tasks = new ArrayList<>();
    private boolean dead;
    private long stillUntil;

    Group(String name) {
      this.name = name;
    }

    boolean isDead() {
      return dead;
    }

    boolean isOver() {
      return tasks.isEmpty();
    }
  }

  /// Lets everybody run until that moment, or until nobody is left.
  void runUntil(Duration moment) {
    limit = moment.toNanos();
    passOn();
    main.acquireUninterruptibly();
    nanos = Math.max(nanos, limit);
  }

  /// Starts a task, soon.
  Task fork(Group group, String name, Runnable body) {
    if (group.dead) {
      throw new Crash();
    }
    var task = new Task(group, name, body);
    group.tasks.add(task);
    task.wake = Math.max(nanos, group.stillUntil);
    waiting.add(task);
    return task;
  }

  /// Ends a group at once: none of its seam calls returns any more.
  void kill(Group group) {
    group.dead = true;
    for (Task task : group.tasks) {
      if (task != current) {
        wakeAt(task, nanos);
      }
    }
    if (current != null && current.group == group) {
      throw new Crash();
    }
  }

  /// Lets a group stand still, as SIGSTOP does.
  void still(Group group, Duration duration) {
    group.stillUntil = Math.max(group.stillUntil, nanos + duration.toNanos());
    for (Task task : group.tasks) {
      if (waiting.contains(task) && task.wake < group.stillUntil) {
        wakeAt(task, group.stillUntil);
      }
    }
  }

  /// Passes the baton on, and gets it back after `delayNanos` at the earliest.
  ///
  /// @param what the call that is on its way, for the fingerprint
  void pass(long delayNanos, String what) {
    Task me = current();
    me.requireAlive();
    fingerprint = fingerprint * 31 + what.hashCode();
    wakeAt(me, nanos + Math.max(delayNanos, 0));
    park(me);
  }

  private void wakeAt(Task task, long wake) {
    waiting.remove(task);
    task.wake = task.group.dead ? nanos : Math.max(wake, task.group.stillUntil);
    waiting.add(task);
  }

  private void park(Task me) {
    if (!passOn(me)) {
      me.baton.acquireUninterruptibly();
    }
    me.requireAlive();
  }

  private void passOn() {
    current = null;
    Task next = waiting.isEmpty() || waiting.first().wake > limit ? null : waiting.pollFirst();
    if (next == null) {
      main.release();
    } else {
      take(next);
      next.run();
    }
  }

  /// @return whether `me` goes on at once
  private boolean passOn(Task me) {
    if (!waiting.isEmpty() && waiting.first() == me && me.wake <= limit) {
      waiting.pollFirst();
      take(me);
      return true;
    }
    passOn();
    return false;
  }

  private void take(Task task) {
    passes++;
    fingerprint = fingerprint * 31 + task.number;
    nanos = Math.max(nanos, task.wake);
    current = task;
  }

  /// One thread.
  final class Task implements Env.Task {
    final Group group;
    final String name;
    private final long number = ++tasks;
    private final Semaphore baton = new Semaphore(0);
    private final Thread thread;
    private final List<Task> joiners = new ArrayList<>();
    private long wake;
    private boolean started;
    private boolean interruptible;
    private boolean done;
    private @Nullable Throwable failure;

    private Task(Group group, String name, Runnable body) {
      this.group = group;
      this.name = name;
      this.thread = Thread.ofVirtual().name(name).unstarted(() -> live(body));
    }

    private void run() {
      if (started) {
        baton.release();
      } else {
        started = true;
        thread.start();
      }
    }

    private void live(Runnable body) {
      try {
        requireAlive();
        body.run();
      } catch (RuntimeException | Error e) {
        failure = e;
      } finally {
        done = true;
        group.tasks.remove(this);
        joiners.forEach(joiner -> wakeAt(joiner, nanos));
        passOn();
      }
    }

    private void requireAlive() {
      if (group.dead) {
        throw new Crash();
      }
    }

    /// What ended it, if it did not end by itself.
    @Nullable Throwable failure() {
      return failure;
    }

    /// Sleeps until woken by time or interrupt.
    void sleep(long nanoseconds, String why) {
      requireNotInterrupted(why);
      interruptible = true;
      try {
        pass(nanoseconds, why);
      } finally {
        interruptible = false;
      }
      requireNotInterrupted(why);
    }

    private void requireNotInterrupted(String why) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CairnException.Cancelled("interrupted: " + why);
      }
    }

    @Override
    public void join() {
      join(Duration.ofDays(365));
    }

    @Override
    public boolean join(Duration patience) {
      Task me = current();
      if (!done) {
        joiners.add(me);
        try {
          me.sleep(patience.toNanos(), "join");
        } finally {
          joiners.remove(me);
        }
      }
      if (!done) {
        return false;
      }
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
      return true;
    }

    @Override
    public void interrupt() {
      thread.interrupt();
      if (interruptible && waiting.contains(this)) {
        wakeAt(this, nanos);
      }
    }
  }
}
