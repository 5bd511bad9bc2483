package dev.cairn.testkit;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.testkit.NameChange.Place;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The names of a [CrashingDisk]: all directories from the root, and the changes of names since
/// they were last forced. Not thread-safe.
final class Tree {
  private static final Path ROOT = Path.of("/");
  private static final int MOST_LINKS_FOLLOWED = 40;
  private static final int DIRECTORY_MODE = 0755;
  private static final int FILE_MODE = 0644;
  private static final int LINK_MODE = 0777;

  private final Inode root;
  private final List<NameChange> pending = new ArrayList<>();
  private long inodes;
  private long ticks;

  Tree() {
    root = newInode(FileKind.DIRECTORY, "", DIRECTORY_MODE);
    root.links = 1;
  }

  private Tree(Inode root, long inodes, long ticks) {
    this.root = root;
    this.inodes = inodes;
    this.ticks = ticks;
  }

  /// A time that is later with every call.
  Instant tick() {
    return Instant.parse("2030-01-01T00:00:00Z").plusMillis(ticks++);
  }

  private Inode newInode(FileKind kind, String target, int mode) {
    return new Inode(++inodes, kind, target, mode, tick());
  }

  Inode root() {
    return root;
  }

  /// What `path` leads to, links on the way followed, and a link at its end if `follow`.
  Optional<Inode> find(Path path, boolean follow) {
    return find(path, follow, MOST_LINKS_FOLLOWED);
  }

