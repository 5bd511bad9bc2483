package dev.cairn.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.testkit.sim.Sim.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The library in simulated time. The long runs are `./check sim`.
class SimTest {
  private static final int SEEDS = 500;

  @Test
  void five_hundred_seeds_keep_every_promise() {
    var printed = new ByteArrayOutputStream();
    int code =
        SimMain.run(
            List.of("--seeds", String.valueOf(SEEDS)),
            new PrintStream(printed, true, StandardCharsets.UTF_8));
    assertThat(code).as("%s", printed.toString(StandardCharsets.UTF_8)).isZero();
    System.out.print(printed.toString(StandardCharsets.UTF_8));
  }

  @Test
  void the_same_seed_is_the_same_run() {
    LongStream.rangeClosed(1, 10)
        .forEach(seed -> {
          Outcome first = Sim.run(seed, false);
          Outcome second = Sim.run(seed, true);
          assertThat(second.fingerprint()).as("seed %d", seed).isEqualTo(first.fingerprint());
          assertThat(second.calls()).isEqualTo(first.calls());
        });
  }

  /// Another process has other seeds for the order of sets: nothing may depend on it.
  @Test
  void the_same_seed_is_the_same_run_in_another_process() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                SimMain.class.getName(),
                "--seed",
                "9")
            .redirectErrorStream(true)
            .start();
    var theirs = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(other.waitFor()).as(theirs).isZero();
    assertThat(theirs)
        .contains("fingerprint %016x".formatted(Sim.run(9, false).fingerprint()))
        .contains(Sim.run(9, true).story());
  }

  @Test
  void a_story_can_be_read() {
    var printed = new ByteArrayOutputStream();
    int code =
        SimMain.run(List.of("--seed", "1"), new PrintStream(printed, true, StandardCharsets.UTF_8));
    assertThat(code).isZero();
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("claimed purpose=work", "checkpointed parent=", "seed 1: every promise was kept");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--seed", "--for", "--seeds x", "--nonsense 1", "--for 5"})
  void words_that_are_off_are_answered_with_the_usage(String words) {
    var printed = new ByteArrayOutputStream();
    int code =
        SimMain.run(
            List.of(words.split(" ")), new PrintStream(printed, true, StandardCharsets.UTF_8));
    assertThat(code).isEqualTo(2);
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("./check sim --seed 42");
  }
}
