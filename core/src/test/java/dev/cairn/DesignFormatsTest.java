package dev.cairn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Keeps the formats in docs/design.md the same as in the documentation of the classes that
/// implement them. `-Dcairn.docs=write` writes them anew.
class DesignFormatsTest {
  private static final List<String> CLASSES =
      List.of(
          "blob/SealedJson",
          "repository/PackName",
          "repository/Pack",
          "repository/ChunkRef",
          "repository/Codec",
          "repository/LeafGroup",
          "repository/TreePath",
          "repository/Manifest");
  private static final String START = "<!-- formats -->\n";
  private static final String END = "<!-- /formats -->";

  @Test
  void formats_in_the_design_are_those_of_the_code() throws IOException {
    Path page = root().resolve("docs/design.md");
    String text = Files.readString(page);
    int start = text.indexOf(START) + START.length();
    int end = text.indexOf(END);
    String formats = formats();
    if ("write".equals(System.getProperty("cairn.docs"))) {
      Files.writeString(page, text.substring(0, start) + formats + text.substring(end));
      return;
    }
    assertThat(text.substring(start, end)).isEqualTo(formats);
  }

  private static String formats() throws IOException {
    var out = new StringBuilder();
    for (String name : CLASSES) {
      out.append("\n### ").append(name.substring(name.indexOf('/') + 1)).append("\n\n");
      out.append(classDoc(Files.readAllLines(source(name)))).append('\n');
    }
    return out.append('\n').toString();
  }

  /// The last block of `///` lines before the top-level type.
  private static String classDoc(List<String> lines) {
    var doc = new ArrayList<String>();
    for (String line : lines) {
      if (line.startsWith("///")) {
        doc.add(line.length() > 4 ? line.substring(4) : "");
      } else if (line.matches(
          "(public |abstract |final |sealed )*(class|record|interface|enum) .*")) {
        return String.join("\n", doc);
      } else if (!line.startsWith("@") && !line.isBlank()) {
        doc.clear();
      }
    }
    throw new AssertionError("no documented type");
  }

  private static Path source(String name) {
    return root().resolve("core/src/main/java/dev/cairn/" + name + ".java");
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("docs")) ? here : here.getParent();
  }
}
