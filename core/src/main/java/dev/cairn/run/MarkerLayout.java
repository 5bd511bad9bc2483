package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk.FileStat;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;

/// `marker:GLOB`: the program writes a file last, by which it says that what is beside it is whole.
///
/// - Without a folder, such as `DONE`: the whole directory is complete if such a file directly in
///   it has a modification and a change time not before those of any other file, and if it changed
///   since the last capture. What changed in the same tick of the clock as the marker counts as
///   older only if nobody holds it open for writing and nothing has changed since the look before.
/// - With a folder, such as `step-*/DONE`: each folder that matches is complete if such a file
///   directly in it has a change time not before that of any other file in it, or if the folder is
///   as it was when it was last captured. (Restoring writes files in any order.) For what changed
///   in the same tick as the marker the same holds as above. The other folders that match are left
///   out; what is outside of them all is taken as it is.
///
/// @param glob over relative paths; `*` does not cross a slash, and `**` is not allowed
public record MarkerLayout(String glob) implements Layout {
  static final String PREFIX = "marker:";

  private static final int SHOWN = 200;

  public MarkerLayout {
    if (glob.isEmpty()) {
      throw invalid(glob, "names no file", "Name the file that is written last: marker:DONE");
    }
    if (glob.startsWith("/")
        || List.of(glob.split("/", -1)).stream().anyMatch(MarkerLayout::isNoName)) {
      throw invalid(
          glob,
          "is no path relative to the watched directory",
          "Write it without leading slash, '.' and '..', for example marker:step-*/DONE");
    }
    if (glob.contains("**")) {
      throw invalid(
          glob, "holds **", "Say how deep the folders lie, for example marker:*/step-*/DONE");
    }
    try {
      matcher(glob);
      matcher(folderGlob(glob));
    } catch (PatternSyntaxException e) {
      throw invalid(glob, "is no pattern: " + e.getDescription(), "");
    }
  }

  private static boolean isNoName(String part) {
    return part.isEmpty() || part.equals(".") || part.equals("..");
  }

  private static CairnException.Invalid invalid(String glob, String why, String advice) {
    return new CairnException.Invalid(
        "the layout marker:%s %s".formatted(Text.printable(glob, SHOWN), why), advice);
  }

  /// Empty if the glob has no folder.
  private static String folderGlob(String glob) {
    return glob.substring(0, Math.max(0, glob.lastIndexOf('/')));
  }

  private static Predicate<String> matcher(String glob) {
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    return path -> {
      try {
        return matcher.matches(Path.of(path));
      } catch (InvalidPathException _) {
        return false;
      }
    };
  }

  @Override
  public Readiness judge(Sight sight) {
    TreeView present = TreeView.of(sight.present(), WatchedDirectory::isOurs);
    TreeView published = TreeView.of(sight.published(), WatchedDirectory::isOurs);
    return folderGlob(glob).isEmpty()
        ? judgeWhole(sight, present, published)
        : judgeFolders(sight, present, published);
  }

  private Readiness judgeWhole(Sight sight, TreeView present, TreeView published) {
    Map<String, FileStat> markers = markers(present);
    if (markers.isEmpty()) {
      return new Readiness.NotYet("no file matches marker '%s' yet".formatted(shown(glob)));
    }
    if (markers.entrySet().stream()
        .allMatch(marker -> marker.getValue().equals(published.nodes().get(marker.getKey())))) {
      return new Readiness.Unchanged();
    }
    String because = "";
    for (var marker : markers.entrySet()) {
      boolean isOld = marker.getValue().equals(published.nodes().get(marker.getKey()));
      Optional<String> objection = objection(sight, "", present, marker, true);
      if (!isOld && objection.isEmpty()) {
        return new Readiness.Ready(WatchedDirectory::isOurs, List.of());
      }
      because = objection.orElse(because);
    }
    return new Readiness.NotYet(because);
  }

  private Readiness judgeFolders(Sight sight, TreeView present, TreeView published) {
    Predicate<String> isFolder = matcher(folderGlob(glob));
    Set<String> complete = new TreeSet<>();
    var leftOut = new ArrayList<String>();
    Set<String> others = new HashSet<>();
    for (String path : present.nodes().keySet()) {
      if (!isFolder.test(path)) {
        continue;
      }
      if (!present.isDirectory(path)) {
        others.add(path);
        continue;
      }
      Optional<String> missing = missing(sight, path, present.below(path), published.below(path));
      missing.ifPresentOrElse(leftOut::add, () -> complete.add(path));
    }
    if (complete.isEmpty()) {
      return new Readiness.NotYet(
          leftOut.isEmpty()
              ? "no folder matches '%s' yet".formatted(shown(folderGlob(glob)))
              : leftOut.getLast());
    }
    if (contents(present, complete).equals(contents(published, markedFolders(published)))) {
      return new Readiness.Unchanged();
    }
    Set<String> keep = new HashSet<>(complete);
    keep.addAll(others);
    int depth = depth(folderGlob(glob));
    return new Readiness.Ready(path -> isLeftOut(path, isFolder, depth, keep), leftOut);
  }

