package dev.cairn.cli;

import dev.cairn.checkpoint.OnSuccess;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Storing;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// Options that many commands share.
final class Options {
  private Options() {}

  static final class StoreOption {
    @Option(
        names = "--store",
        paramLabel = "STORE",
        description = "Directory or file: URI of the store (default: $CAIRN_STORE, else ./.cairn).")
    @Nullable String place;
  }

  static final class JsonOption {
    @Option(names = "--json", description = "Print one JSON document instead of text.")
    boolean on;
  }

  /// How new contents are stored.
  static final class StoringOption {
    @Option(
        names = "--compression",
        paramLabel = "auto|none",
        description = "Compress where a sample shrinks (auto), or never (none; default: auto).")
    private CompressionText compression = CompressionText.auto;

    @Option(
        names = "--chunk-size",
        paramLabel = "SIZE",
        converter = ChunkSize.class,
        description =
            "256KiB, or 64KiB: stores less of small scattered changes, costs more for each file"
                + " (default: 256KiB).")
    private int chunkBytes = Storing.DEFAULTS.chunkBytes();

    @Option(
        names = "--paranoid",
        description = {
          "Read every file, also one whose size, times and inode are those of the last checkpoint,",
          "and all that is stored of that one: what is damaged there is stored anew."
        })
    private boolean paranoid;

    /// The names that people write.
    private enum CompressionText {
      auto,
      none
    }

    Storing value() {
      Compression how =
          switch (compression) {
            case auto -> Compression.AUTO;
            case none -> Compression.NONE;
          };
      return new Storing(how, chunkBytes, paranoid);
    }
  }

  /// `256KiB` or `64KiB`.
  static final class ChunkSize implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return switch (text.toLowerCase(Locale.ROOT)) {
        case "256kib", "256k" -> 256 * 1024;
        case "64kib", "64k" -> 64 * 1024;
        default ->
            throw new TypeConversionException(
                "'%s' is not a chunk size. Write 256KiB or 64KiB."
                    .formatted(Text.printable(text, 40)));
      };
    }
  }

  /// `keep`, `delete` or `keep:7d`.
  static final class OnSuccessText implements ITypeConverter<OnSuccess> {
    private static final String FOR = "keep:";

    @Override
    public OnSuccess convert(String text) {
      if (text.startsWith(FOR)) {
        return new OnSuccess(new DurationText().convert(text.substring(FOR.length())));
      }
      return switch (text) {
        case "keep" -> OnSuccess.KEEP;
        case "delete" -> OnSuccess.DELETE;
        default ->
            throw new TypeConversionException(
                "'%s' is nothing that can be done with them. Write keep, delete or keep:7d"
                    .formatted(Text.printable(text, 40)));
      };
    }
  }

  /// Durations such as `500ms`, `30s`, `10m`, `1h30m`, `2d`.
  static final class DurationText implements ITypeConverter<Duration> {
    private static final Pattern PART = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    /// So that no arithmetic with durations overflows.
    private static final Duration LONGEST = Duration.ofDays(10_000);

    @Override
    public Duration convert(String text) {
      try {
        return parse(text);
      } catch (CairnException.Invalid e) {
        throw new TypeConversionException(e.getMessage() + ". " + e.advice());
      }
    }

    static Duration parse(String text) {
      Matcher matcher = PART.matcher(text);
      Duration sum = Duration.ZERO;
      int end = 0;
      while (matcher.find() && matcher.start() == end) {
        sum = sum.plus(part(Long.parseLong(matcher.group(1)), matcher.group(2)));
        end = matcher.end();
      }
      if (end == 0 || end != text.length()) {
        throw new CairnException.Invalid(
            "'%s' is not a duration".formatted(Text.printable(text, 40)),
            "Write it as 500ms, 30s, 10m, 1h30m or 2d.");
      }
      if (sum.compareTo(LONGEST) > 0) {
        throw new CairnException.Invalid(
            "'%s' is too long a duration".formatted(Text.printable(text, 40)),
            "Write at most 10000d, for example 30s, 10m, 1h30m or 2d.");
      }
      return sum;
    }

    private static Duration part(long amount, String unit) {
      return switch (unit) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        default -> Duration.ofDays(amount);
      };
    }
  }
}
