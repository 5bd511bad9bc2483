package dev.cairn.testkit;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// An [Env] in which nothing happens at the same time: a forked body runs to its end at once, on
/// the thread that forks it. So one seed makes the same calls in the same order every time, and
/// "call number N" means something.
///
/// Clock and randomness are those of a [ManualEnv]. A forked body that sleeps is interrupted: what
/// would go on for ever in the background, such as an attempt's beats, happens once. For one
/// thread.
public final class SequentialEnv implements Env {
  private final ManualEnv manual;
  private int forks;

  /// @param seed of its randomness; the clock starts in 2030
  public SequentialEnv(long seed) {
    this.manual = new ManualEnv(seed);
  }

  /// Lets time pass.
  public void advance(Duration by) {
    manual.advance(by);
  }

  @Override
  public Instant now() {
    return manual.now();
  }

  @Override
  public long nanos() {
    return manual.nanos();
  }

  @Override
  public void sleep(Duration duration) {
    if (forks > 0) {
      throw new CairnException.Cancelled("a forked body does not wait here");
    }
    manual.sleep(duration);
  }

  @Override
  public byte[] randomBytes(int count) {
    return manual.randomBytes(count);
  }

  @Override
  public int processors() {
    return 2; // whatever this machine has: a seed means the same everywhere
  }

  @Override
  public Task fork(String name, Runnable body) {
    forks++;
    try {
      body.run();
      return new Ended(null);
    } catch (RuntimeException | Error e) {
      return new Ended(e);
    } finally {
      forks--;
    }
  }

  /// @param failure what the body threw
  private record Ended(@Nullable Throwable failure) implements Task {
    @Override
    public void join() {
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }

    @Override
    public boolean join(Duration limit) {
      join();
      return true;
    }

    @Override
    public void interrupt() {
      // It has ended.
    }
  }
}
