package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The real clock, randomness and threads of this machine.
@Seam
public final class SystemEnv implements Env {
  private final SecureRandom random = new SecureRandom();

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      throw interrupted("while it waited");
    }
  }

  @Override
  public byte[] randomBytes(int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public int processors() {
    return Runtime.getRuntime().availableProcessors();
  }

  @Override
  public Task fork(String name, Runnable body) {
    return new VirtualTask(name, body);
  }

  private static CairnException.Cancelled interrupted(String when) {
    Thread.currentThread().interrupt();
    return new CairnException.Cancelled("the thread was interrupted " + when);
  }

  /// A virtual thread that keeps what its body threw for whoever joins it.
  @Seam
  private static final class VirtualTask implements Task {
    private final Thread thread;
    private volatile @Nullable Throwable failure;

    VirtualTask(String name, Runnable body) {
      thread = Thread.ofVirtual().name(name).unstarted(() -> runAndKeepFailure(body));
      thread.start();
    }

    private void runAndKeepFailure(Runnable body) {
      try {
        body.run();
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }

    @Override
    public void join() {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw interrupted("while it waited for " + thread.getName());
      }
      rethrow();
    }

    @Override
    public boolean join(Duration limit) {
      try {
        if (!thread.join(limit)) {
          return false;
        }
      } catch (InterruptedException e) {
        throw interrupted("while it waited for " + thread.getName());
      }
      rethrow();
      return true;
    }

    private void rethrow() {
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }

    @Override
    public void interrupt() {
      thread.interrupt();
    }
  }
}
