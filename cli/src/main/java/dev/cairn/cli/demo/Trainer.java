package dev.cairn.cli.demo;

import dev.cairn.env.Seam;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Trains a classifier of handwritten digits: a program such as a user of Cairn has. It stands for
/// that program, so it uses nothing of Cairn, and the JDK as it likes.
///
/// ```
/// Trainer --checkpoints DIR [--epochs N] [--seed N] [--pace MILLIS]
/// ```
///
/// It saves after every epoch, and starts from the newest complete save that it finds. Given the
/// seed, its final weights are the same to the bit, however often it was interrupted. What it can
/// know of Cairn is two environment variables: `CAIRN_CHECKPOINT_DIR`, the default of
/// `--checkpoints`, and `CAIRN_NOTIFY`, a pipe that it tells how far it is.
@Seam
public final class Trainer {
  /// What it says when it finds no save.
  static final String FROM_NOTHING = "trainer: starting from nothing";

  private static final int REPORT_EVERY = 5;

  private final Saves saves;
  private final Settings settings;
  private final Digits digits;
  private final Digits heldOut;

  private Trainer(Settings settings) throws IOException {
    this.settings = settings;
    this.saves = new Saves(settings.checkpoints(), settings.pace().dividedBy(60));
    this.digits = Digits.toLearnFrom();
    this.heldOut = Digits.heldOut();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    train(args, System.getenv());
  }

  /// What [#main] does, for any environment.
  static void train(String[] args, Map<String, String> environment)
      throws IOException, InterruptedException {
    var settings = Settings.of(args, environment);
    Files.createDirectories(settings.checkpoints());
    try (var listener = new Listener(environment.get("CAIRN_NOTIFY"))) {
      new Trainer(settings).run(listener);
    }
  }

  /// @param pace the least time for an epoch: computing it takes no time on images so small
  private record Settings(Path checkpoints, int epochs, long seed, Duration pace) {
    static Settings of(String[] args, Map<String, String> environment) {
      var given = new HashMap<String, String>();
      for (int i = 0; i + 1 < args.length; i += 2) {
        given.put(args[i], args[i + 1]);
      }
      String directory =
          given.getOrDefault("--checkpoints", environment.get("CAIRN_CHECKPOINT_DIR"));
      return new Settings(
          Path.of(directory == null ? "checkpoints" : directory),
          Integer.parseInt(given.getOrDefault("--epochs", "40")),
          Long.parseLong(given.getOrDefault("--seed", "1")),
          Duration.ofMillis(Long.parseLong(given.getOrDefault("--pace", "0"))));
    }
  }

  private void run(Listener listener) throws IOException, InterruptedException {
    Optional<Training> saved = saves.newest();
    Training training = saved.orElseGet(() -> Training.fresh(settings.seed()));
    say(saved.isPresent() ? "trainer: going on after epoch " + training.epoch() : FROM_NOTHING);
    while (training.epoch() < settings.epochs()) {
      long start = System.nanoTime();
      training.next(digits);
      saves.save(training, training.epoch() == settings.epochs());
      listener.saved(training.epoch(), settings.epochs());
      if (training.epoch() % REPORT_EVERY == 0) {
        say(
            "trainer: epoch %d of %d: %s"
                .formatted(training.epoch(), settings.epochs(), accuracy(training)));
      }
      Duration left = settings.pace().minusNanos(System.nanoTime() - start);
      if (left.isPositive()) {
        Thread.sleep(left);
      }
    }
    say("trainer: finished: " + accuracy(training));
  }

  private String accuracy(Training training) {
    return String.format(
        Locale.ROOT,
        "recognises %.1f %% of %d images that it never saw",
        100 * training.network().accuracy(heldOut),
        heldOut.count());
  }

  private static void say(String sentence) {
    System.out.println(sentence);
    System.out.flush();
  }

  /// Whoever wants to know how far it is, if anybody. Telling must never harm the training.
  @Seam
  private static final class Listener implements AutoCloseable {
    private @Nullable OutputStream pipe;

    Listener(@Nullable String path) throws IOException {
      pipe = path == null || !Files.exists(Path.of(path)) ? null : new FileOutputStream(path);
    }

    void saved(int epoch, int epochs) {
      if (pipe == null) {
        return;
      }
      String line =
          String.format(
              Locale.ROOT, "progress=%.3f step=%d saved%n", (double) epoch / epochs, epoch);
      try {
        pipe.write(line.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        pipe = null; // nobody listens any more
      }
    }

    @Override
    public void close() throws IOException {
      if (pipe != null) {
        pipe.close();
      }
    }
  }
}
