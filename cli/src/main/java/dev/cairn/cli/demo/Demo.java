package dev.cairn.cli.demo;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Plays the demo from beginning to end.
///
/// Invariant: when it is over, however it ends, no process that it started is left; and no file
/// either, unless they were to be kept or something was wrong.
final class Demo {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int NAME_BYTES = 4;

  private final Setting setting;
  private final Ledger ledger;
  private final Story story;
  private final boolean keep;
  private boolean ended;
  private boolean identical;
  private @Nullable Double accuracy;

  private Demo(Setting setting, Ledger ledger, Story story, boolean keep) {
    this.setting = setting;
    this.ledger = ledger;
    this.story = story;
    this.keep = keep;
  }

  /// Sets up a directory of its own, plays, and cleans up.
  static Report play(Env env, Disk disk, Story story, long seed, boolean keep) {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath();
    Path directory = temporary.resolve("cairn-demo-" + env.randomHex(NAME_BYTES));
    var setting = new Setting(env, disk, new Programs(), directory, seed);
    try (Store store = Store.openOrCreate(disk, env, setting.store())) {
      return new Demo(setting, new Ledger(store, env), story, keep).play();
    }
  }

  private Report play() {
    var patience = new Patience(setting.env(), LIMIT);
    var workSaved = new WorkSaved(setting, ledger, patience);
    String problem = null;
    boolean over = false;
    try (var _ = new Farewell(this::interrupt)) {
      try {
        tellAll(workSaved, patience);
      } catch (Unmet | CairnException e) {
        problem = e.getMessage();
      }
      over = true;
    } finally {
      end(over && problem == null && !keep);
      if (!over) {
        tellKept();
      }
    }
    conclude(problem);
    return new Report(
        setting.seed(),
        identical,
        accuracy,
        workSaved.savings(),
        story.seconds(),
        problem,
        problem == null && !keep ? null : setting.directory().toString());
  }

  private void tellAll(WorkSaved workSaved, Patience patience) {
    introduce();
    var acts = new Acts(setting, ledger, patience, story);
    Reference reference = Reference.start(setting);
    acts.begin();
    workSaved.start(50, 90);
    acts.killTheTraining();
    workSaved.start(25, 75); // not all at once: starting JVMs is what costs time here
    acts.killInTheMiddleOfASave();
    acts.killTheSupervisor();
    acts.spoilTheNewestCheckpoint();
    byte[] expected = reference.weights(patience);
    tellAccuracy(expected, acts.weights());
    workSaved.finish();
    for (byte[] weights : workSaved.weights()) {
      Unmet.require(
          Reference.differing(expected, weights) == 0,
          "a job of the table ended with other weights than the uninterrupted training");
    }
    identical = true;
    workSaved.tell(story);
  }

  private void introduce() {
    story.line(
        """
        A small neural network learns to read handwritten digits. It saves after each of its %d
        epochs, into a folder of three files and a DONE, and knows nothing of Cairn. It runs under

          cairn run --job digits --store STORE --watch DIR --layout 'marker:step-*/DONE' \\
            --every 1s --heartbeat 500ms --lease 2s -- java Trainer --checkpoints DIR

        on three nodes, which are processes of this machine and share nothing but the store. The
        reference is the same training without Cairn, which nothing interrupts.\
        """
            .formatted(Setting.EPOCHS));
    story.heading("0  Start");
  }

  private void tellAccuracy(byte[] expected, byte[] weights) {
    story.heading("5  Compare with the training that nothing interrupted");
    long differing = Reference.differing(expected, weights);
    Unmet.require(
        differing == 0,
        "%d of %d final weights differ from those of the uninterrupted training"
            .formatted(differing, expected.length / Double.BYTES));
    double share = accuracy(weights);
    accuracy = share;
    story.held(
        String.format(
            Locale.ROOT,
            "all %,d weights are the same, bit for bit; they read %.1f %% of digits never seen",
            expected.length / Double.BYTES,
            100 * share));
  }

  private static double accuracy(byte[] weights) {
    var numbers = new double[weights.length / Double.BYTES];
    ByteBuffer.wrap(weights).asDoubleBuffer().get(numbers);
    try {
      return Network.of(numbers, new double[numbers.length]).accuracy(Digits.heldOut());
    } catch (IOException e) {
      throw new Unmet(String.valueOf(e.getMessage()));
    }
  }

  private void conclude(@Nullable String problem) {
    story.line("");
    if (problem != null) {
      story.failed(problem);
      tellKept();
      return;
    }
    story.line(
        String.format(
            Locale.ROOT,
            "All of it held, in %.0f s. Once more: cairn demo --seed %d%s",
            story.seconds(),
            setting.seed(),
            keep ? "" : " --keep, which keeps the files"));
    if (keep) {
      tellKept();
    }
  }

  private void tellKept() {
    story.line("Everything is kept in %s: see the *.log there.".formatted(setting.directory()));
  }

  private void interrupt() {
    story.brokenOff("Interrupted: ending all that was started.");
    end(!keep);
  }

  /// Ends all processes, and removes the files if `remove` is set. Only the first call does.
  private synchronized void end(boolean remove) {
    if (ended) {
      return;
    }
    ended = true;
    setting.programs().close();
    ledger.endOrphans();
    if (remove) {
      removeFiles();
    }
  }

  private void removeFiles() {
    try {
      setting.remove(setting.directory());
    } catch (CairnException e) {
      story.line("some files are left: " + e.getMessage());
    }
  }
}
