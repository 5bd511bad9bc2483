package dev.cairn.run;

import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.FileTree;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What of a watched directory counts for a judgement: path → what stands there, sorted.
///
/// Of directories only their being there counts, since their times also change with what is left
/// out of them.
record TreeView(Map<String, FileStat> nodes) {
  static TreeView of(@Nullable FileTree tree, Predicate<String> leaveOut) {
    var nodes = new TreeMap<String, FileStat>();
    if (tree != null) {
      for (FileTree.Node node : tree.nodes()) {
        if (!leaveOut.test(node.path())) {
          nodes.put(node.path(), node.stat());
        }
      }
    }
    return new TreeView(nodes);
  }

  /// Whether there is no file in it.
  boolean isEmpty() {
    return files().isEmpty();
  }

  /// All but directories.
  Map<String, FileStat> files() {
    var files = new TreeMap<>(nodes);
    files.values().removeIf(stat -> stat.kind() == FileKind.DIRECTORY);
    return files;
  }

  boolean isDirectory(String path) {
    FileStat stat = nodes.get(path);
    return stat != null && stat.kind() == FileKind.DIRECTORY;
  }

  /// What is below `folder`, by paths of the whole directory.
  TreeView below(String folder) {
    var found = new TreeMap<>(nodes);
    found.keySet().removeIf(path -> !path.startsWith(folder + "/"));
    return new TreeView(found);
  }

  boolean sameAs(TreeView other) {
    return files().equals(other.files()) && nodes.keySet().equals(other.nodes.keySet());
  }
}
