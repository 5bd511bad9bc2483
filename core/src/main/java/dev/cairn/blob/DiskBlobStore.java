package dev.cairn.blob;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.Caching;
import dev.cairn.env.Env;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Objects as plain files below a directory, which may be a mount from elsewhere.
///
/// The object `a/b` is the file `<root>/a/b`. A put writes a file `.tmp-<16 hex digits>` beside it,
/// forces it, closes it, gives it the name (`rename(2)`, or `link(2)` when the name must be free)
/// and forces the directory: two forces, in this order, keep I1 and I2. Then it looks whether the
/// name is still its file's: a file server that lost its power between the naming and the force has
/// forgotten the name and forces what is left. A crash may leave a `.tmp-` file, which is no object
/// and never listed.
///
/// Folders appear durably with the first object below them, and stay. Before this store relies on a
/// folder for the first time it forces the names that lead there from the root: whoever made it may
/// have died before it was durable.
public final class DiskBlobStore implements BlobStore {
  private static final String TEMPORARY = ".tmp-";
  private static final int LARGE_BYTES = 1 << 20;
  private static final int MOST_FOLDERS_KNOWN = 10_000;

  private final Disk disk;
  private final Path root;
  private final Env env;

  /// Folders that are known to outlast a power loss. Forgetting one only costs a force.
  private final Set<Path> durableFolders = ConcurrentHashMap.newKeySet();

  /// @param root created with the first put
  public DiskBlobStore(Disk disk, Path root, Env env) {
    this.disk = disk;
    this.root = root.toAbsolutePath().normalize();
    this.env = env;
  }

  @Override
  public void put(String name, Blob body) {
    Path target = object(name);
    Written written = write(target, body);
    Path temporary = written.temporary;
    try {
      disk.rename(temporary, target);
    } catch (CairnException e) {
      discard(temporary, e);
      throw asUnknown(name, e);
    }
    makeDurable(name, target);
    requireStill(written, name, target);
  }

  @Override
  public boolean putIfAbsent(String name, Blob body) {
    Path target = object(name);
    Written written = write(target, body);
    Path temporary = written.temporary;
    boolean won;
    try {
      won = disk.link(temporary, target) || linkedAfterAll(temporary);
    } catch (CairnException e) {
      discard(temporary, e);
      throw asUnknown(name, e);
    }
    try {
      disk.delete(temporary);
    } catch (CairnException e) {
      throw unsettled(name, e);
    }
    // For a loser too: it goes on from what stands there, which its winner may not have forced yet.
    makeDurable(name, target);
    if (won) {
      requireStill(written, name, target);
    }
    return won;
  }

  @Override
  public boolean confirm(String name) {
    Path path = object(name);
    try {
      disk.forceDirectory(folder(path));
    } catch (CairnException.NotFound _) {
      return false;
    }
    return sizeBytes(name).isPresent();
  }

  /// A server that repeats a `link` whose answer was lost finds the name taken by the first try;
  /// the file's count of names tells the truth.
  private boolean linkedAfterAll(Path temporary) {
    return disk.stat(temporary).map(stat -> stat.links() == 2).orElse(false);
  }

  private record Written(Path temporary, long inode) {}

  private Written write(Path target, Blob body) {
    Path temporary = target.resolveSibling(TEMPORARY + env.randomHex(8));
    // Nobody reads a large object soon, and it would push out of the cache what others do read.
    Caching caching = body.sizeBytes() < LARGE_BYTES ? Caching.KEEP : Caching.PAST;
    try (Disk.DiskFile file = create(temporary, caching)) {
      body.parts().forEach(file::write);
      file.force();
      return new Written(temporary, file.stat().inode());
    } catch (CairnException e) {
      discard(temporary, e);
      throw e;
    }
  }

  private Disk.DiskFile create(Path temporary, Caching caching) {
    if (durableFolders.contains(folder(temporary))) {
      try {
        return disk.create(temporary, caching);
      } catch (CairnException.NotFound _) {
        durableFolders.clear(); // somebody has removed it
      }
    }
    makeFolder(folder(temporary));
    return disk.create(temporary, caching);
  }

