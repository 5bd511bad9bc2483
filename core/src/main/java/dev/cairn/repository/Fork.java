package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;

/// A body on a thread of its own, for someone who lends it buffers and has to know when it has let
/// go of them.
final class Fork {
  private final Env.Task task;
  private volatile boolean ended;

  Fork(Env env, String name, Runnable body) {
    task = env.fork(name, () -> runToEnd(body));
  }

  private void runToEnd(Runnable body) {
    try {
      body.run();
    } finally {
      ended = true;
    }
  }

  /// Waits for the body and throws what it threw.
  void join() {
    task.join();
  }

  /// Interrupts the body and waits until it has ended, even where this thread is interrupted too.
  /// What it threw does not matter any more.
  void abandon() {
    boolean interrupted = Thread.interrupted();
    boolean waiting = true;
    while (waiting) {
      task.interrupt();
      try {
        task.join();
        waiting = false;
      } catch (CairnException.Cancelled _) {
        // Either of the two threads: the flag of this one is looked at and taken down.
        interrupted |= Thread.interrupted();
        waiting = !ended;
      } catch (RuntimeException | Error _) {
        waiting = false;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
