package dev.cairn.run;

import dev.cairn.env.Env;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What the operating system asks of a supervisor: SIGTERM hands back, Ctrl-C pauses (twice:
/// forces), SIGHUP hands back too, SIGUSR1 asks for a checkpoint now. Thread-safe.
public final class Signals {
  static final int SIGINT = 2;
  static final int SIGKILL = 9;
  static final int SIGTERM = 15;

  private static final Duration LOOK = Duration.ofMillis(50);

  private final Env env;
  private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();
  private final AtomicBoolean forced = new AtomicBoolean();
  private final AtomicBoolean checkpoint = new AtomicBoolean();

  private Signals(Env env) {
    this.env = env;
  }

  /// Handles none; for use inside other programs, which call [#ask] themselves.
  public static Signals none(Env env) {
    return new Signals(env);
  }

  /// Takes the process's signals over from now on, where the platform has them.
  public static Signals handled(Env env) {
    var signals = new Signals(env);
    handle("TERM", () -> signals.ask(Stop.HAND_BACK));
    handle("HUP", () -> signals.ask(Stop.HAND_BACK));
    handle("INT", () -> signals.ask(Stop.INTERRUPT));
    handle("USR1", signals::askCheckpoint);
    return signals;
  }

  /// By reflection, since the only class that can do it, in the module jdk.unsupported, cannot be
  /// named under `--release` without a warning that nothing silences.
  private static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getDeclaringClass() == Object.class) {
                  return method.invoke(action, arguments);
                }
                action.run();
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot handle SIG" + name, e);
    }
  }

  /// Asks to stop; Ctrl-C while stopping forces.
  public void ask(Stop why) {
    if (!stop.compareAndSet(null, why) && why == Stop.INTERRUPT) {
      forced.set(true);
    }
  }

  public void askCheckpoint() {
    checkpoint.set(true);
  }

  /// Whether anybody has asked to stop.
  public boolean isStopAsked() {
    return stop.get() != null;
  }

  Optional<Stop> stop() {
    return Optional.ofNullable(stop.get());
  }

  boolean isInterrupt() {
    return stop.get() == Stop.INTERRUPT;
  }

  boolean forced() {
    return forced.get();
  }

  boolean checkpointAsked() {
    return checkpoint.getAndSet(false);
  }

  /// Waits, but not longer than until somebody asks to stop; whether somebody has.
  boolean await(Duration limit) {
    long deadline = env.nanos() + limit.toNanos();
    while (stop.get() == null) {
      long left = deadline - env.nanos();
      if (left <= 0) {
        return false;
      }
      env.sleep(Duration.ofNanos(Math.min(left, LOOK.toNanos())));
    }
    return true;
  }
}
