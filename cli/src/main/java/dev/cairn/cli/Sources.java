package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The paths that a save takes, as one root and what below it is left out.
///
/// @param root absent if only state is saved
record Sources(@Nullable Path root, Predicate<String> leaveOut) {
  static Sources of(Context context, List<String> paths) {
    if (paths.isEmpty()) {
      return new Sources(null, _ -> true);
    }
    List<Path> all = paths.stream().map(context::path).toList();
    for (Path path : all) {
      if (context.disk().stat(path).isEmpty()) {
        throw new CairnException.NotFound(
            "there is no " + dev.cairn.domain.Text.printable(path.toString(), 200),
            "Nothing was saved.");
      }
    }
    if (all.size() == 1 && isDirectory(context, all.getFirst())) {
      return new Sources(all.getFirst(), _ -> false);
    }
    return below(common(all), all);
  }

  private static boolean isDirectory(Context context, Path path) {
    return context.disk().stat(path).map(FileStat::kind).orElse(FileKind.OTHER)
        == FileKind.DIRECTORY;
  }

  private static Path common(List<Path> all) {
    Path root = parent(all.getFirst());
    for (Path path : all) {
      while (!parent(path).startsWith(root)) {
        root = parent(root);
      }
    }
    return root;
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new CairnException.Invalid("the root directory cannot be saved", "Name what is in it.");
    }
    return parent;
  }

  private static Sources below(Path root, List<Path> all) {
    Set<String> wanted =
        all.stream().map(path -> root.relativize(path).toString()).collect(Collectors.toSet());
    return new Sources(root, relative -> wanted.stream().noneMatch(w -> touches(relative, w)));
  }

  /// Whether one of the two is the other or an ancestor of it.
  private static boolean touches(String relative, String wanted) {
    return relative.equals(wanted)
        || relative.startsWith(wanted + "/")
        || wanted.startsWith(relative + "/");
  }
}
