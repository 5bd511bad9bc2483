package dev.cairn.testkit.sim;

import dev.cairn.testkit.CrashingDisk;
import java.time.Duration;
import java.time.Instant;

/// One machine: a name, a wall clock that nobody should trust, a disk of its own.
final class Node {
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  final String name;
  private Duration ahead;
  private CrashingDisk disk;

  Node(String name, Duration ahead) {
    this.name = name;
    this.disk = new CrashingDisk(name);
    this.ahead = ahead;
  }

  Instant wallClock(long nanos) {
    return START.plusNanos(nanos).plus(ahead);
  }

  /// Sets the wall clock, as a person or a time server does.
  void jump(Duration newAhead) {
    ahead = newAhead;
  }

  CrashingDisk disk() {
    return disk;
  }

  void losePower(long seed) {
    disk = disk.afterCrash(seed, CrashingDisk.Mode.RANDOM);
  }
}
