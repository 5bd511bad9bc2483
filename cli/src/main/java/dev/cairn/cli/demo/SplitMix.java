package dev.cairn.cli.demo;

/// Random numbers whose whole state is one number, so that it can be saved.
///
/// SplitMix64, from Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, OOPSLA
/// 2014. Not thread-safe.
final class SplitMix {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  SplitMix(long state) {
    this.state = state;
  }

  long state() {
    return state;
  }

  long next() {
    state += GOLDEN_GAMMA;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /// From 0 up to `bound`, which is excluded.
  int below(int bound) {
    return (int) Long.remainderUnsigned(next(), bound);
  }

  /// From -1 to 1.
  double symmetric() {
    return (next() >>> 11) * 0x1p-52 - 1;
  }
}
