package dev.cairn.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/// Handwritten digits, as 8 × 8 grey values each. Where they come from: the README beside
/// `digits.csv.gz`. Every fifth image is held out for testing.
final class Digits {
  static final int PIXELS = 64;
  static final int KINDS = 10;

  private static final String RESOURCE = "digits.csv.gz";
  private static final double WHITEST = 16;
  private static final int HELD_OUT_EVERY = 5;

  private final double[] pixels;
  private final int[] kinds;

  private Digits(List<int[]> images) {
    pixels =
        images.stream()
            .flatMapToInt(image -> IntStream.range(0, PIXELS).map(i -> image[i]))
            .mapToDouble(grey -> grey / WHITEST)
            .toArray();
    kinds = images.stream().mapToInt(image -> image[PIXELS]).toArray();
  }

  /// The images to learn from.
  static Digits toLearnFrom() throws IOException {
    return some(false);
  }

  /// The images that are never learnt from.
  static Digits heldOut() throws IOException {
    return some(true);
  }

  private static Digits some(boolean heldOut) throws IOException {
    List<String> lines = lines();
    return new Digits(
        IntStream.range(0, lines.size())
            .filter(i -> (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == heldOut)
            .mapToObj(i -> numbers(lines.get(i)))
            .toList());
  }

  private static List<String> lines() throws IOException {
    InputStream resource = Digits.class.getResourceAsStream(RESOURCE);
    if (resource == null) {
      throw new IOException("the images are missing from this build: " + RESOURCE);
    }
    try (var reader =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(resource), StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    }
  }

  private static int[] numbers(String line) {
    return Arrays.stream(line.split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  int count() {
    return kinds.length;
  }

  double pixel(int image, int index) {
    return pixels[image * PIXELS + index];
  }

  /// Which digit the image shows, 0 to 9.
  int kind(int image) {
    return kinds[image];
  }
}