  private void makeFolder(Path folder) {
    disk.createDirectories(folder);
    var made = new ArrayList<Path>();
    for (Path f = folder; !f.equals(root) && !durableFolders.contains(f); f = folder(f)) {
      disk.forceDirectory(folder(f));
      made.add(f);
    }
    if (durableFolders.size() > MOST_FOLDERS_KNOWN) {
      durableFolders.clear();
    }
    durableFolders.addAll(made);
    durableFolders.add(folder);
  }

  private void discard(Path temporary, CairnException because) {
    try {
      disk.delete(temporary);
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  private void makeDurable(String name, Path target) {
    try {
      disk.forceDirectory(folder(target));
    } catch (CairnException e) {
      throw unsettled(name, e);
    }
  }

  private void requireStill(Written written, String name, Path target) {
    Optional<Disk.FileStat> stat;
    try {
      stat = disk.stat(target);
    } catch (CairnException e) {
      throw unsettled(name, e);
    }
    if (stat.filter(s -> s.inode() == written.inode).isEmpty()) {
      throw new CairnException.Unavailable(
          "it is not known whether %s lasts in %s: it was put there, and something else is there now"
              .formatted(name, location()),
          "Try again.",
          null);
    }
  }

  /// A temporary file that vanished may have been moved by a first try whose answer was lost.
  private CairnException asUnknown(String name, CairnException e) {
    return e instanceof CairnException.NotFound ? unsettled(name, e) : e;
  }

  private CairnException.Unavailable unsettled(String name, CairnException e) {
    return new CairnException.Unavailable(
        "it is not known whether " + name + " lasts in " + location() + ": " + e.getMessage(),
        e.advice(),
        e);
  }

  @Override
  public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
    if (offset < 0 || maxBytes < 0) {
      throw new IllegalArgumentException("offset " + offset + ", at most " + maxBytes);
    }
    Disk.DiskFile open;
    try {
      open = disk.open(object(name));
    } catch (CairnException.NotFound _) {
      return Optional.empty();
    }
    try (Disk.DiskFile file = open) {
      long left = Math.max(0, file.stat().sizeBytes() - offset);
      var bytes = ByteBuffer.allocate((int) Math.min(left, maxBytes));
      file.read(bytes, offset);
      return Optional.of(bytes.flip());
    }
  }

  @Override
  public int readInto(String name, long offset, ByteBuffer into) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset);
    }
    Disk.DiskFile open;
    try {
      open = disk.open(object(name));
    } catch (CairnException.NotFound _) {
      return -1;
    }
    try (Disk.DiskFile file = open) {
      return file.read(into, offset);
    }
  }

  @Override
  public Optional<Long> sizeBytes(String name) {
    return disk.stat(object(name))
        .filter(stat -> stat.kind() == Disk.FileKind.FILE)
        .map(Disk.FileStat::sizeBytes);
  }

  @Override
  public List<Item> list(String folder) {
    Path directory = folder.isEmpty() ? root : object(folder);
    List<Path> entries;
    try {
      entries = disk.list(directory);
    } catch (CairnException.NotFound _) {
      return List.of();
    }
    var items = new ArrayList<Item>();
    for (Path entry : entries) {
      String name = folder.isEmpty() ? entry.toString() : folder + "/" + entry;
      if (BlobName.isValid(name)) {
        disk.stat(directory.resolve(entry)).flatMap(stat -> item(name, stat)).ifPresent(items::add);
      }
    }
    items.sort(Comparator.comparing(Item::name));
    return List.copyOf(items);
  }

  private static Optional<Item> item(String name, Disk.FileStat stat) {
    return switch (stat.kind()) {
      case FILE -> Optional.of(new Item(name, stat.sizeBytes(), false));
      case DIRECTORY -> Optional.of(new Item(name, 0, true));
      case SYMLINK, OTHER -> Optional.empty();
    };
  }

  @Override
  public void delete(String name) {
    Path path = object(name);
    // Deleting the name of a folder must not remove an empty directory.
    if (sizeBytes(name).isPresent()) {
      disk.delete(path);
    }
  }

  private Path object(String name) {
    return root.resolve(BlobName.checked(name));
  }

  private static Path folder(Path object) {
    return object.resolveSibling("");
  }

  @Override
  public OptionalLong usableBytes() {
    return OptionalLong.of(disk.usableBytes(root));
  }

  @Override
  public String location() {
    return Text.printable(root.toString(), 400);
  }

  @Override
  public void close() {
    // Nothing is held open between calls.
  }
}
