package dev.cairn.cli.demo;

import java.util.stream.IntStream;

/// A training under way: everything that the rest of it depends on, and nothing else. Not
/// thread-safe.
final class Training {
  private static final int BATCH = 32;

  private final Network network;
  private final SplitMix random;
  private int epoch;

  private Training(int epoch, Network network, SplitMix random) {
    this.epoch = epoch;
    this.network = network;
    this.random = random;
  }

  static Training fresh(long seed) {
    var random = new SplitMix(seed);
    return new Training(0, Network.fresh(random), random);
  }

  /// One that was saved.
  static Training of(int epoch, Network network, SplitMix random) {
    return new Training(epoch, network, random);
  }

  /// How often it has gone through all images.
  int epoch() {
    return epoch;
  }

  Network network() {
    return network;
  }

  SplitMix random() {
    return random;
  }

  /// Learns once from every image, in a random order.
  void next(Digits digits) {
    int[] order = shuffled(digits.count());
    for (int from = 0; from < order.length; from += BATCH) {
      network.learn(digits, order, from, Math.min(from + BATCH, order.length));
    }
    epoch++;
  }

  private int[] shuffled(int count) {
    int[] order = IntStream.range(0, count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int j = random.below(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}
