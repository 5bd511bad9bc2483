package dev.cairn.cli.demo;

import dev.cairn.env.Seam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a training saves: the common way of a program that writes several files at each save.
///
/// ```
/// step-<epoch>/weights.bin         the network's weights: doubles, big-endian
/// step-<epoch>/optimizer.bin       their momentum, likewise
/// step-<epoch>/state.json          the epoch and the state of the random numbers
/// step-<epoch>/final-weights.bin   in the last one only: what the training was for
/// step-<epoch>/DONE                empty, written last: a folder without it is no save
/// ```
///
/// The two newest folders are always kept; older ones go at every fifth save. Like [Trainer] it
/// stands for a user's own program: hence plain files. It writes slowly, so that the demo can kill
/// it in the middle. Not thread-safe.
@Seam
final class Saves {
  static final String WEIGHTS = "weights.bin";
  static final String OPTIMIZER = "optimizer.bin";
  static final String DONE = "DONE";
  static final String FINAL_WEIGHTS = "final-weights.bin";

  private static final String STATE = "state.json";
  private static final Pattern FOLDER = Pattern.compile("step-(\\d{1,9})");
  private static final Pattern STATE_FORM =
      Pattern.compile("\\{\"epoch\": (\\d+), \"random\": \"([0-9a-f]+)\"}\\s*");
  private static final int KEPT = 2;
  private static final int TIDY_EVERY = 5;
  private static final int PIECES = 8;

  private final Path directory;
  private final Duration pause;

  /// @param pause between two pieces of a file, of which each has eight
  Saves(Path directory, Duration pause) {
    this.directory = directory;
    this.pause = pause;
  }

  /// The newest that is complete.
  Optional<Training> newest() throws IOException {
    int epoch = 0;
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory, "step-*")) {
      for (Path child : children) {
        if (Files.exists(child.resolve(DONE))) {
          epoch = Math.max(epoch, epochOf(child));
        }
      }
    }
    return epoch == 0 ? Optional.empty() : Optional.of(load(folder(epoch)));
  }

  private static int epochOf(Path folder) {
    Matcher name = FOLDER.matcher(String.valueOf(folder.getFileName()));
    return name.matches() ? Integer.parseInt(name.group(1)) : 0;
  }

  private static Training load(Path folder) throws IOException {
    Matcher state = STATE_FORM.matcher(Files.readString(folder.resolve(STATE)));
    if (!state.matches()) {
      throw new IOException(folder.resolve(STATE) + " is not what a training saves");
    }
    return Training.of(
        Integer.parseInt(state.group(1)),
        Network.of(doubles(folder.resolve(WEIGHTS)), doubles(folder.resolve(OPTIMIZER))),
        new SplitMix(Long.parseUnsignedLong(state.group(2), 16)));
  }

  private static double[] doubles(Path file) throws IOException {
    var numbers = new double[Network.SIZE];
    ByteBuffer.wrap(Files.readAllBytes(file)).asDoubleBuffer().get(numbers);
    return numbers;
  }

  /// @param isLast whether the training ends here
  void save(Training training, boolean isLast) throws IOException, InterruptedException {
    Path folder = folder(training.epoch());
    remove(folder); // what a killed run left half-written
    Files.createDirectories(folder);
    write(folder.resolve(WEIGHTS), training.network().weights());
    write(folder.resolve(OPTIMIZER), training.network().momentum());
    Files.writeString(
        folder.resolve(STATE),
        "{\"epoch\": %d, \"random\": \"%016x\"}%n"
            .formatted(training.epoch(), training.random().state()));
    if (isLast) {
      write(folder.resolve(FINAL_WEIGHTS), training.network().weights());
    }
    Thread.sleep(pause); // so that DONE is newest by any clock: file times are coarse
    Files.createFile(folder.resolve(DONE));
    if (training.epoch() % TIDY_EVERY == 0) {
      tidy(training.epoch() - KEPT);
    }
  }

  private void tidy(int newest) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(directory, "step-*")) {
      for (Path folder : folders) {
        if (epochOf(folder) <= newest) {
          remove(folder);
        }
      }
    }
  }

  private void write(Path file, double[] numbers) throws IOException, InterruptedException {
    var bytes = new byte[numbers.length * Double.BYTES];
    ByteBuffer.wrap(bytes).asDoubleBuffer().put(numbers);
    int piece = (bytes.length + PIECES - 1) / PIECES;
    try (var out = Files.newOutputStream(file)) {
      for (int from = 0; from < bytes.length; from += piece) {
        out.write(bytes, from, Math.min(piece, bytes.length - from));
        Thread.sleep(pause);
      }
    }
  }

  /// `DONE` first: a folder half removed is no save either.
  private static void remove(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Files.deleteIfExists(folder.resolve(DONE));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private Path folder(int epoch) {
    return directory.resolve("step-" + epoch);
  }
}
