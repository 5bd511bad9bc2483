package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import java.util.Map;

/// Labels as people give them.
final class Labels {
  private static final int LIMIT = 64;
  private static final int VALUE_LIMIT = 256;

  private Labels() {}

  /// @throws CairnException.Invalid if there are too many, or one is too long or reserved
  static Map<String, String> checked(Map<String, String> labels) {
    if (labels.size() > LIMIT) {
      throw new CairnException.Invalid("more than %d labels".formatted(LIMIT), "");
    }
    labels.forEach((key, value) -> {
      if (!key.matches("[A-Za-z0-9][A-Za-z0-9._/-]{0,62}") || value.length() > VALUE_LIMIT) {
        throw new CairnException.Invalid(
            "'%s' is no label".formatted(Text.printable(key + "=" + value, 80)),
            "A key has up to 63 letters, digits, '.', '_', '-' or '/'; a value up to 256 characters.");
      }
      if (key.startsWith("cairn.")) {
        throw new CairnException.Invalid("labels that start with 'cairn.' are cairn's own", "");
      }
    });
    return labels;
  }
}
