package dev.cairn.run;

import java.util.Map;
import java.util.Set;

/// Turns the environment of this process into that of the command.
///
/// Taken out: the keys and tokens that Cairn itself works with, so that no job can read or log
/// them. Put back: the user's own `LC_ALL`, which the launcher replaces where it names no UTF-8
/// locale; it keeps the original in `CAIRN_ORIGINAL_LC_ALL`, or `(unset)` or `-` if there was none.
final class ChildEnvironment {
  private static final String ORIGINAL_LOCALE = "CAIRN_ORIGINAL_LC_ALL";
  private static final Set<String> NO_LOCALE = Set.of("(unset)", "-");

  private static final Set<String> WITHHELD =
      Set.of(
          "CAIRN_S3_ACCESS_KEY",
          "CAIRN_S3_SECRET_KEY",
          "CAIRN_WEBHOOK_TOKEN",
          "CAIRN_ENCRYPTION_KEY*",
          "CAIRN_TOKEN");

  private ChildEnvironment() {}

  /// Changes `environment`, that of this process, in place: what stays untouched also keeps its
  /// bytes where they are no valid text.
  static void prepare(Map<String, String> environment, Command command) {
    String locale = environment.remove(ORIGINAL_LOCALE);
    if (locale != null) {
      if (NO_LOCALE.contains(locale)) {
        environment.remove("LC_ALL");
      } else {
        environment.put("LC_ALL", locale);
      }
    }
    environment
        .keySet()
        .removeIf(name -> isAmong(WITHHELD, name) || isAmong(command.unset(), name));
    environment.putAll(command.set());
  }

  private static boolean isAmong(Set<String> patterns, String name) {
    return patterns.stream()
        .anyMatch(pattern ->
            pattern.endsWith("*")
                ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                : name.equals(pattern));
  }
}
