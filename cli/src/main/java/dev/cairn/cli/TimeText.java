package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Function;

/// Moments as people write them: ISO 8601, or how long ago.
///
/// `2026-11-26T12:30:00Z`, `2026-11-26T13:30+01:00`; without an offset by the clock of this
/// machine: `2026-11-26T12:30`, `2026-11-26` (as it begins); `2h ago`, `1h30m ago`.
final class TimeText {
  private static final String AGO = "ago";
  private static final ZoneId HERE = ZoneId.systemDefault();
  private static final List<Function<String, Instant>> FORMS =
      List.of(
          text -> OffsetDateTime.parse(text).toInstant(),
          text -> LocalDateTime.parse(text).atZone(HERE).toInstant(),
          text -> LocalDate.parse(text).atStartOfDay(HERE).toInstant());

  private TimeText() {}

  /// @throws CairnException.Invalid if `text` is no moment
  static Instant parse(String text, Instant now) {
    if (text.endsWith(AGO)) {
      return now.minus(
          Options.DurationText.parse(text.substring(0, text.length() - AGO.length()).strip()));
    }
    for (Function<String, Instant> form : FORMS) {
      try {
        return form.apply(text.strip());
      } catch (DateTimeException _) {
        // the next form may fit
      }
    }
    throw new CairnException.Invalid(
        "'%s' is not a time".formatted(Text.printable(text, 40)),
        "Write it as 2026-11-26T12:30:00Z, 2026-11-26T12:30, 2026-11-26 or '2h ago'.");
  }
}
