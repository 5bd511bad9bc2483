package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `docs/testing.md` tells which check holds which invariant: all of them, and no others.
final class ProofDocsTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/cairn/testkit");
  private static final Path DOCS = Path.of("../docs/testing.md");
  private static final Pattern CHECK =
      Pattern.compile("\"(?:I[0-9]+|bug)\"[^;]{0,60}?\"([a-z]+(?:_[a-z]+)+)\"");
  private static final Pattern TOLD = Pattern.compile("`([a-z]+(?:_[a-z]+)+)`");

  private static Set<String> checks() throws IOException {
    var names = new TreeSet<String>();
    for (String folder : new String[] {"history", "sim"}) {
      try (var files = Files.list(SOURCES.resolve(folder))) {
        for (Path file : files.toList()) {
          CHECK
              .matcher(Files.readString(file))
              .results()
              .forEach(result -> names.add(result.group(1)));
        }
      }
    }
    return names;
  }

  private static Set<String> told() throws IOException {
    String docs = Files.readString(DOCS);
    int from = docs.indexOf("### Which check holds which invariant");
    int to = docs.indexOf("\n#", from + 1);
    String table = to < 0 ? docs.substring(from) : docs.substring(from, to);
    var names = new TreeSet<String>();
    TOLD.matcher(table).results().forEach(result -> names.add(result.group(1)));
    return names;
  }

  @Test
  void every_check_is_told_and_every_told_check_exists() throws IOException {
    Set<String> checks = checks();
    assertThat(checks).hasSizeGreaterThan(30);
    // Where one of two is chosen, the pattern sees only the first.
    checks.add("no_maintenance_on_a_running_job");
    assertThat(told()).isEqualTo(checks);
  }
}
