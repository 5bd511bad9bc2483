package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.repository.FileTree;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// By what a watched directory shows that what is in it is complete: `--layout`.
///
/// A pure judgement of what others have seen. It never suffices alone: a capture is published only
/// if nothing of it changed until it was hashed.
public sealed interface Layout permits AutoLayout, DirLayout, MarkerLayout, QuiesceLayout {
  /// How long nothing may have changed for [AutoLayout] and [QuiesceLayout].
  Duration QUIET = Duration.ofSeconds(1);

  /// Judges a directory that its job may be writing to.
  Readiness judge(Sight sight);

  /// Judges a directory that nobody writes to any more.
  ///
  /// @param ownEnd whether its writer ended as it wanted to, not in the middle of something
  default Readiness judgeAtRest(FileTree present, @Nullable FileTree published, boolean ownEnd) {
    FileTree previous = ownEnd ? present : null;
    return judge(new Sight(present, previous, Duration.ofDays(1), Map.of(), published, 1, 0));
  }

  /// Whether it has a mark of completeness, by which a directory may be captured even if its writer
  /// was killed in the middle of something.
  boolean completeAfterAbnormalEnd();

  /// What is known of a watched directory.
  ///
  /// @param present what it holds now
  /// @param previous what it held at the look before; absent at the first
  /// @param unchanged how long it has stayed as it is while it was watched
  /// @param open files that the job holds open for writing, and which process does
  /// @param published what was captured last, without what was left out; absent if nothing was
  /// @param saved how often the command has said that a save is complete
  /// @param savedPublished the same at the last capture
  record Sight(
      FileTree present,
      @Nullable FileTree previous,
      Duration unchanged,
      Map<String, String> open,
      @Nullable FileTree published,
      long saved,
      long savedPublished) {
    public Sight {
      open = Map.copyOf(open);
    }
  }

  /// Understands `auto`, `dir`, `quiesce` and `marker:GLOB`; `toString` gives it back.
  ///
  /// @throws CairnException.Invalid if it is none of these
  static Layout parse(String text) {
    return switch (text) {
      case "auto" -> new AutoLayout(QUIET);
      case "quiesce" -> new QuiesceLayout(QUIET);
      case "dir" -> new DirLayout();
      default -> {
        if (text.startsWith(MarkerLayout.PREFIX)) {
          yield new MarkerLayout(text.substring(MarkerLayout.PREFIX.length()));
        }
        throw unknown(text);
      }
    };
  }

  private static CairnException.Invalid unknown(String text) {
    Optional<String> meant =
        List.of("auto", "dir", "quiesce", "marker").stream()
            .filter(known -> !text.isBlank())
            .filter(known -> known.charAt(0) == Character.toLowerCase(text.strip().charAt(0)))
            .findFirst();
    return new CairnException.Invalid(
        "there is no layout '%s'".formatted(Text.printable(text, 60)),
        meant
                .map(known -> known.equals("marker") ? "marker:DONE" : known)
                .map("Did you mean %s? "::formatted)
                .orElse("")
            + "Layouts are auto, dir, quiesce and marker:GLOB,"
            + " for example marker:DONE or marker:step-*/DONE.");
  }
}
