package dev.cairn.cli.demo;

import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// The same training without Cairn, which nothing interrupts, in a process of its own.
final class Reference {
  private static final String NAME = "reference";

  private final Setting setting;
  private final Process process;

  private Reference(Setting setting, Process process) {
    this.setting = setting;
    this.process = process;
  }

  static Reference start(Setting setting) {
    setting.disk().createDirectories(setting.directory().resolve(NAME));
    return new Reference(
        setting,
        setting
            .programs()
            .start(
                setting.training(checkpoints(setting)),
                setting.directory(),
                setting.directory().resolve(NAME + ".log"),
                Map.of()));
  }

  private static Path checkpoints(Setting setting) {
    return setting.directory().resolve(NAME).resolve("digits");
  }

  /// Its final weights, as bytes.
  byte[] weights(Patience patience) {
    patience.untilTrue("the uninterrupted training ends", () -> !process.isAlive());
    Unmet.require(
        process.exitValue() == 0,
        "the uninterrupted training ended with exit code " + process.exitValue());
    return weights(setting, checkpoints(setting));
  }

  /// The final weights that a training left in `checkpoints`.
  static byte[] weights(Setting setting, Path checkpoints) {
    Path file = checkpoints.resolve("step-" + Setting.EPOCHS).resolve(Saves.FINAL_WEIGHTS);
    Unmet.require(setting.disk().stat(file).isPresent(), "there are no final weights in " + file);
    try (DiskFile open = setting.disk().open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) open.stat().sizeBytes());
      open.read(bytes, 0);
      return bytes.array();
    }
  }

  /// How many numbers of `weights` differ from those of `expected`.
  static long differing(byte[] expected, byte[] weights) {
    if (expected.length != weights.length) {
      return Math.max(expected.length, weights.length) / Double.BYTES;
    }
    long differing = 0;
    for (int at = 0; at < expected.length; at += Double.BYTES) {
      if (!Arrays.equals(expected, at, at + Double.BYTES, weights, at, at + Double.BYTES)) {
        differing++;
      }
    }
    return differing;
  }
}
