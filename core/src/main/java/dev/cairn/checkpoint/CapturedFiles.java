package dev.cairn.checkpoint;

import dev.cairn.env.Disk;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Part;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Where the files of a checkpoint come from.
///
/// @param root directory whose contents are saved; absent for none
/// @param leaveOut relative paths below it that do not belong to it
/// @param parts more files, whose bytes the program hands over
public record CapturedFiles(@Nullable Path root, Predicate<String> leaveOut, List<Part> parts) {
  /// A checkpoint without files.
  public static final CapturedFiles NONE = new CapturedFiles(null, _ -> false, List.of());

  public CapturedFiles {
    parts = List.copyOf(parts);
  }

  /// The contents of a directory.
  ///
  /// @param root absent for none
  public static CapturedFiles in(@Nullable Path root, Predicate<String> leaveOut) {
    return new CapturedFiles(root, leaveOut, List.of());
  }

  /// These files, whose bytes the program hands over.
  public static CapturedFiles of(List<Part> parts) {
    return NONE.with(parts);
  }

  public CapturedFiles with(List<Part> more) {
    return new CapturedFiles(root, leaveOut, more);
  }

  /// What is in the directory now.
  FileTree scan(Disk disk) {
    return root == null ? FileTree.EMPTY : FileTree.scan(disk, root, leaveOut);
  }

  boolean isNone() {
    return root == null && parts.isEmpty();
  }
}
