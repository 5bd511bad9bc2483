package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Manifest.Origin;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What stands in a directory at one moment: names and stats, no contents. Immutable.
///
/// Regular files, directories (empty ones too) and symbolic links, which are never followed. A hard
/// link is a file like any other. Sockets, pipes and devices are left out, with a warning.
public final class FileTree {
  /// A tree of nothing.
  public static final FileTree EMPTY = new FileTree(Path.of(""), List.of(), Set.of(), List.of());

  private static final int MAX_PRINTED = 200;

  private final Path root;
  private final List<Node> nodes;
  private final Set<String> partial;
  private final List<String> warnings;
  private final Map<String, Copied> copies;
  private final long files;
  private final long sizeBytes;

  /// @param partial directories of which something was left out
  FileTree(Path root, List<Node> nodes, Set<String> partial, List<String> warnings) {
    this(root, nodes, partial, warnings, Map.of());
  }

  private FileTree(
      Path root,
      List<Node> nodes,
      Set<String> partial,
      List<String> warnings,
      Map<String, Copied> copies) {
    this.root = root;
    this.copies = Map.copyOf(copies);
    this.nodes = List.copyOf(nodes);
    this.partial = Set.copyOf(partial);
    this.warnings = List.copyOf(warnings);
    this.files = this.nodes.stream().filter(Node::isFile).count();
    this.sizeBytes = this.nodes.stream().mapToLong(Node::sizeBytes).sum();
  }

  /// One name.
  ///
  /// @param path relative to the root, segments joined by `/`
  /// @param linkTarget what it says, if it is a symbolic link
  public record Node(String path, FileStat stat, @Nullable String linkTarget) {
    boolean isFile() {
      return stat.kind() == FileKind.FILE;
    }

    private long sizeBytes() {
      return isFile() ? stat.sizeBytes() : 0;
    }
  }

  /// Looks at everything below `root`. What vanishes during the look is not part of the tree.
  ///
  /// @param root a directory, not a symbolic link to one
  /// @param leaveOut whether a relative path does not belong to the capture; with a directory all
  ///   that is in it is left out
  /// @throws CairnException.NotFound if `root` does not exist
  /// @throws CairnException.Invalid if `root` is no directory or a name cannot be carried
  public static FileTree scan(Disk disk, Path root, Predicate<String> leaveOut) {
    return new Scan(disk, root, leaveOut).tree();
  }

  public Path root() {
    return root;
  }

  /// Why no tree can have a file at `path`: it is not relative, leads out, is too long or cannot be
  /// carried; empty if one can.
  public static Optional<String> flaw(String path) {
    return TreePath.flaw(path);
  }

  /// A file that holds, and keeps, what another one held at some moment.
  ///
  /// @param linked whether it is a second name of that file
  public record Copied(Path file, FileStat stat, boolean linked) {}

  /// This tree, with the bytes of its files read from copies.
  ///
  /// @param from for the path of each file
  public FileTree readFrom(Map<String, Copied> from) {
    return new FileTree(root, nodes, partial, warnings, from);
  }

  /// Where the bytes of a file of this tree are read.
  Source.OfFile source(Disk disk, Node file) {
    Copied copy = copies.get(file.path);
    return copy == null
        ? new Source.OfFile(disk, root.resolve(file.path), file.path, file.stat, false)
        : new Source.OfFile(disk, copy.file, file.path, copy.stat, copy.linked);
  }

  /// What to note of a file, so that it need not be read again.
  ///
  /// @param read when the reading of files began
  @Nullable Origin origin(Node file, Instant read) {
    Copied copy = copies.get(file.path);
    boolean settled = copy == null || !copy.linked && Unchanged.isSettled(file.stat, copy.stat);
    return file.isFile() && settled ? Unchanged.origin(file.stat, read) : null;
  }

  /// Sorted by the bytes of their paths, so a directory comes before what is in it.
  public List<Node> nodes() {
    return nodes;
  }

  /// Size of all regular files.
  public long sizeBytes() {
    return sizeBytes;
  }

  /// Number of regular files.
  public long files() {
    return files;
  }

  /// What a person should know: special files left out; links that lead out of the root, of which
  /// only the text is kept.
  public List<String> warnings() {
    return warnings;
  }

  /// Whether names, kinds, sizes, times, inodes, modes and link texts are all the same.
  public boolean sameAs(FileTree other) {
    return firstDifference(other).isEmpty();
  }

  /// The first thing that is different in `later`, as a sentence such as `model.bin grew from 10 to
  /// 12 bytes`.
  ///
  /// The times of a directory do not count if something in it was left out: that may have changed.
  public Optional<String> firstDifference(FileTree later) {
    int i = 0;
    int j = 0;
    while (i < nodes.size() || j < later.nodes.size()) {
      int order = i == nodes.size() ? 1 : j == later.nodes.size() ? -1 : order(later, i, j);
      if (order < 0) {
        return Optional.of(printable(nodes.get(i).path) + " vanished");
      }
      if (order > 0) {
        return Optional.of(printable(later.nodes.get(j).path) + " appeared");
      }
      Optional<String> difference = difference(nodes.get(i++), later.nodes.get(j++), later);
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }

  /// As [#firstDifference], but it does not count that files have got second names, which the file
  /// system takes for a change.
  public Optional<String> firstDifferenceButForLinks(FileTree later) {
    return withoutLinks().firstDifference(later.withoutLinks());
  }

  private FileTree withoutLinks() {
    List<Node> plain =
        nodes.stream()
            .map(node -> node.isFile() ? new Node(node.path, node.stat.withoutLinks(), null) : node)
            .toList();
    return new FileTree(root, plain, partial, warnings);
  }

  private int order(FileTree later, int i, int j) {
    return TreePath.compare(nodes.get(i).path, later.nodes.get(j).path);
  }

  private Optional<String> difference(Node before, Node now, FileTree later) {
    String path = before.path;
    boolean isDirectory =
        before.stat.kind() == FileKind.DIRECTORY && now.stat.kind() == FileKind.DIRECTORY;
    if (isDirectory && (partial.contains(path) || later.partial.contains(path))) {
      return before.stat.mode() == now.stat.mode()
          ? Optional.empty()
          : Optional.of(printable(path) + " changed its permissions");
    }
    if (!Objects.equals(before.linkTarget, now.linkTarget)
        && before.stat.kind() == now.stat.kind()) {
      return Optional.of(printable(path) + " points to something else");
    }
    return difference(path, before.stat, now.stat);
  }

  /// How `now` differs from `before`, as a sentence about `path`.
  static Optional<String> difference(String path, FileStat before, FileStat now) {
    String what = null;
    if (before.kind() != now.kind()) {
      what = "is no longer a " + before.kind().name().toLowerCase(java.util.Locale.ROOT);
    } else if (before.inode() != now.inode()) {
      what = "was replaced";
    } else if (before.kind() == FileKind.FILE && before.sizeBytes() != now.sizeBytes()) {
      what =
          "%s from %d to %d bytes"
              .formatted(
                  before.sizeBytes() < now.sizeBytes() ? "grew" : "shrank",
                  before.sizeBytes(),
                  now.sizeBytes());
    } else if (!before.modified().equals(now.modified())) {
      what = before.kind() == FileKind.DIRECTORY ? "had names come or go" : "was written to";
    } else if (before.mode() != now.mode()) {
      what = "changed its permissions";
    } else if (!before.changed().equals(now.changed())) {
      what = "was touched";
    }
    return Optional.ofNullable(what).map(sentence -> printable(path) + " " + sentence);
  }

  static String printable(String path) {
    return Text.printable(path, MAX_PRINTED);
  }
}
