package dev.cairn.cli;

import dev.cairn.checkpoint.InPlaceMark;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
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
  /// @param store what is never saved into itself
  static Sources of(Context context, Path store, List<String> paths) {
    if (paths.isEmpty()) {
      return new Sources(null, _ -> true);
    }
    List<Path> all = paths.stream().map(context::path).toList();
    all.forEach(path -> kind(context, path));
    Sources sources = all.size() == 1 ? single(context, all.getFirst()) : below(common(all), all);
    return sources.without(context, store);
  }

  private static Sources single(Context context, Path path) {
    Path real = context.real(path);
    if (kind(context, real) == FileKind.DIRECTORY) {
      InPlaceMark.requireNone(context.disk(), real, "nothing was saved");
      return new Sources(real, _ -> false);
    }
    return switch (kind(context, path)) {
      case FILE, DIRECTORY -> below(parent(path), List.of(path));
      case SYMLINK ->
          throw new CairnException.Invalid(
              printable(path) + " is a symbolic link; what it leads to would not be saved",
              "Nothing was saved. Name what it leads to: " + printable(real));
      case OTHER ->
          throw new CairnException.Invalid(
              printable(path) + " is a socket, pipe or device, which cannot be saved",
              "Nothing was saved.");
    };
  }

  private static FileKind kind(Context context, Path path) {
    return context
        .disk()
        .stat(path)
        .map(FileStat::kind)
        .orElseThrow(() ->
            new CairnException.NotFound("there is no " + printable(path), "Nothing was saved."));
  }

  private Sources without(Context context, Path store) {
    Path place = context.real(store);
    Path from = root == null ? null : context.real(root);
    if (from == null || !place.startsWith(from)) {
      return this;
    }
    if (place.equals(from)) {
      throw new CairnException.Invalid(
          printable(place) + " is the store itself", "Nothing was saved. Name another directory.");
    }
    String own = from.relativize(place).toString();
    if (!leaveOut.test(own)) {
      context.tell("the store %s is in there; it is left out".formatted(printable(place)));
    }
    return new Sources(
        root, path -> leaveOut.test(path) || path.equals(own) || path.startsWith(own + "/"));
  }

  private static String printable(Path path) {
    return Text.printable(path.toString(), 200);
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
