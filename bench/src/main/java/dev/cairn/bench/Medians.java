package dev.cairn.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Repeated figures under names, in the order of their first appearance.
final class Medians {
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();

  void add(String name, double value) {
    figures.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
  }

  Set<String> names() {
    return figures.keySet();
  }

  double median(String name) {
    List<Double> sorted = sorted(name);
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  double least(String name) {
    return sorted(name).getFirst();
  }

  double most(String name) {
    return sorted(name).getLast();
  }

  private List<Double> sorted(String name) {
    List<Double> values = figures.get(name);
    if (values == null) {
      throw new IllegalArgumentException("nothing measured: " + name);
    }
    return values.stream().sorted().toList();
  }
}
