package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Env;
import dev.cairn.repository.VerifyLevel;
import dev.cairn.repository.VerifyLevel.Sampled;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// How much a check reads, as options.
final class LevelOptions {
  @Option(names = "--full", description = "Read and hash every byte (default).")
  private boolean full;

  @Option(
      names = "--sampled",
      description = "Read a share of the contents, and tell what that finds.")
  private boolean sampled;

  @Option(
      names = "--fast",
      description = "Read the lists only, and look whether all packs are there and long enough.")
  private boolean fast;

  @Option(
      names = "--share",
      paramLabel = "P",
      converter = ShareText.class,
      description = "With --sampled: how much to read, such as 5%% or 0.05 (default: 5%%).")
  private @Nullable Double share;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "With --sampled: choose as an earlier check did (default: another choice).")
  private @Nullable Long seed;

  VerifyLevel level(Env env) {
    if (Stream.of(full, sampled, fast).filter(chosen -> chosen).count() > 1) {
      throw new CairnException.Invalid("a check has one level", "Say --fast, --sampled or --full.");
    }
    if (!sampled && (share != null || seed != null)) {
      throw new CairnException.Invalid(
          (share != null ? "--share" : "--seed") + " is for samples", "Say --sampled too.");
    }
    if (sampled) {
      return new Sampled(
          share != null ? share : Sampled.USUAL_SHARE, seed != null ? seed : anySeed(env));
    }
    return fast ? VerifyLevel.FAST : VerifyLevel.FULL;
  }

  /// Short enough to be typed again.
  private static long anySeed(Env env) {
    return Integer.toUnsignedLong(ByteBuffer.wrap(env.randomBytes(Integer.BYTES)).getInt());
  }

  /// Shares such as `5%` and `0.05`.
  static final class ShareText implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      boolean percent = text.endsWith("%");
      try {
        String digits = percent ? text.substring(0, text.length() - 1) : text;
        double value = Double.parseDouble(digits) / (percent ? 100 : 1);
        if (value > 0 && value <= 1) {
          return value;
        }
      } catch (NumberFormatException _) {
        // Told below.
      }
      throw new TypeConversionException(
          "'%s' is not a share. Write it as 5%% or 0.05, above 0 and at most 1"
              .formatted(Text.printable(text, 40)));
    }
  }
}
