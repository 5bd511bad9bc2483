package dev.cairn.repository;

import dev.cairn.env.Env;
import java.util.ArrayDeque;

/// Does the heavy part of each step on a thread of its own, a bounded number of them at a time, and
/// the end of each on the calling thread, one by one, in the order in which they came.
///
/// So what a step leaves behind does not depend on which thread was faster.
///
/// @param <X> what the end of a step may throw
final class Lanes<X extends Exception> implements AutoCloseable {
  private final Env env;
  private final String name;
  private final int width;
  private final ArrayDeque<Running<X>> running = new ArrayDeque<>();

  /// One piece of work.
  interface Step<X extends Exception> {
    /// On another thread. What it throws is thrown in place of its end.
    void run();

    /// On the calling thread, after [#run] and after the end of the step before.
    void end() throws X;
  }

  private record Running<X extends Exception>(Step<X> step, Fork fork) {}

  /// @param width number of steps that may be under way
  Lanes(Env env, String name, int width) {
    this.env = env;
    this.name = name;
    this.width = width;
  }

  /// As many as there are processors, and one that waits for the disk; at most 8, each of which
  /// costs memory.
  static int usualWidth(Env env) {
    return Math.min(env.processors() + 1, 8);
  }

  /// Makes room for one more step, ending the oldest if need be.
  void makeRoom() throws X {
    while (running.size() >= width) {
      endOldest();
    }
  }

  void add(Step<X> step) throws X {
    makeRoom();
    running.addLast(new Running<>(step, new Fork(env, name, step::run)));
  }

  /// Ends all steps.
  void drain() throws X {
    while (!running.isEmpty()) {
      endOldest();
    }
  }

  private void endOldest() throws X {
    Running<X> oldest = running.getFirst();
    oldest.fork.join();
    running.removeFirst();
    oldest.step.end();
  }

  /// Stops what is still under way, without ending it. No step runs any more on return.
  @Override
  public void close() {
    for (Running<X> left : running) {
      left.fork.abandon();
    }
    running.clear();
  }
}
