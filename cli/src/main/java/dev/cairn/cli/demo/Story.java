package dev.cairn.cli.demo;

import dev.cairn.env.Env;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// Tells people what happens as it happens: lines with the time, what was done, what Cairn said.
///
/// Thread-safe, so that it can be broken off.
final class Story {
  private static final String PLAIN = "0";
  private static final String BOLD = "1";
  private static final String DIM = "2";
  private static final String RED = "31";
  private static final String GREEN = "32";
  private static final int WIDTH = 110;
  private static final Pattern HASH = Pattern.compile("\\b([0-9a-f]{12})[0-9a-f]{12,}");
  private static final String INDENT = "      ";

  private final PrintWriter out;
  private final boolean coloured;
  private final Env env;
  private final long start;
  private boolean over;

  Story(PrintWriter out, boolean coloured, Env env) {
    this.out = out;
    this.coloured = coloured;
    this.env = env;
    this.start = env.nanos();
  }

  /// Seconds since the beginning.
  double seconds() {
    return (env.nanos() - start) / 1e9;
  }

  void line(String text) {
    print(text);
  }

  void heading(String text) {
    print("");
    print(in(BOLD, text));
  }

  /// Something that the demo does for good.
  void done(String sentence) {
    print(time() + "  " + sentence);
  }

  /// Something that the demo breaks.
  void broken(String sentence) {
    print(time() + in(RED, "✗ ") + shortened(sentence));
  }

  /// Something that was hoped for and came true.
  void held(String sentence) {
    print(time() + in(GREEN, "✓ ") + sentence);
  }

  /// The last words of a story that is broken off.
  synchronized void brokenOff(String sentence) {
    print("");
    print(sentence);
    over = true;
  }

  /// That the demo failed.
  void failed(String sentence) {
    print(in(RED, "✗ cairn demo failed: ") + sentence);
  }

  /// What a node's `cairn run` said itself.
  void quoted(String node, String sentence) {
    for (String part : wrapped(shortened(sentence), WIDTH - INDENT.length() - node.length() - 3)) {
      print(INDENT + in(DIM, node + " │ " + part));
    }
  }

  /// Hashes are cut: they would fill the line.
  private static String shortened(String text) {
    return HASH.matcher(text).replaceAll("$1…");
  }

  private static List<String> wrapped(String text, int width) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
        line.append(" ");
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private String time() {
    return String.format(Locale.ROOT, "%6.1f s ", seconds());
  }

  private String in(String style, String text) {
    return coloured ? "\u001b[" + style + "m" + text + "\u001b[" + PLAIN + "m" : text;
  }

  private synchronized void print(String line) {
    if (!over) {
      out.println(line);
      out.flush();
    }
  }
}
