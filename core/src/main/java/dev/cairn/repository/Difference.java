package dev.cairn.repository;

import org.jspecify.annotations.Nullable;

/// One name that is not the same in two trees. Times do not count.
///
/// @param before absent if it is new
/// @param after absent if it is gone
/// @param changedBytes bytes of the file `after` in chunks that `before` does not have; 0 where it
///   is only shorter, or only its mode or link text differs
public record Difference(
    String path, @Nullable Side before, @Nullable Side after, long changedBytes) {
  /// What stands at the name.
  ///
  /// @param type `file`, `directory` or `symlink`
  /// @param sizeBytes of a file; else 0
  /// @param mode permission bits, the low 12; of a link 0
  /// @param target what a link says
  public record Side(String type, long sizeBytes, int mode, @Nullable String target) {
    boolean isFile() {
      return type.equals("file");
    }
  }
}
