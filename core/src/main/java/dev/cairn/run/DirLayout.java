package dev.cairn.run;

import dev.cairn.domain.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// `dir`: names appear whole, by a rename from a temporary name. So everything is complete except
/// what bears a temporary name, which is left out.
///
/// Temporary is a name, at any depth, that starts with `_tmp`, `tmp-`, `.tmp`, `.~` or `.nfs` or
/// ends in `.tmp`, `.temp`, `.part`, `.partial`, `.incomplete` or `~`; and every hidden name
/// directly in the directory. Hidden names further down are data (such as `.zarray`): they came
/// with the rename of what holds them. So are, anywhere, those that known formats use.
public record DirLayout() implements Layout {
  private static final List<String> TEMPORARY_STARTS =
      List.of("_tmp", "tmp-", ".tmp", ".~", ".nfs");
  private static final List<String> TEMPORARY_ENDS =
      List.of(".tmp", ".temp", ".part", ".partial", ".incomplete", "~");
  // PyTorch's distributed checkpoints and Zarr.
  private static final Set<String> HIDDEN_DATA =
      Set.of(".metadata", ".zgroup", ".zarray", ".zattrs", ".zmetadata");

  @Override
  public Readiness judge(Sight sight) {
    TreeView present = TreeView.of(sight.present(), DirLayout::isLeftOut);
    if (present.sameAs(TreeView.of(sight.published(), DirLayout::isLeftOut))) {
      return new Readiness.Unchanged();
    }
    List<String> leftOut = leftOut(sight);
    if (present.isEmpty()) {
      return new Readiness.NotYet(leftOut.isEmpty() ? "no file is there yet" : leftOut.getFirst());
    }
    return new Readiness.Ready(DirLayout::isLeftOut, leftOut);
  }

  private static List<String> leftOut(Sight sight) {
    var found = new ArrayList<String>();
    for (String path : TreeView.of(sight.present(), WatchedDirectory::isOurs).nodes().keySet()) {
      int slash = path.lastIndexOf('/');
      boolean first = slash < 0 || !isLeftOut(path.substring(0, slash));
      if (first && isLeftOut(path)) {
        found.add(Text.printable(path, 200) + " has a temporary name");
      }
    }
    return found;
  }

  static boolean isLeftOut(String path) {
    if (WatchedDirectory.isOurs(path)) {
      return true;
    }
    String[] names = path.split("/", -1);
    for (int depth = 0; depth < names.length; depth++) {
      if (isTemporary(names[depth], depth)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isTemporary(String name, int depth) {
    return depth == 0 && name.startsWith(".") && !HIDDEN_DATA.contains(name)
        || TEMPORARY_STARTS.stream().anyMatch(name::startsWith)
        || TEMPORARY_ENDS.stream().anyMatch(name::endsWith);
  }

  @Override
  public boolean completeAfterAbnormalEnd() {
    return true;
  }

  @Override
  public String toString() {
    return "dir";
  }
}
