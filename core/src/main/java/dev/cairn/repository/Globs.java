package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Patterns for relative paths. One that fits a directory takes all that is below it.
///
/// `*` and `?` stand for any characters and any one character but `/`; `**` for anything; `**/`
/// also for nothing; `[a-z]` and `[!a-z]` for one character of a set; `\` takes the meaning of the
/// next character. Everything else stands for itself.
public record Globs(List<String> patterns) implements Repository.Restore.Wanted {
  private static final int LONGEST = 4096;

  /// @throws CairnException.Invalid if one is no pattern
  public Globs {
    patterns = List.copyOf(patterns);
    patterns.forEach(Globs::compiled);
  }

  @Override
  public boolean test(String path) {
    return patterns.stream().anyMatch(pattern -> matches(compiled(pattern), path));
  }

  @Override
  public String name() {
    byte[] all = String.join("\0", patterns).getBytes(StandardCharsets.UTF_8);
    return Sha256.of(ByteBuffer.wrap(all)).toString();
  }

  @Override
  public Repository.Restore.Wanted ready(List<String> paths) {
    var compiled = new ArrayList<Pattern>();
    for (String pattern : patterns) {
      Pattern regex = compiled(pattern);
      if (paths.stream().noneMatch(path -> regex.matcher(path).matches())) {
        throw new CairnException.NotFound(
            "nothing in the checkpoint is called " + Text.printable(pattern, 200),
            "Nothing was restored. See what is in it with: cairn checkpoints show ID");
      }
      compiled.add(regex);
    }
    return path -> compiled.stream().anyMatch(regex -> matches(regex, path));
  }

  /// Whether the path or a directory above it fits.
  private static boolean matches(Pattern regex, String path) {
    for (String at = path; !at.isEmpty(); at = TreePath.parent(at)) {
      if (regex.matcher(at).matches()) {
        return true;
      }
    }
    return false;
  }

  private static Pattern compiled(String pattern) {
    String glob = pattern.endsWith("/") ? pattern.substring(0, pattern.length() - 1) : pattern;
    glob = glob.startsWith("./") ? glob.substring(2) : glob;
    if (glob.isEmpty() || glob.length() > LONGEST || glob.startsWith("/")) {
      throw invalid(pattern);
    }
    var regex = new StringBuilder();
    for (int i = 0; i < glob.length(); ) {
      i = translate(glob, i, regex, pattern);
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  /// @return where the next part begins
  private static int translate(String glob, int at, StringBuilder regex, String whole) {
    char c = glob.charAt(at);
    switch (c) {
      case '*' -> {
        int end = at;
        while (end < glob.length() && glob.charAt(end) == '*') {
          end++;
        }
        boolean segment = at == 0 || glob.charAt(at - 1) == '/';
        if (end - at == 1) {
          regex.append("[^/]*");
        } else if (segment && end < glob.length() && glob.charAt(end) == '/') {
          regex.append("(?:.*/)?");
          end++;
        } else {
          regex.append(".*");
        }
        return end;
      }
      case '?' -> regex.append("[^/]");
      case '[' -> {
        return translateSet(glob, at, regex, whole);
      }
      case '\\' -> {
        if (at + 1 == glob.length()) {
          throw invalid(whole);
        }
        regex.append(Pattern.quote(glob.substring(at + 1, at + 2)));
        return at + 2;
      }
      default -> regex.append(Pattern.quote(String.valueOf(c)));
    }
    return at + 1;
  }

  private static int translateSet(String glob, int at, StringBuilder regex, String whole) {
    int from = at + 1;
    boolean not = from < glob.length() && (glob.charAt(from) == '!' || glob.charAt(from) == '^');
    from += not ? 1 : 0;
    int end = glob.indexOf(']', from + 1);
    if (end < 0) {
      throw invalid(whole);
    }
    regex.append(not ? "[^/" : "[");
    for (int i = from; i < end; i++) {
      char c = glob.charAt(i);
      boolean range = c == '-' && i > from && i + 1 < end;
      if (range && glob.charAt(i - 1) > glob.charAt(i + 1)) {
        throw invalid(whole);
      }
      regex.append(range || Character.isLetterOrDigit(c) ? "" : "\\").append(c);
    }
    regex.append(']');
    return end + 1;
  }

  private static CairnException.Invalid invalid(String pattern) {
    return new CairnException.Invalid(
        "'%s' is not a pattern for relative paths".formatted(Text.printable(pattern, 200)),
        "Write it as 'model*', 'a/*.bin' or '**/*.json'.");
  }
}
