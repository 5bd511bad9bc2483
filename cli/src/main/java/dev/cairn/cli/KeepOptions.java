package dev.cairn.cli;

import dev.cairn.checkpoint.Keep;
import dev.cairn.checkpoint.Keep.Good;
import dev.cairn.checkpoint.Keep.Span;
import dev.cairn.checkpoint.Metric;
import dev.cairn.checkpoint.Retention;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// What to keep, as options: what any of them keeps stays.
final class KeepOptions {
  @Option(
      names = "--keep-last",
      paramLabel = "N",
      description = "Keep the newest N checkpoints (a save without any --keep rule: 5).")
  private @Nullable Integer last;

  @Option(
      names = "--keep-every",
      paramLabel = "STEPS",
      description = "Keep the newest checkpoint of each STEPS steps.")
  private @Nullable Long every;

  @Option(
      names = "--keep-hourly",
      paramLabel = "N",
      description = "Keep the newest of each of the last N hours that have one (UTC).")
  private @Nullable Integer hourly;

  @Option(
      names = "--keep-daily",
      paramLabel = "N",
      description = "Keep the newest of each of the last N days that have one (UTC).")
  private @Nullable Integer daily;

  @Option(
      names = "--keep-weekly",
      paramLabel = "N",
      description = "Keep the newest of each of the last N weeks that have one (Monday, UTC).")
  private @Nullable Integer weekly;

  @Option(
      names = "--keep-best",
      paramLabel = "N:METRIC[:min|max]",
      converter = BestText.class,
      description =
          "Keep the N with the best METRIC: a path in the state, such as eval.loss, or a label"
              + " (default: max); may be repeated.")
  private List<Keep.Best> best = List.of();

  @Option(
      names = "--keep-within",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Keep what is younger than this.")
  private @Nullable Duration within;

  /// The rules that were given; none if none was.
  ///
  /// @throws CairnException.Invalid if one makes no sense
  List<Keep> rules() {
    var rules = new ArrayList<Keep>();
    if (last != null) {
      rules.add(new Keep.Last(last));
    }
    if (every != null) {
      rules.add(new Keep.Every(every));
    }
    addNewest(rules, Span.HOURLY, hourly);
    addNewest(rules, Span.DAILY, daily);
    addNewest(rules, Span.WEEKLY, weekly);
    rules.addAll(best);
    if (within != null) {
      rules.add(new Keep.Within(within));
    }
    return rules;
  }

  private static void addNewest(List<Keep> rules, Span span, @Nullable Integer count) {
    if (count != null) {
      rules.add(new Keep.Newest(span, count));
    }
  }

  /// For saving: the rules that were given, else the usual.
  Retention retention() {
    List<Keep> rules = rules();
    return rules.isEmpty() ? Retention.DEFAULTS : new Retention(rules);
  }

  /// Rules such as `3:loss:min`.
  static final class BestText implements ITypeConverter<Keep.Best> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}):(.+?)(?::(min|max))?");

    @Override
    public Keep.Best convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw refused(text);
      }
      try {
        Good good = "min".equals(matcher.group(3)) ? Good.MIN : Good.MAX;
        return new Keep.Best(
            Integer.parseInt(matcher.group(1)), new Metric(matcher.group(2)), good);
      } catch (CairnException.Invalid e) {
        throw refused(text);
      }
    }

    private static TypeConversionException refused(String text) {
      return new TypeConversionException(
          "'%s' does not say what is best. Write it as 3:eval.loss:min or 1:accuracy:max"
              .formatted(Text.printable(text, 40)));
    }
  }
}