  private Optional<Inode> find(Path path, boolean follow, int linksLeft) {
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException("not absolute: " + path);
    }
    Path names = path.normalize();
    Inode current = root;
    for (int i = 0; i < names.getNameCount(); i++) {
      @Nullable Inode next = current.names.get(names.getName(i));
      if (next == null) {
        return Optional.empty();
      }
      boolean last = i == names.getNameCount() - 1;
      if (next.kind == FileKind.SYMLINK && (follow || !last)) {
        if (linksLeft == 0) {
          throw unavailable("look at", path, "too many levels of symbolic links");
        }
        Path directory = i == 0 ? ROOT : ROOT.resolve(names.subpath(0, i));
        Path target = directory.resolve(next.target);
        Path whole = last ? target : target.resolve(names.subpath(i + 1, names.getNameCount()));
        return find(whole, follow, linksLeft - 1);
      }
      current = next;
    }
    return Optional.of(current);
  }

  /// @throws CairnException.NotFound if there is none
  Inode existing(String doing, Path path) {
    return find(path, false).orElseThrow(() -> notFound(doing, path, "it does not exist"));
  }

  boolean isDirectory(Path path) {
    return find(path, true).filter(inode -> inode.kind == FileKind.DIRECTORY).isPresent();
  }

  /// @throws CairnException.NotFound if it is none
  Inode directory(String doing, Path path) {
    return find(path, true)
        .filter(inode -> inode.kind == FileKind.DIRECTORY)
        .orElseThrow(() -> notFound(doing, path, "it is not a directory"));
  }

  /// Sorted by their text.
  List<Path> namesIn(Path directory) {
    var names = new ArrayList<Path>(directory("list", directory).names.keySet());
    names.sort(Comparator.comparing(Path::toString));
    return names;
  }

  /// Contents of all files, each counted once whatever it is called.
  long totalBytes() {
    return totalBytes(root, new HashSet<>());
  }

  private static long totalBytes(Inode inode, Set<Inode> seen) {
    if (!seen.add(inode)) {
      return 0;
    }
    long own = inode.kind == FileKind.FILE ? inode.sizeBytes() : 0;
    return own + inode.names.values().stream().mapToLong(child -> totalBytes(child, seen)).sum();
  }

  /// Where `path` would be a name.
  ///
  /// @throws CairnException.NotFound if its directory does not exist
  Place place(String doing, Path path) {
    Path parent = path.getParent();
    Path name = path.getFileName();
    if (parent == null || name == null) {
      throw unavailable(doing, path, "it is the root");
    }
    Inode directory =
        find(parent, true).orElseThrow(() -> notFound(doing, path, "its directory is missing"));
    if (directory.kind != FileKind.DIRECTORY) {
      throw unavailable(doing, path, "its parent is not a directory");
    }
    return new Place(directory, name);
  }

  /// A new file, directory or link at a place that must be free.
  Inode add(String doing, Path path, FileKind kind, String target) {
    Place place = place(doing, path);
    if (place.directory().names.containsKey(place.name())) {
      throw unavailable(doing, path, "the name is taken");
    }
    return add(place, kind, target);
  }

  /// A new file, directory or link at a free place.
  Inode add(Place place, FileKind kind, String target) {
    int mode =
        switch (kind) {
          case DIRECTORY -> DIRECTORY_MODE;
          case SYMLINK -> LINK_MODE;
          case FILE, OTHER -> FILE_MODE;
        };
    Inode inode = newInode(kind, target, mode);
    add(place, inode);
    return inode;
  }

  /// One more name for `inode`.
  void add(Place place, Inode inode) {
    inode.links++;
    inode.changed = tick();
    change(new NameChange.Added(place, inode));
  }

  void remove(Place place, Inode inode) {
    inode.links--;
    inode.changed = tick();
    change(new NameChange.Removed(place));
  }

  /// As `link(2)`.
  ///
  /// @return false if the name is taken
  boolean link(Path existing, Path link) {
    Inode inode = existing("link", existing);
    Place place = place("link", link);
    if (place.directory().names.containsKey(place.name())) {
      return false;
    }
    if (inode.kind == FileKind.DIRECTORY) {
      throw new CairnException.Denied(
          "could not link " + existing + ": it is a directory", "", null);
    }
    add(place, inode);
    return true;
  }

  /// As `rename(2)`.
  ///
  /// @return what lost its name to the renamed
  Optional<Inode> rename(Path from, Path to) {
    Inode inode = existing("rename", from);
    Place target = place("rename", to);
    Optional<Inode> replaced = Optional.ofNullable(target.directory().names.get(target.name()));
    if (replaced.isPresent() && replaced.get() == inode) {
      return Optional.empty(); // two names of one file: both stay
    }
    replaced.ifPresent(old -> refuseToReplace(inode, old, to));
    if (to.normalize().startsWith(from.normalize())) {
      throw unavailable("rename", to, "it is below what is renamed");
    }
    return rename(place("rename", from), target, inode);
  }

  /// Moves `inode` to a place that is free or holds what it may replace.
  ///
  /// @return what lost its name to it
  Optional<Inode> rename(Place from, Place to, Inode inode) {
    Optional<Inode> replaced = Optional.ofNullable(to.directory().names.get(to.name()));
    inode.changed = tick();
    replaced.ifPresent(old -> old.links--);
    change(new NameChange.Moved(from, to, inode));
    return replaced;
  }

  private static void refuseToReplace(Inode inode, Inode replaced, Path to) {
    if ((inode.kind == FileKind.DIRECTORY) != (replaced.kind == FileKind.DIRECTORY)) {
      throw unavailable("rename", to, "one is a directory and the other is not");
    }
    if (!replaced.names.isEmpty()) {
      throw unavailable("rename", to, "the directory is not empty");
    }
  }

  private void change(NameChange change) {
    change.apply(directory -> directory.names);
    change.places().forEach(place -> place.directory().modified = tick());
    pending.add(change);
  }

  /// Makes the names in `directory` durable.
  void force(Inode directory) {
    List<NameChange> settled =
        NameChange.withEarlier(pending, change -> change.directory() == directory);
    settled.forEach(change -> change.apply(changed -> changed.durableNames));
    Set<NameChange> gone = Collections.newSetFromMap(new IdentityHashMap<>()); // not by value
    gone.addAll(settled);
    pending.removeIf(gone::contains);
  }

  /// What a power loss could leave.
  Tree afterCrash(CrashingDisk.Mode mode, SplittableRandom random) {
    List<NameChange> kept =
        switch (mode) {
          case KEEP_ALL -> pending;
          case DROP_ALL -> List.of();
          case RANDOM -> NameChange.withEarlier(pending, change -> random.nextBoolean());
        };
    var names = new HashMap<Inode, Map<Path, Inode>>();
    kept.forEach(change ->
        change.apply(
            directory -> names.computeIfAbsent(directory, d -> new TreeMap<>(d.durableNames))));
    Inode newRoot = copy(root, names, new HashMap<>(), mode, random);
    newRoot.links = 1;
    return new Tree(newRoot, inodes, ticks);
  }

  private static Inode copy(
      Inode inode,
      Map<Inode, Map<Path, Inode>> names,
      Map<Inode, Inode> copies,
      CrashingDisk.Mode mode,
      SplittableRandom random) {
    @Nullable Inode known = copies.get(inode);
    if (known != null) {
      return known;
    }
    Inode copy = inode.afterCrash(mode, random);
    copies.put(inode, copy);
    names
        .getOrDefault(inode, inode.durableNames)
        .forEach((name, child) -> {
          Inode childCopy = copy(child, names, copies, mode, random);
          childCopy.links++;
          copy.names.put(name, childCopy);
          copy.durableNames.put(name, childCopy);
        });
    return copy;
  }

  static CairnException.NotFound notFound(String doing, Path path, String why) {
    return new CairnException.NotFound("could not %s %s: %s".formatted(doing, path, why), "");
  }

  static CairnException.Unavailable unavailable(String doing, Path path, String why) {
    return new CairnException.Unavailable(
        "could not %s %s: %s".formatted(doing, path, why), "", null);
  }
}
