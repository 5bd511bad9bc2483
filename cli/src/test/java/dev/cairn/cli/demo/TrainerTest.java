package dev.cairn.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final int EPOCHS = 8;

  @TempDir private Path directory;

  @Test
  void a_seed_repeats_a_training_to_the_bit() throws Exception {
    assertThat(train("a", EPOCHS, 7)).isEqualTo(train("b", EPOCHS, 7));
    assertThat(train("c", EPOCHS, 8)).isNotEqualTo(train("a", EPOCHS, 7));
  }

  @Test
  void a_training_interrupted_after_any_epoch_ends_with_the_same_weights() throws Exception {
    byte[] expected = train("whole", EPOCHS, 7);
    for (int epoch = 1; epoch < EPOCHS; epoch++) {
      String name = "interrupted-" + epoch;
      train(name, epoch, 7);
      assertThat(train(name, EPOCHS, 7)).as("after epoch %d", epoch).isEqualTo(expected);
    }
  }

  @Test
  void a_half_written_save_is_not_gone_on_from() throws Exception {
    byte[] expected = train("whole", EPOCHS, 7);
    train("torn", 5, 7);
    Path torn = Files.createDirectories(directory.resolve("torn/step-6"));
    Files.write(torn.resolve(Saves.WEIGHTS), new byte[100]);
    assertThat(train("torn", EPOCHS, 7)).isEqualTo(expected);
  }

  @Test
  void older_saves_than_the_two_newest_go_at_every_fifth() throws Exception {
    train("a", 9, 7);
    assertThat(saves("a"))
        .containsExactlyInAnyOrder("step-4", "step-5", "step-6", "step-7", "step-8", "step-9");
    train("a", 10, 7);
    assertThat(saves("a")).containsExactlyInAnyOrder("step-9", "step-10");
  }

  private List<String> saves(String name) throws IOException {
    try (var saves = Files.list(directory.resolve(name))) {
      return saves.map(save -> save.getFileName().toString()).toList();
    }
  }

  @Test
  void it_learns_to_read() throws Exception {
    var training = Training.fresh(1);
    Digits digits = Digits.toLearnFrom();
    for (int epoch = 0; epoch < 10; epoch++) {
      training.next(digits);
    }
    assertThat(training.network().accuracy(Digits.heldOut())).isGreaterThan(0.9);
  }

  @Test
  void whoever_listens_is_told_of_every_save() throws Exception {
    Path listener = Files.createFile(directory.resolve("listener"));
    Trainer.train(arguments("a", 2, 7), Map.of("CAIRN_NOTIFY", listener.toString()));
    assertThat(listener).hasContent("progress=0.500 step=1 saved\nprogress=1.000 step=2 saved\n");
  }

  private byte[] train(String name, int epochs, long seed)
      throws IOException, InterruptedException {
    Trainer.train(arguments(name, epochs, seed), Map.of());
    return Files.readAllBytes(
        directory.resolve(name).resolve("step-" + epochs).resolve(Saves.FINAL_WEIGHTS));
  }

  private String[] arguments(String name, int epochs, long seed) {
    return new String[] {
      "--checkpoints", directory.resolve(name).toString(),
      "--epochs", String.valueOf(epochs),
      "--seed", String.valueOf(seed)
    };
  }
}
