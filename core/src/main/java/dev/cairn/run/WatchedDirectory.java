package dev.cairn.run;

import dev.cairn.checkpoint.Destination;
import dev.cairn.checkpoint.InPlaceMark;
import dev.cairn.checkpoint.Leftovers;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository.Restore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The directory that a command saves into, and how a checkpoint gets there.
///
/// A checkpoint is restored beside it, whole and verified, and swapped in by renames; where a swap
/// cannot be (the current directory, a mount point) its contents are exchanged name by name. Files
/// that are already exactly right are taken over by hard link. What stood there and is not in the
/// checkpoint is never deleted unseen: a stranger's files go aside under a name that is told and
/// stay; the leftovers of the job's own dead attempts go to one `cairn-previous`, which the next
/// restore replaces. Dying at any point leaves nothing but a directory that the next start restores
/// again. Names of ours:
///
/// ```
/// beside <name>:   <name>.cairn-new-<hex>   <name>.cairn-previous   <name>.cairn-aside-<time>
/// inside, if in place:   .cairn-new-<hex>   .cairn-previous   .cairn-aside-<time>
/// inside:   .cairn-owner    the job that last ran here
/// ```
///
/// Captures leave out every name that starts with `.cairn-`.
public final class WatchedDirectory {
  /// Names that captures leave out, directly in the directory.
  public static final String OWN_PREFIX = ".cairn-";

  private static final String OWNER = OWN_PREFIX + "owner";
  private static final String NEW = "new-";
  private static final int MAX_LINKS = 40;
  private static final int OWNER_LIMIT = 4096;
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private final Disk disk;
  private final Env env;
  private final Host host;
  private final Path path;
  private final String owner;
  private final boolean inPlace;
  private final Consumer<String> tell;

  private WatchedDirectory(
      Disk disk,
      Env env,
      Host host,
      Path path,
      String owner,
      boolean inPlace,
      Consumer<String> tell) {
    this.disk = disk;
    this.env = env;
    this.host = host;
    this.path = path;
    this.owner = owner;
    this.inPlace = inPlace;
    this.tell = tell;
  }

  /// Creates the directory if it is missing.
  ///
  /// @param current the working directory of the command, which must not be renamed away
  /// @param store the store's place, so that equal job ids in two stores are told apart
  /// @param tell takes sentences for people
  /// @throws CairnException.Invalid if something else stands there
  public static WatchedDirectory open(
      Disk disk,
      Env env,
      Host host,
      Path path,
      Path current,
      JobId job,
      String store,
      Consumer<String> tell) {
    Path real = followed(disk, path.toAbsolutePath().normalize());
    Optional<FileStat> there = disk.stat(real);
    if (there.isEmpty()) {
      disk.createDirectories(real);
    } else if (there.get().kind() != FileKind.DIRECTORY) {
      throw new CairnException.Invalid(
          real + " is not a directory", "Give --watch the directory that the command saves into.");
    }
    disk.list(real); // an unreadable directory is told of before anything is claimed
    boolean inPlace =
        current.toAbsolutePath().normalize().startsWith(real) || Destination.isMount(disk, real);
    return new WatchedDirectory(disk, env, host, real, job + " " + store, inPlace, tell);
  }

  private static Path followed(Disk disk, Path path) {
    Path at = path;
    for (int i = 0; i < MAX_LINKS; i++) {
      Optional<FileStat> stat = disk.stat(at);
      if (stat.isEmpty() || stat.get().kind() != FileKind.SYMLINK) {
        return at;
      }
      at = at.resolveSibling(disk.readSymlink(at)).normalize();
    }
    throw new CairnException.Invalid(path + " is a loop of links", "");
  }

  public Path path() {
    return path;
  }

  /// Whether captures leave out this relative path.
  public static boolean isOurs(String relative) {
    return relative.startsWith(OWN_PREFIX);
  }

  /// Whether nothing of the user's or the job's is in it.
  public boolean isEmpty() {
    return disk.list(path).stream().allMatch(p -> isOurs(leaf(p)));
  }

  /// Makes the directory hold exactly the first of `candidates` that is whole.
  ///
  /// If none is, the directory stays as it was.
  ///
  /// @param guard asked before each change outside of what is restored; throws where the directory
  ///   may be somebody else's by now
  public Restorer.Outcome goTo(
      Restorer restorer, JobId job, List<Published> candidates, Runnable guard, Meter meter) {
    Path fresh = leftovers().take(guard);
    removeLeftovers(fresh, guard);
    try {
      Restorer.Outcome outcome =
          restorer.firstValid(
              job,
              candidates,
              fresh,
              Restore.all().reusing(path).onto(new Restore.Onto.Ours()),
              meter);
      if (outcome.checkpoint() != null) {
        swapIn(fresh, guard);
      }
      return outcome;
    } finally {
      removeTree(fresh, () -> {}); // nobody else's, whatever happened meanwhile
    }
  }

