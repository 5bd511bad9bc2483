package dev.cairn.repository;

import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.time.Duration;
import java.time.Instant;

/// The real world with its clock ahead: files that were just written are old.
record AheadEnv(Env real, Duration ahead) implements Env {
  AheadEnv(Duration ahead) {
    this(new SystemEnv(), ahead);
  }

  @Override
  public Instant now() {
    return real.now().plus(ahead);
  }

  @Override
  public long nanos() {
    return real.nanos();
  }

  @Override
  public void sleep(Duration duration) {
    real.sleep(duration);
  }

  @Override
  public byte[] randomBytes(int count) {
    return real.randomBytes(count);
  }

  @Override
  public int processors() {
    return real.processors();
  }

  @Override
  public Task fork(String name, Runnable body) {
    return real.fork(name, body);
  }
}
