package dev.cairn.testkit;

import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Runs many independent cases on all processors.
final class Sweep {
  private Sweep() {}

  /// One failed case: the message says how to repeat it.
  static final class Failed extends AssertionError {
    private static final long serialVersionUID = 1L;

    Failed(Object which, Throwable cause) {
      super("in the case %s: %s".formatted(which, cause), cause);
    }
  }

  /// Runs `body` for every case. The text of a case must tell how to repeat it.
  ///
  /// @throws Failed for the first case that failed
  static <T> void over(List<T> cases, Consumer<T> body) {
    var next = new AtomicInteger();
    var failures = new ConcurrentLinkedQueue<Failed>();
    var env = new SystemEnv();
    List<Env.Task> lanes =
        IntStream.range(0, Runtime.getRuntime().availableProcessors())
            .mapToObj(lane -> env.fork("sweep-" + lane, () -> runOn(cases, body, next, failures)))
            .toList();
    lanes.forEach(Env.Task::join);
    if (!failures.isEmpty()) {
      throw failures.peek();
    }
  }

  private static <T> void runOn(
      List<T> cases, Consumer<T> body, AtomicInteger next, ConcurrentLinkedQueue<Failed> failures) {
    for (int i = next.getAndIncrement();
        i < cases.size() && failures.isEmpty();
        i = next.getAndIncrement()) {
      T which = cases.get(i);
      try {
        body.accept(which);
      } catch (RuntimeException | Error e) {
        failures.add(new Failed(which, e));
      }
    }
  }
}
