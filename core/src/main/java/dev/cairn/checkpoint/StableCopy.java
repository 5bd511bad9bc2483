package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The files of a directory as they were at one moment, beside it, so that whoever writes there may
/// go on while they are being saved. Closing removes the copy.
///
/// Made the quickest way that is safe: sharing blocks where the file system can do that; else by
/// second names, if the writer has promised that it never changes a file but only replaces it; else
/// by copying. Not forced to disk: it is worth nothing after a crash.
public final class StableCopy implements AutoCloseable {
  /// What every name of such a copy starts with; captures leave it out.
  static final String PREFIX = ".cairn-copy-";

  private static final int BUFFER_BYTES = 4 << 20;

  private final Disk disk;
  private final Path root;
  private final FileTree tree;
  private final How how;
  private final long copiedBytes;
  private final Duration took;

  private StableCopy(
      Disk disk, Path root, FileTree tree, How how, long copiedBytes, Duration took) {
    this.disk = disk;
    this.root = root;
    this.tree = tree;
    this.how = how;
    this.copiedBytes = copiedBytes;
    this.took = took;
  }

  /// How a copy was made.
  public enum How {
    /// Its files share their blocks with those of the directory.
    SHARED_BLOCKS,
    /// Its files are those of the directory, under second names.
    LINKED,
    COPIED
  }

  /// How the writer of a directory changes its files.
  public enum Writer {
    /// In any way.
    WRITES_IN_PLACE,
    /// Never: it writes a new file and renames it over the old one.
    REPLACES_BY_RENAME
  }

  /// Copies a directory while nobody writes there, which is looked after: the job waits for this.
  ///
  /// @param parent of the copy; on the same file system
  /// @throws Changed if somebody wrote nevertheless; there is no copy then
  /// @throws CairnException.Unavailable if there is no room
  static StableCopy take(Disk disk, Env env, CapturedFiles files, Path parent, Writer writer)
      throws Changed {
    long start = env.nanos();
    Path root = parent.resolve(PREFIX + env.randomHex(8));
    disk.createDirectories(root);
    try {
      hide(disk, env, root);
      var making = new Making(disk, root, writer);
      FileTree tree = making.copy(files);
      Duration took = Duration.ofNanos(env.nanos() - start);
      return new StableCopy(disk, root, tree, making.how(), making.copiedBytes, took);
    } catch (Changed | RuntimeException | Error e) {
      removeAfter(disk, root, e);
      throw e;
    }
  }

  /// A copy has the mode of any new file, also of one that only its owner may read.
  private static void hide(Disk disk, Env env, Path root) {
    try {
      disk.setAttributes(root, 0700, env.now());
    } catch (CairnException.Denied | CairnException.Unavailable _) {
      // A file system without permissions has no secrets.
    }
  }

  /// Removes copies that a process which died has left in `parent`: never what a link leads to.
  static void removeLeftovers(Disk disk, Path parent) {
    for (Path name : disk.list(parent)) {
      Path path = parent.resolve(name);
      boolean directory =
          disk.stat(path).filter(stat -> stat.kind() == FileKind.DIRECTORY).isPresent();
      if (directory && name.toString().startsWith(PREFIX)) {
        remove(disk, path);
      }
    }
  }

  /// The names and times of the directory, with the bytes of the copy.
  FileTree tree() {
    return tree;
  }

  public How how() {
    return how;
  }

  /// Bytes that had to be copied.
  public long copiedBytes() {
    return copiedBytes;
  }

  /// How long the job had to wait for it.
  public Duration took() {
    return took;
  }

  private static final class Making {
    private final Disk disk;
    private final Path root;
    private final Writer writer;
    private final Map<String, FileTree.Copied> copies = new HashMap<>();
    private boolean shares = true;
    private boolean links;
    private boolean copied;
    private @Nullable ByteBuffer buffer;
    private long copiedBytes;

    Making(Disk disk, Path root, Writer writer) {
      this.disk = disk;
      this.root = root;
      this.writer = writer;
    }

    FileTree copy(CapturedFiles files) throws Changed {
      FileTree before = files.scan(disk);
      int number = 0;
      for (FileTree.Node node : before.nodes()) {
        if (node.stat().kind() == FileKind.FILE) {
          Path to = root.resolve(Integer.toString(number++));
          boolean linked = copy(before.root().resolve(node.path()), to);
          links |= linked;
          FileStat stat = disk.stat(to).orElseThrow(() -> vanished(to));
          copies.put(node.path(), new FileTree.Copied(to, stat, linked));
        }
      }
      FileTree after = files.scan(disk);
      Optional<String> difference =
          links ? before.firstDifferenceButForLinks(after) : before.firstDifference(after);
      if (difference.isPresent()) {
        throw new Changed(difference.get());
      }
      return after.readFrom(copies);
    }

    /// @return whether the copy is a second name
    private boolean copy(Path from, Path to) throws Changed {
      try {
        shares = shares && disk.shareBlocks(from, to);
        if (shares) {
          return false;
        }
        if (writer == Writer.REPLACES_BY_RENAME && link(from, to)) {
          return true;
        }
        copyBytes(from, to);
        copied = true;
        return false;
      } catch (CairnException.NotFound e) {
        throw new Changed(from + " vanished");
      }
    }

    /// @return false where that cannot be: the file system knows no second names, the file has too
    ///   many, or it is another user's
    private boolean link(Path from, Path to) {
      try {
        return disk.link(from, to);
      } catch (CairnException.Denied | CairnException.Unavailable _) {
        return false;
      }
    }

    private void copyBytes(Path from, Path to) {
      if (buffer == null) {
        buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
      }
      try (Disk.DiskFile in = disk.open(from);
          Disk.DiskFile out = disk.create(to)) {
        long at = 0;
        while (in.read(buffer.clear(), at) > 0) {
          at += buffer.flip().remaining();
          out.write(buffer);
        }
        copiedBytes += at;
      }
    }

    private static CairnException.Unavailable vanished(Path copy) {
      return new CairnException.Unavailable(
          copy + " was removed by somebody", "Nothing was saved. Try again.", null);
    }

    How how() {
      return copies.isEmpty() || shares ? How.SHARED_BLOCKS : copied ? How.COPIED : How.LINKED;
    }
  }

  @Override
  public void close() {
    remove(disk, root);
  }

  private static void removeAfter(Disk disk, Path root, Throwable because) {
    try {
      remove(disk, root);
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  private static void remove(Disk disk, Path root) {
    Leftovers.removeTree(disk, root, () -> {});
  }
}
