package dev.cairn.run;

import dev.cairn.domain.Progress;
import dev.cairn.domain.Text;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Understands what a command writes to `CAIRN_NOTIFY`, whatever it writes. Never throws.
///
/// A line holds words, apart by blanks; it counts when its line end has come, and is cut after 4096
/// bytes, without the word that the cut hits. Values may stand in double quotes, in which a
/// backslash takes the meaning of the next character away.
///
/// ```
/// progress=0.42       0 to 1
/// step=1200           a whole number from 0
/// cost=0.31           dollars spent so far in this attempt; never shrinks
/// tokens=812          used so far in this attempt; never shrinks
/// stage=train         up to 100 characters; empty: none
/// message="epoch 3"   up to 500 characters; empty: none
/// saved               a save is complete
/// ```
///
/// Other words are ignored, so that commands may use those of later versions. A value that is wrong
/// is ignored too, and remembered as a warning. Not thread-safe.
final class NotifyLines {
  static final int LONGEST_LINE = 4096;

  private static final int LONGEST_STAGE = 100;
  private static final int LONGEST_MESSAGE = 500;
  private static final int SHOWN = 60;
  private static final int COST_DIGITS = 9;
  private static final String NOT_WHOLE = "it must be a whole number from 0";
  private static final Pattern DECIMAL =
      Pattern.compile("([0-9]{1,15}(\\.[0-9]{0,30})?|\\.[0-9]{1,30})([eE][-+]?[0-9]{1,2})?");
  private static final Pattern WHOLE = Pattern.compile("[0-9]{1,18}");
  private static final BigDecimal DEAREST = new BigDecimal("1e12");

  private final byte[] line = new byte[LONGEST_LINE];
  private int length;
  private boolean cut;

  private @Nullable Double fraction;
  private @Nullable Long step;
  private @Nullable String stage;
  private @Nullable String message;
  private BigDecimal cost = BigDecimal.ZERO;
  private long tokens;
  private long savedCount;
  private long wrong;
  private @Nullable String firstWrong;

  Progress progress() {
    return new Progress(fraction, step, stage, message, cost, tokens);
  }

  /// How many complete lines held `saved`, each word counted.
  long savedCount() {
    return savedCount;
  }

  /// One sentence about all that was wrong so far.
  Optional<String> warning() {
    if (firstWrong == null) {
      return Optional.empty();
    }
    return Optional.of(
        wrong == 1
            ? "the command wrote a value to CAIRN_NOTIFY that is ignored: " + firstWrong
            : "the command wrote %d values to CAIRN_NOTIFY that are ignored; the first: %s"
                .formatted(wrong, firstWrong));
  }

  /// Takes the first `count` bytes of `bytes`, which may begin and end anywhere in a line.
  void accept(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] == '\n') {
        parse(new String(line, 0, length, StandardCharsets.UTF_8));
        length = 0;
        cut = false;
      } else if (length < LONGEST_LINE) {
        line[length++] = bytes[i];
      } else {
        cut = true;
      }
    }
  }

  private void parse(String text) {
    int at = 0;
    while (at < text.length()) {
      if (isBlank(text.charAt(at))) {
        at++;
        continue;
      }
      int end = endOfWord(text, at);
      if (cut && end >= text.length()) {
        warn("a line longer than %d bytes".formatted(LONGEST_LINE), "it was cut");
        return;
      }
      word(text.substring(at, end));
      at = end;
    }
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
  }

  /// A quote opens only right after the first equals sign.
  private static int endOfWord(String text, int start) {
    int at = start;
    while (at < text.length() && !isBlank(text.charAt(at))) {
      if (text.charAt(at) == '=' && text.startsWith("\"", at + 1)) {
        return endOfQuoted(text, at + 2);
      }
      if (text.charAt(at) == '=') {
        while (at < text.length() && !isBlank(text.charAt(at))) {
          at++;
        }
        return at;
      }
      at++;
    }
    return at;
  }

  private static int endOfQuoted(String text, int start) {
    for (int at = start; at < text.length(); at++) {
      if (text.charAt(at) == '\\') {
        at++;
      } else if (text.charAt(at) == '"') {
        return at + 1;
      }
    }
    return text.length();
  }

  private void word(String word) {
    int equals = word.indexOf('=');
    if (equals < 0) {
      savedCount += word.equals("saved") ? 1 : 0;
      return;
    }
    Optional<String> value = unquoted(word.substring(equals + 1));
    if (value.isEmpty()) {
      warn(word, "its quotes do not close");
      return;
    }
    set(word, word.substring(0, equals), value.get());
  }

  private static Optional<String> unquoted(String raw) {
    if (!raw.startsWith("\"")) {
      return Optional.of(raw);
    }
    var out = new StringBuilder();
    for (int i = 1; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '"') {
        return Optional.of(out.toString());
      }
      if (c == '\\' && i + 1 < raw.length()) {
        i++;
      }
      out.append(raw.charAt(i));
    }
    return Optional.empty();
  }

  private void set(String word, String key, String value) {
    switch (key) {
      case "progress" ->
          decimal(value, BigDecimal.ONE)
              .ifPresentOrElse(
                  number -> fraction = number.doubleValue(),
                  () -> warn(word, "it must be a number from 0 to 1"));
      case "cost" ->
          decimal(value, DEAREST)
              .ifPresentOrElse(
                  number -> cost = cost.max(number.setScale(scale(number), RoundingMode.HALF_UP)),
                  () -> warn(word, "it must be a number of dollars from 0"));
      case "step" ->
          whole(value).ifPresentOrElse(number -> step = number, () -> warn(word, NOT_WHOLE));
      case "tokens" ->
          whole(value)
              .ifPresentOrElse(
                  number -> tokens = Math.max(tokens, number), () -> warn(word, NOT_WHOLE));
      case "stage" -> stage = text(value, LONGEST_STAGE);
      case "message" -> message = text(value, LONGEST_MESSAGE);
      default -> {
        // for a later version
      }
    }
  }

  private static OptionalLong whole(String value) {
    return WHOLE.matcher(value).matches()
        ? OptionalLong.of(Long.parseLong(value))
        : OptionalLong.empty();
  }

  /// A spelling like `1e999999999` must not take hours or memory.
  private static Optional<BigDecimal> decimal(String value, BigDecimal largest) {
    return Optional.of(value)
        .filter(text -> DECIMAL.matcher(text).matches())
        .map(BigDecimal::new)
        .filter(number -> number.compareTo(largest) <= 0);
  }

  private static int scale(BigDecimal number) {
    return Math.clamp(number.scale(), 0, COST_DIGITS);
  }

  private static @Nullable String text(String value, int limit) {
    return value.isEmpty() ? null : Text.printable(value, limit);
  }

  private void warn(String what, String why) {
    wrong++;
    if (firstWrong == null) {
      firstWrong = "%s (%s)".formatted(Text.printable(what, SHOWN), why);
    }
  }
}
