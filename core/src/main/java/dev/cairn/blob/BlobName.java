package dev.cairn.blob;

import dev.cairn.domain.Text;
import java.util.regex.Pattern;

/// Which names an object may have: segments of `[A-Za-z0-9._-]`, none starting with `.`, joined by
/// `/`. So no name can point outside its store (I10).
public final class BlobName {
  private static final String SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]*";
  private static final Pattern FORM = Pattern.compile(SEGMENT + "(?:/" + SEGMENT + ")*");

  private BlobName() {}

  public static boolean isValid(String name) {
    return FORM.matcher(name).matches();
  }

  /// @return `name`
  /// @throws IllegalArgumentException if it is not a name
  public static String checked(String name) {
    if (!isValid(name)) {
      throw new IllegalArgumentException(
          "'" + Text.printable(name, 200) + "' is not the name of an object");
    }
    return name;
  }
}