  private void swapIn(Path fresh, Runnable guard) {
    if (disk.stat(fresh).isEmpty()) {
      disk.createDirectories(fresh); // a checkpoint of nothing
    }
    boolean own = isOwn();
    removeShared(fresh, path, guard);
    @Nullable Path kept = holdsNothing() ? null : keep(own, guard);
    if (inPlace) {
      for (Path child : children(fresh)) {
        guard.run();
        disk.rename(child, path.resolve(leaf(child)));
      }
      removeTree(path.resolve(InPlaceMark.NAME), guard);
    } else {
      removeTree(path, guard);
      guard.run();
      disk.rename(fresh, path);
      disk.forceDirectory(parent());
    }
    disk.forceDirectory(path);
    if (kept != null && !own) {
      tell.accept("files that were in " + path + " and in no checkpoint are kept in " + kept);
    }
  }

  private boolean holdsNothing() {
    return inPlace
        ? isEmpty()
        : disk.stat(path).isEmpty()
            || disk.list(path).stream().allMatch(child -> leaf(child).equals(OWNER));
  }

  /// Moves what is there out of the way, and says where it is.
  private Path keep(boolean own, Runnable guard) {
    Path to = ours(own ? "previous" : "aside-" + STAMP.format(env.now()) + "-" + env.randomHex(2));
    removeTree(to, guard);
    if (inPlace) {
      disk.createDirectories(to);
      for (Path child : children(path)) {
        if (!isOurs(leaf(child))) {
          guard.run();
          disk.rename(child, to.resolve(leaf(child)));
        }
      }
    } else {
      guard.run();
      disk.rename(path, to);
      disk.forceDirectory(parent());
    }
    return to;
  }

  /// Removes from `old` the names that are the same file as in `fresh`: they are in the checkpoint.
  private void removeShared(Path fresh, Path old, Runnable guard) {
    for (Path child : children(fresh)) {
      Path twin = old.resolve(leaf(child));
      FileStat mine = disk.stat(child).orElseThrow(() -> goneMeanwhile(child));
      Optional<FileStat> there = disk.stat(twin);
      if (there.isEmpty() || there.get().kind() != mine.kind()) {
        continue;
      }
      if (mine.kind() == FileKind.DIRECTORY) {
        removeShared(child, twin, guard);
        if (disk.list(twin).isEmpty()) {
          guard.run();
          disk.delete(twin);
        }
      } else if (mine.kind() == FileKind.FILE && sameFile(mine, there.get())
          || mine.kind() == FileKind.SYMLINK
              && disk.readSymlink(child).equals(disk.readSymlink(twin))) {
        guard.run();
        disk.delete(twin);
      }
    }
  }

  private static CairnException.Unavailable goneMeanwhile(Path path) {
    return new CairnException.Unavailable(
        path + " was removed while it was being restored: another attempt works in this directory",
        "Nothing was started from here.",
        null);
  }

  private static boolean sameFile(FileStat a, FileStat b) {
    return a.device() == b.device() && a.inode() == b.inode();
  }

  /// Notes that this job runs here now.
  ///
  /// @throws CairnException.Conflict if a person's restore into it was not finished
  public void own() {
    InPlaceMark.requireNone(disk, path, "nothing was started in it");
    Path mark = path.resolve(OWNER);
    if (!isOwn()) {
      disk.delete(mark);
      try (Disk.DiskFile file = disk.create(mark)) {
        file.write(ByteBuffer.wrap(owner.getBytes(StandardCharsets.UTF_8)));
      }
    }
  }

  private boolean isOwn() {
    Path mark = path.resolve(OWNER);
    if (disk.stat(mark).filter(s -> s.kind() == FileKind.FILE).isEmpty()) {
      return false;
    }
    try (Disk.DiskFile file = disk.open(mark)) {
      ByteBuffer bytes = ByteBuffer.allocate(OWNER_LIMIT);
      file.read(bytes, 0);
      return StandardCharsets.UTF_8.decode(bytes.flip()).toString().equals(owner);
    }
  }

  private Leftovers leftovers() {
    return inPlace
        ? new Leftovers(disk, env, host, path, OWN_PREFIX + NEW)
        : Leftovers.beside(disk, env, host, path, NEW);
  }

  private void removeLeftovers(Path but, Runnable guard) {
    String prefix = inPlace ? OWN_PREFIX + NEW : leaf(path) + ".cairn-" + NEW;
    for (Path sibling : children(inPlace ? path : parent())) {
      if (leaf(sibling).startsWith(prefix) && !sibling.equals(but)) {
        removeTree(sibling, guard);
      }
    }
  }

  private void removeTree(Path root, Runnable guard) {
    Leftovers.removeTree(disk, root, guard);
  }

  private List<Path> children(Path directory) {
    return disk.list(directory).stream().map(directory::resolve).toList();
  }

  private Path ours(String what) {
    return inPlace
        ? path.resolve(OWN_PREFIX + what)
        : path.resolveSibling(leaf(path) + ".cairn-" + what);
  }

  private Path parent() {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalStateException("a root is exchanged in place");
    }
    return parent;
  }

  private static String leaf(Path path) {
    return String.valueOf(path.getFileName());
  }
}