  /// What `folder` lacks to be complete, in words.
  private Optional<String> missing(
      Sight sight, String folder, TreeView inside, TreeView published) {
    Map<String, FileStat> markers = markers(inside);
    if (markers.isEmpty()) {
      return Optional.of(
          "%s has no %s yet"
              .formatted(shown(folder), shown(glob.substring(glob.lastIndexOf('/') + 1))));
    }
    if (inside.sameAs(published)) {
      return Optional.empty();
    }
    Optional<String> because = Optional.empty();
    for (var marker : markers.entrySet()) {
      because = objection(sight, folder, inside, marker, false);
      if (because.isEmpty()) {
        return because;
      }
    }
    return because;
  }

  /// Why `marker` does not prove that what is `inside` its folder is complete.
  private Optional<String> objection(
      Sight sight,
      String folder,
      TreeView inside,
      Map.Entry<String, FileStat> marker,
      boolean byModified) {
    Optional<String> newer = newer(inside, marker.getValue(), byModified);
    if (newer.isPresent()) {
      return newer.map(
          path -> "%s is newer than %s".formatted(shown(path), shown(marker.getKey())));
    }
    return simultaneous(inside, marker.getValue()).stream()
        .filter(path -> sight.open().containsKey(path) || !isSettled(sight, folder, inside))
        .findFirst()
        .map(path ->
            "%s may be newer than %s: both bear the same time"
                .formatted(shown(path), shown(marker.getKey())));
  }

  /// Files that were changed in the same tick of the file system's clock as the marker: just before
  /// it, or just after it by the start of the next save.
  private List<String> simultaneous(TreeView inside, FileStat marker) {
    Set<String> markers = markers(inside).keySet();
    return inside.files().entrySet().stream()
        .filter(file -> file.getValue().changed().equals(marker.changed()))
        .map(Map.Entry::getKey)
        .filter(path -> !markers.contains(path))
        .toList();
  }

  /// Whether it was the same at the look before.
  private static boolean isSettled(Sight sight, String folder, TreeView inside) {
    if (sight.previous() == null) {
      return false;
    }
    TreeView previous = TreeView.of(sight.previous(), WatchedDirectory::isOurs);
    return inside.sameAs(folder.isEmpty() ? previous : previous.below(folder));
  }

  /// Folders that are seen only during the capture are left out too.
  private static boolean isLeftOut(
      String path, Predicate<String> isFolder, int depth, Set<String> keep) {
    if (WatchedDirectory.isOurs(path)) {
      return true;
    }
    String[] names = path.split("/", -1);
    if (names.length < depth) {
      return false;
    }
    String folder = String.join("/", List.of(names).subList(0, depth));
    return isFolder.test(folder) && !keep.contains(folder);
  }

  private Set<String> markedFolders(TreeView view) {
    Set<String> folders = new TreeSet<>();
    markers(view).keySet().forEach(path -> folders.add(path.substring(0, path.lastIndexOf('/'))));
    return folders;
  }

  private static Map<String, FileStat> contents(TreeView view, Set<String> folders) {
    var all = new TreeMap<String, FileStat>();
    folders.forEach(folder -> all.putAll(view.below(folder).files()));
    return all;
  }

  private Map<String, FileStat> markers(TreeView view) {
    Predicate<String> isMarker = matcher(glob);
    var markers = new TreeMap<>(view.files());
    markers.keySet().removeIf(path -> !isMarker.test(path));
    return markers;
  }

  /// A file that is newer than the marker.
  private static Optional<String> newer(TreeView view, FileStat marker, boolean byModified) {
    return view.files().entrySet().stream()
        .filter(file ->
            file.getValue().changed().isAfter(marker.changed())
                || byModified && file.getValue().modified().isAfter(marker.modified()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static int depth(String path) {
    return path.split("/", -1).length;
  }

  private static String shown(String path) {
    return Text.printable(path, SHOWN);
  }

  @Override
  public boolean completeAfterAbnormalEnd() {
    return true;
  }

  @Override
  public String toString() {
    return PREFIX + glob;
  }
}
