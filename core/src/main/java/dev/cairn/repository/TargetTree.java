package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Repository.Extras;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// The directory that a restore writes into, with what may stand there already.
///
/// Nothing in it is ever reached through a symbolic link (I10): each directory that leads to an
/// entry is looked at before it is entered.
final class TargetTree {
  private static final String OWN_PREFIX = ".cairn-";
  private static final int MOST_NAMED = 10;
  private static final int OWNER_ALL = 0700;

  private final Disk disk;
  private final Path root;
  private final Manifest manifest;

  TargetTree(Disk disk, Path root, Manifest manifest) {
    this.disk = disk;
    this.root = root;
    this.manifest = manifest;
  }

  Path root() {
    return root;
  }

  Path resolve(Entry entry) {
    return resolve(entry.path());
  }

  private Path resolve(String path) {
    try {
      return root.resolve(path);
    } catch (InvalidPathException e) {
      throw new CairnException.Invalid(
          "the name %s cannot be used on this machine".formatted(FileTree.printable(path)),
          "If its file names are in UTF-8, set LC_ALL=C.UTF-8.");
    }
  }

  /// Makes the directory of an entry, unless it is there, and lets its owner write into it.
  void makeDirectory(Entry entry) {
    Path path = resolve(entry);
    Optional<FileStat> there = disk.stat(path);
    if (there.isEmpty()) {
      disk.createDirectories(path);
      return;
    }
    requireKind(there.get(), FileKind.DIRECTORY, entry.path());
    open(path, there.get());
  }

  private void open(Path directory, FileStat stat) {
    if ((stat.mode() & OWNER_ALL) != OWNER_ALL) {
      disk.setAttributes(directory, stat.mode() | OWNER_ALL, stat.modified());
    }
  }

  /// Makes the symbolic link of an entry, unless it is there.
  ///
  /// @param beside names of its own, by one of which an old link is replaced
  void makeLink(Entry entry, Supplier<Path> beside) {
    requireDirectories(entry.path());
    Path path = resolve(entry);
    String text = String.valueOf(entry.target());
    Optional<FileStat> there = disk.stat(path);
    if (there.isEmpty()) {
      disk.symlink(path, text);
      return;
    }
    requireKind(there.get(), FileKind.SYMLINK, entry.path());
    if (!disk.readSymlink(path).equals(text)) {
      Path other = beside.get();
      disk.symlink(other, text);
      disk.rename(other, path);
    }
  }

  /// @throws CairnException.Conflict unless every directory that leads to `path` is one
  void requireDirectories(String path) {
    String parent = TreePath.parent(path);
    if (!parent.isEmpty()) {
      requireDirectories(parent);
      FileKind kind = disk.stat(resolve(parent)).map(FileStat::kind).orElse(null);
      if (kind != FileKind.DIRECTORY) {
        throw inTheWay(parent, "is no directory any more");
      }
    }
  }

  /// @throws CairnException.Conflict if something of another kind stands in the place of an entry
  static void requireKind(FileStat there, FileKind kind, String path) {
    if (there.kind() != kind) {
      throw inTheWay(path, "is " + word(there.kind()) + " there, not " + word(kind));
    }
  }

  private static String word(FileKind kind) {
    return switch (kind) {
      case FILE -> "a file";
      case DIRECTORY -> "a directory";
      case SYMLINK -> "a symbolic link";
      case OTHER -> "a socket, pipe or device";
    };
  }

  private static CairnException.Conflict inTheWay(String path, String what) {
    return new CairnException.Conflict(
        FileTree.printable(path) + " " + what,
        "Move it out of the way, or restore into a new directory.");
  }

  /// Looks at all places before anything is changed.
  ///
  /// @throws CairnException.Conflict if something of another kind stands in one
  void requireFree(List<Entry> entries) {
    var missing = new HashSet<String>();
    for (Entry entry : entries) {
      if (entry.path().equals(OWN_PREFIX + "restoring")
          || entry.path().startsWith(OWN_PREFIX + "restoring/")) {
        throw inTheWay(entry.path(), "is a name that a restore in place needs for itself");
      }
      if (missing.contains(TreePath.parent(entry.path()))) {
        missing.add(entry.path());
        continue;
      }
      Optional<FileStat> there = disk.stat(resolve(entry));
      if (there.isEmpty()) {
        missing.add(entry.path());
      } else {
        requireKind(there.get(), kind(entry), entry.path());
      }
    }
  }

  private static FileKind kind(Entry entry) {
    return switch (entry.kind()) {
      case FILE -> FileKind.FILE;
      case DIRECTORY -> FileKind.DIRECTORY;
      case SYMLINK -> FileKind.SYMLINK;
    };
  }

  /// What lies in the directories of `entries` and in no place of the checkpoint. Our own names
  /// directly in the root do not count.
  Extras extras(List<Entry> entries) {
    Set<String> known = new HashSet<>();
    manifest.entries().forEach(entry -> known.add(entry.path()));
    var found = new ArrayList<String>();
    long count = 0;
    for (String directory : directories(entries)) {
      for (Path name : disk.list(resolve(directory))) {
        String path = TreePath.join(directory, name.toString());
        if (!known.contains(path) && !path.startsWith(OWN_PREFIX)) {
          count++;
          if (found.size() < MOST_NAMED) {
            found.add(path);
          }
        }
      }
    }
    return new Extras(count, found);
  }

  private static List<String> directories(List<Entry> entries) {
    var all = new ArrayList<String>();
    all.add("");
    entries.stream()
        .filter(entry -> entry.kind() == Manifest.Kind.DIRECTORY)
        .forEach(entry -> all.add(entry.path()));
    return all;
  }

  /// Removes all that stands where an entry cannot be written onto it: what is of another kind, in
  /// no entry's place, or has other names, through which it would be changed too.
  void removeForeign(List<Entry> entries) {
    Map<String, Entry> known = new HashMap<>();
    entries.forEach(entry -> known.put(entry.path(), entry));
    disk.stat(root).ifPresent(stat -> open(root, stat));
    removeForeign("", known);
  }

  private void removeForeign(String directory, Map<String, Entry> known) {
    Path path = resolve(directory);
    for (Path name : disk.list(path)) {
      Path child = path.resolve(name);
      String relative = TreePath.join(directory, name.toString());
      Entry entry = known.get(relative);
      Optional<FileStat> there = disk.stat(child);
      if (there.isEmpty()) {
        continue;
      }
      if (entry == null || !mayStay(child, there.get(), entry)) {
        removeTree(child, there.get());
      } else if (there.get().kind() == FileKind.DIRECTORY) {
        open(child, there.get());
        removeForeign(relative, known);
      }
    }
  }

  private boolean mayStay(Path path, FileStat there, Entry entry) {
    return there.kind() == kind(entry)
        && switch (there.kind()) {
          case FILE -> there.links() == 1;
          case DIRECTORY -> true;
          case SYMLINK -> disk.readSymlink(path).equals(entry.target());
          case OTHER -> false;
        };
  }

  private void removeTree(Path path, FileStat stat) {
    if (stat.kind() == FileKind.DIRECTORY) {
      open(path, stat);
      for (Path name : disk.list(path)) {
        Path child = path.resolve(name);
        disk.stat(child).ifPresent(there -> removeTree(child, there));
      }
    }
    disk.delete(path);
  }
}
