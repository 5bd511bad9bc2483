package dev.cairn.cli.demo;

import java.util.Arrays;

/// A neural network with one hidden layer, trained by gradient descent with momentum.
///
/// Bit for bit the same on every machine: plain double arithmetic in a fixed order, and the
/// exponential of [StrictMath], which [Math] need not equal. Not thread-safe.
final class Network {
  private static final int HIDDEN = 32;
  private static final int INTO_HIDDEN = Digits.PIXELS + 1;
  private static final int INTO_OUTPUT = HIDDEN + 1;
  private static final int OUTPUT = HIDDEN * INTO_HIDDEN;
  private static final double RATE = 0.008;
  private static final double MOMENTUM = 0.9;

  /// How many numbers its weights are.
  static final int SIZE = OUTPUT + Digits.KINDS * INTO_OUTPUT;

  // Rows of weights, each with its bias last: the hidden neurons', from OUTPUT on the outputs'.
  private final double[] weights;
  private final double[] momentum;

  private final double[] gradient = new double[SIZE];
  private final double[] hidden = new double[HIDDEN];
  private final double[] output = new double[Digits.KINDS];

  private Network(double[] weights, double[] momentum) {
    if (weights.length != SIZE || momentum.length != SIZE) {
      throw new IllegalArgumentException("these are not the weights of this network");
    }
    this.weights = weights.clone();
    this.momentum = momentum.clone();
  }

  /// One that knows nothing yet.
  static Network fresh(SplitMix random) {
    var weights = new double[SIZE];
    for (int i = 0; i < SIZE; i++) {
      weights[i] = random.symmetric() / Math.sqrt(i < OUTPUT ? INTO_HIDDEN : INTO_OUTPUT);
    }
    return new Network(weights, new double[SIZE]);
  }

  static Network of(double[] weights, double[] momentum) {
    return new Network(weights, momentum);
  }

  double[] weights() {
    return weights.clone();
  }

  double[] momentum() {
    return momentum.clone();
  }

  /// Learns once from the images numbered `batch[from]` up to `batch[to - 1]`.
  void learn(Digits digits, int[] batch, int from, int to) {
    Arrays.fill(gradient, 0);
    for (int i = from; i < to; i++) {
      think(digits, batch[i]);
      addGradient(digits, batch[i]);
    }
    for (int i = 0; i < SIZE; i++) {
      momentum[i] = MOMENTUM * momentum[i] - RATE / (to - from) * gradient[i];
      weights[i] += momentum[i];
    }
  }

  /// The share of images that it recognises, 0 to 1.
  double accuracy(Digits digits) {
    int right = 0;
    for (int image = 0; image < digits.count(); image++) {
      think(digits, image);
      if (likeliest() == digits.kind(image)) {
        right++;
      }
    }
    return (double) right / digits.count();
  }

  private int likeliest() {
    int best = 0;
    for (int kind = 1; kind < Digits.KINDS; kind++) {
      if (output[kind] > output[best]) {
        best = kind;
      }
    }
    return best;
  }

  /// Fills `hidden`, and `output` with the probability of each digit.
  private void think(Digits digits, int image) {
    for (int neuron = 0; neuron < HIDDEN; neuron++) {
      int row = neuron * INTO_HIDDEN;
      double sum = weights[row + Digits.PIXELS];
      for (int i = 0; i < Digits.PIXELS; i++) {
        sum += weights[row + i] * digits.pixel(image, i);
      }
      hidden[neuron] = Math.max(0, sum);
    }
    double highest = Double.NEGATIVE_INFINITY;
    for (int kind = 0; kind < Digits.KINDS; kind++) {
      int row = OUTPUT + kind * INTO_OUTPUT;
      double sum = weights[row + HIDDEN];
      for (int i = 0; i < HIDDEN; i++) {
        sum += weights[row + i] * hidden[i];
      }
      output[kind] = sum;
      highest = Math.max(highest, sum);
    }
    double total = 0;
    for (int kind = 0; kind < Digits.KINDS; kind++) {
      output[kind] = StrictMath.exp(output[kind] - highest);
      total += output[kind];
    }
    for (int kind = 0; kind < Digits.KINDS; kind++) {
      output[kind] /= total;
    }
  }

  /// Adds the gradient of the cross-entropy of the image that was just thought about.
  private void addGradient(Digits digits, int image) {
    for (int kind = 0; kind < Digits.KINDS; kind++) {
      double error = output[kind] - (kind == digits.kind(image) ? 1 : 0);
      int row = OUTPUT + kind * INTO_OUTPUT;
      for (int i = 0; i < HIDDEN; i++) {
        gradient[row + i] += error * hidden[i];
      }
      gradient[row + HIDDEN] += error;
      output[kind] = error;
    }
    for (int neuron = 0; neuron < HIDDEN; neuron++) {
      if (hidden[neuron] <= 0) {
        continue;
      }
      double error = 0;
      for (int kind = 0; kind < Digits.KINDS; kind++) {
        error += output[kind] * weights[OUTPUT + kind * INTO_OUTPUT + neuron];
      }
      int row = neuron * INTO_HIDDEN;
      for (int i = 0; i < Digits.PIXELS; i++) {
        gradient[row + i] += error * digits.pixel(image, i);
      }
      gradient[row + Digits.PIXELS] += error;
    }
  }
}
