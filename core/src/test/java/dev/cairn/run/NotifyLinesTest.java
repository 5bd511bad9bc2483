package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Progress;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotifyLinesTest {
  private final NotifyLines lines = new NotifyLines();

  private void say(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    lines.accept(bytes, bytes.length);
  }

  @Test
  void all_words_of_a_line_are_understood() {
    say("progress=0.42 step=1200 cost=0.31 tokens=812 stage=train message=\"epoch 3\" saved\n");

    assertThat(lines.progress())
        .isEqualTo(new Progress(0.42, 1200L, "train", "epoch 3", new BigDecimal("0.31"), 812));
    assertThat(lines.savedCount()).isEqualTo(1);
    assertThat(lines.warning()).isEmpty();
  }

  @Test
  void a_line_counts_when_it_has_ended_wherever_it_is_torn() {
    for (byte b : "  step=7\t progress=.5 \r\nstep=81".getBytes(StandardCharsets.UTF_8)) {
      lines.accept(new byte[] {b}, 1);
    }
    assertThat(lines.progress().step()).isEqualTo(7);
    assertThat(lines.progress().fraction()).isEqualTo(0.5);

    say("2\n");
    assertThat(lines.progress().step()).isEqualTo(812);
  }

  @Test
  void what_is_not_said_stays() {
    say("step=1 stage=a\n\nstage=b\n");

    assertThat(lines.progress().step()).isEqualTo(1);
    assertThat(lines.progress().stage()).isEqualTo("b");
  }

  @Test
  void an_empty_text_clears() {
    say("stage=a message=b\nstage= message=\"\"\n");

    assertThat(lines.progress().stage()).isNull();
    assertThat(lines.progress().message()).isNull();
    assertThat(lines.warning()).isEmpty();
  }

  @Test
  void cost_and_tokens_never_shrink() {
    say("cost=2.5 tokens=100\ncost=1 tokens=5\ncost=0 tokens=0\n");

    assertThat(lines.progress().costUsd()).isEqualByComparingTo("2.5");
    assertThat(lines.progress().tokens()).isEqualTo(100);
    assertThat(lines.warning()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cost=3e-05", "cost=.00003", "cost=0.00003000000000001"})
  void a_cost_may_be_spelt_as_programs_print_it(String word) {
    say(word + "\n");

    assertThat(lines.progress().costUsd()).isEqualByComparingTo("0.00003");
  }

  @Test
  void quotes_hold_blanks_and_escaped_quotes() {
    say("message=\"a \\\"b\\\" \\\\ c=d saved\" step=3\n");

    assertThat(lines.progress().message()).isEqualTo("a \"b\" \\ c=d saved");
    assertThat(lines.progress().step()).isEqualTo(3);
    assertThat(lines.savedCount()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "progress=1.01",
        "progress=-0.1",
        "progress=NaN",
        "progress=Infinity",
        "progress=0x1p-1",
        "progress=0.5f",
        "progress=",
        "progress=42%",
        "progress=٣",
        "progress=1e-999999999",
        "step=-1",
        "step=1.5",
        "step=99999999999999999999",
        "step=",
        "step=\"",
        "step=\"1\\\"",
        "cost=-0.01",
        "cost=1e999999999",
        "cost=1e99",
        "cost=$3",
        "cost=1,5",
        "cost=NaN",
        "tokens=-5",
        "tokens=1e3",
        "tokens=\u0000",
        "message=\"unclosed saved"
      })
  void a_wrong_value_changes_nothing_and_is_remembered(String word) {
    say(word + "\n");

    assertThat(lines.progress()).isEqualTo(Progress.NONE);
    assertThat(lines.savedCount()).isZero();
    assertThat(lines.warning()).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"later=1", "=", "=1", "saved=1", "Saved", "unsaved", "\"", "\\", "a\"b c\""})
  void unknown_words_are_ignored_and_the_rest_is_not(String word) {
    say(word + " step=5\n");

    assertThat(lines.progress()).isEqualTo(Progress.NONE.withStep(5L));
    assertThat(lines.savedCount()).isZero();
    assertThat(lines.warning()).isEmpty();
  }

  @Test
  void many_wrong_values_make_one_bounded_warning() {
    say("step=x" + "y".repeat(500) + "\n");
    say("step=z\n".repeat(100_000));

    assertThat(lines.warning().orElseThrow())
        .contains("100001 values", "step=xyyy")
        .hasSizeLessThan(300);
  }

  @Test
  void a_long_line_is_cut_without_the_word_that_the_cut_hits() {
    say(
        "step=1 "
            + "x".repeat(NotifyLines.LONGEST_LINE - 7 - 7)
            + " cost=123456789 saved\nstep=2\n");

    assertThat(lines.progress()).isEqualTo(Progress.NONE.withStep(2L));
    assertThat(lines.savedCount()).isZero();
    assertThat(lines.warning().orElseThrow()).contains("longer than 4096");
  }

  @Test
  void a_flood_without_line_ends_is_bounded_and_harmless() {
    byte[] noise = "saved".repeat(10_000).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 1_000; i++) {
      lines.accept(noise, noise.length);
    }
    say("\nsaved\n");

    assertThat(lines.savedCount()).isEqualTo(1);
  }

  @Test
  void texts_are_cut_and_made_printable() {
    say("stage=a\u001b[31mb message=" + "m".repeat(2_000) + "\n");

    assertThat(lines.progress().stage()).isEqualTo("a\\u001b[31mb");
    assertThat(lines.progress().message()).hasSizeBetween(500, 501);
  }

  @Test
  void no_bytes_whatever_make_it_fail() {
    var random = new Random(4711);
    String alphabet = "progress=step cost tokens saved stage message\"\\ \n\n.0123eE-+";
    for (int round = 0; round < 2_000; round++) {
      byte[] bytes = new byte[200];
      random.nextBytes(bytes);
      for (int i = 0; i < bytes.length; i++) {
        if (round % 2 == 0) {
          bytes[i] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
        }
      }
      lines.accept(bytes, bytes.length);
      assertThat(lines.progress().tokens()).isNotNegative();
    }
  }
}
