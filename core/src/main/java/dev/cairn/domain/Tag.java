package dev.cairn.domain;

import java.util.regex.Pattern;

/// A name that a person gave to a checkpoint: `JOB@TAG` means the same as `JOB@NUMBER`.
public final class Tag {
  /// A letter first, so that no tag can be taken for a number.
  private static final Pattern SHAPE = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,63}");

  private Tag() {}

  public static boolean isTag(String text) {
    return SHAPE.matcher(text).matches();
  }

  /// @throws CairnException.Invalid if `text` cannot be a tag
  public static String require(String text) {
    if (!isTag(text)) {
      throw new CairnException.Invalid(
          "'%s' is no tag".formatted(Text.printable(text, 80)),
          "Use a letter, then at most 63 letters, digits, dots, underscores and hyphens.");
    }
    return text;
  }
}
