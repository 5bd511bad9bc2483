package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.FileTree.Node;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// One look at a directory.
final class Scan {
  private final Disk disk;
  private final Path root;
  private final Predicate<String> leaveOut;

  private final List<Node> nodes = new ArrayList<>();
  private final Set<String> partial = new HashSet<>();
  private final List<String> warnings = new ArrayList<>();
  private final ArrayDeque<String> unread = new ArrayDeque<>();

  Scan(Disk disk, Path root, Predicate<String> leaveOut) {
    this.disk = disk;
    this.root = root;
    this.leaveOut = leaveOut;
  }

  FileTree tree() {
    requireDirectory();
    unread.add("");
    while (!unread.isEmpty()) {
      readDirectory(unread.removeLast());
    }
    nodes.sort(Comparator.comparing(Node::path, TreePath::compare));
    warnings.sort(Comparator.naturalOrder());
    return new FileTree(root, nodes, partial, warnings);
  }

  private void requireDirectory() {
    FileStat stat =
        disk.stat(root)
            .orElseThrow(() ->
                new CairnException.NotFound(
                    "the directory %s does not exist".formatted(printable(root)), ""));
    if (stat.kind() != FileKind.DIRECTORY) {
      throw new CairnException.Invalid(
          "%s is not a directory".formatted(printable(root)),
          stat.kind() == FileKind.SYMLINK ? "Name the directory that the link leads to." : "");
    }
  }

  private void readDirectory(String directory) {
    List<Path> names;
    try {
      names = disk.list(resolve(directory));
    } catch (CairnException.NotFound e) {
      if (directory.isEmpty()) {
        throw e;
      }
      return; // Removed or replaced meanwhile: the next scan tells.
    }
    for (Path name : names) {
      if (leaveOut.test(TreePath.join(directory, name.toString()))) {
        partial.add(directory);
      } else {
        add(directory, TreePath.join(directory, checked(name, directory)));
      }
    }
  }

  private void add(String directory, String path) {
    Optional<FileStat> found = disk.stat(resolve(path));
    if (found.isEmpty()) {
      return;
    }
    FileStat stat = found.get();
    switch (stat.kind()) {
      case FILE -> keep(new Node(path, stat, null));
      case DIRECTORY -> {
        keep(new Node(path, stat, null));
        unread.add(path);
      }
      case SYMLINK -> addLink(path, stat);
      case OTHER -> {
        partial.add(directory);
        warnings.add(FileTree.printable(path) + " is a socket, pipe or device and is not saved");
      }
    }
  }

  private void addLink(String path, FileStat stat) {
    String target;
    try {
      target = disk.readSymlink(resolve(path));
    } catch (CairnException.NotFound _) {
      return;
    }
    // A text that is no UTF-8 arrives with this character in place of what it really says.
    if (target.indexOf('\ufffd') >= 0 || TreePath.utf8(target).length > TreePath.MAX_BYTES) {
      throw cannotCarry("the text of the symbolic link " + FileTree.printable(path));
    }
    keep(new Node(path, stat, target));
    if (leadsOut(path, target)) {
      warnings.add(
          "%s is a symbolic link to %s: the link is saved, what it leads to is not"
              .formatted(FileTree.printable(path), FileTree.printable(target)));
    }
  }

  private boolean leadsOut(String path, String target) {
    Path from = root.toAbsolutePath().normalize();
    Path parent = from.resolve(TreePath.parent(path));
    return !parent.resolve(target).normalize().startsWith(from);
  }

  private void keep(Node node) {
    if (nodes.size() >= Manifest.MAX_ENTRIES) {
      throw new CairnException.Invalid(
          "%s holds more than %d files".formatted(printable(root), Manifest.MAX_ENTRIES),
          "Save a smaller directory, or pack small files together.");
    }
    nodes.add(node);
  }

  /// @return the text of `name`, from which the same name can be made again
  private static String checked(Path name, String directory) {
    String text = name.toString();
    boolean same;
    try {
      same = Path.of(text).equals(name);
    } catch (InvalidPathException _) {
      same = false;
    }
    String path = TreePath.join(directory, text);
    if (!same || TreePath.flaw(path).isPresent()) {
      throw cannotCarry("the name " + FileTree.printable(path));
    }
    return text;
  }

  private static CairnException.Invalid cannotCarry(String what) {
    return new CairnException.Invalid(
        what + " is not valid UTF-8 or is too long, so it cannot be saved",
        "Rename it or leave it out. If it is fine, set LC_ALL=C.UTF-8.");
  }

  private Path resolve(String path) {
    return root.resolve(path);
  }

  private static String printable(Path path) {
    return FileTree.printable(path.toString());
  }
}
