package dev.cairn.repository;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The rules for the path of an entry, relative to the root of its tree.
///
/// Segments joined by `/`; none empty, `.` or `..`; no NUL; well-formed UTF-8 of at most 4096
/// bytes. So no path leads out of the directory that it is resolved against (I10).
final class TreePath {
  static final int MAX_BYTES = 4096;

  private TreePath() {}

  /// The order of entries: that of the UTF-8 bytes as unsigned numbers. A directory comes before
  /// everything in it.
  static int compare(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // UTF-16 puts surrogates before U+E000, UTF-8 puts what they stand for after U+FFFF.
        if (Character.isSurrogate(x) != Character.isSurrogate(y)) {
          return Character.isSurrogate(x) ? 1 : -1;
        }
        return x < y ? -1 : 1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /// What is wrong with `path`; empty if it is fine.
  static Optional<String> flaw(String path) {
    if (path.indexOf('\0') >= 0) {
      return Optional.of("it contains NUL");
    }
    if (!isWellFormed(path)) {
      return Optional.of("it is not valid UTF-8");
    }
    if (path.length() > MAX_BYTES || utf8(path).length > MAX_BYTES) {
      return Optional.of("it is longer than " + MAX_BYTES + " bytes");
    }
    for (String segment : path.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return Optional.of("it has a segment '" + segment + "'");
      }
    }
    return Optional.empty();
  }

  /// Whether every surrogate in `text` is one of a pair.
  static boolean isWellFormed(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// The path of the directory that holds `path`; the root is "".
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  static String join(String directory, String name) {
    return directory.isEmpty() ? name : directory + "/" + name;
  }
}
