package dev.cairn.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/// What was measured of each tool in each stage, round by round.
final class Figures {
  /// One command.
  ///
  /// @param newBytes by which the store grew: the sum of the sizes of its files
  /// @param syncSeconds that the file system then took to force what the command had left to it
  record Sample(Program.Run run, double newBytes, double syncSeconds) {}

  private final Medians seconds = new Medians();
  private final Medians cpuSeconds = new Medians();
  private final Medians peakBytes = new Medians();
  private final Medians newBytes = new Medians();
  private final Medians syncSeconds = new Medians();
  private final LinkedHashSet<String> measured = new LinkedHashSet<>();

  /// The name of a figure.
  record Key(Cache cache, Stage stage, String tool) {
    Key with(String other) {
      return new Key(cache, stage, other);
    }
  }

  void add(Key key, Sample sample) {
    String name = key.toString();
    measured.add(name);
    seconds.add(name, sample.run().seconds());
    cpuSeconds.add(name, sample.run().cpuSeconds());
    peakBytes.add(name, sample.run().peakBytes());
    newBytes.add(name, sample.newBytes());
    syncSeconds.add(name, sample.syncSeconds());
  }

  boolean has(Key key) {
    return measured.contains(key.toString());
  }

  double seconds(Key key) {
    return seconds.median(key.toString());
  }

  double leastSeconds(Key key) {
    return seconds.least(key.toString());
  }

  double mostSeconds(Key key) {
    return seconds.most(key.toString());
  }

  double cpuSeconds(Key key) {
    return cpuSeconds.median(key.toString());
  }

  /// The most of all rounds.
  double peakBytes(Key key) {
    return peakBytes.most(key.toString());
  }

  double newBytes(Key key) {
    return newBytes.median(key.toString());
  }

  double syncSeconds(Key key) {
    return syncSeconds.median(key.toString());
  }

  /// Until what the command wrote was forced to disk, by itself or by others.
  double durableSeconds(Key key) {
    return seconds(key) + syncSeconds(key);
  }

  /// The time of the quicker copy, which is what Cairn is compared with; empty in stages that
  /// copies do not have.
  Optional<Double> copySeconds(Key key) {
    List<Double> times = new ArrayList<>();
    for (String copy : Tools.COPIES) {
      if (has(key.with(copy))) {
        times.add(seconds(key.with(copy)));
      }
    }
    return times.stream().min(Double::compare);
  }

  /// How much of all cores the command kept busy, from 0 to 1.
  double busy(Key key) {
    return cpuSeconds(key) / seconds(key) / Runtime.getRuntime().availableProcessors();
  }
}
