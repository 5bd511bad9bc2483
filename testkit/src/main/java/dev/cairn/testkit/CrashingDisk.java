package dev.cairn.testkit;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/// A file system in memory that can lose its power, refuse a call, lose an answer or run full.
///
/// It keeps two views: what is, and what is durable. Contents become durable by [DiskFile#force],
/// names only by [#forceDirectory] of their directory, as strictly as POSIX allows. [#afterCrash]
/// tells what a power loss could leave. Modes and times of a file are durable as soon as it is.
///
/// Every call of a method here or of an open file counts as one call, from 1 on, for [#crashAt] and
/// [#failAt]; [#createDirectories] counts one more for each directory it makes and one for each
/// force. A failed force condemns its file: later ones succeed and change nothing.
///
/// Paths are absolute paths of the default file system; no real file is touched. New directories
/// start below the root, which is all that there is at first. Thread-safe.
public final class CrashingDisk implements Disk {
  private static final long PLENTY_BYTES = 1L << 50;
  private static final int PERMISSIONS = 0xfff;

  private final Tree tree;
  private final String boot;
  private final Faults faults = new Faults();
  private long capacityBytes = PLENTY_BYTES;
  private long usedBytes;
  private long fileForces;
  private long directoryForces;
  private boolean off;

  public CrashingDisk() {
    this("disk");
  }

  /// @param boot what [#boot] says until the power is lost
  public CrashingDisk(String boot) {
    this(new Tree(), boot);
  }

  private CrashingDisk(Tree tree, String boot) {
    this.tree = tree;
    this.boot = boot;
    this.usedBytes = tree.totalBytes();
  }

  /// How much of what was not forced outlasts a power loss.
  public enum Mode {
    /// All of it.
    KEEP_ALL,
    /// Nothing.
    DROP_ALL,
    /// Each change of a name is kept or lost by itself; a rename is never half done. The contents
    /// of each file are kept, lost, or partly kept and followed by zeros or noise.
    RANDOM
  }

  /// The power is gone: no call on this disk or its open files returns any more.
  public static final class PowerLoss extends Error {
    private static final long serialVersionUID = 1L;

    PowerLoss() {
      super("the power is off");
    }
  }

  /// Switches the power off at that call, counted from 1 and from the creation of this disk.
  public void crashAt(long call, When when) {
    faults.plan(false, call, when, this::powerOff);
  }

  /// Switches the power off at that force, those of files and of directories counted together.
  public void crashAtForce(long force, When when) {
    faults.plan(true, force, when, this::powerOff);
  }

  /// Makes that call fail, once.
  public void failAt(long call, When when, Supplier<CairnException> failure) {
    faults.plan(
        false,
        call,
        when,
        () -> {
          throw failure.get();
        });
  }

  /// Leaves room for `bytes` of contents in all; whatever is written past that does not fit.
  public synchronized void full(long bytes) {
    capacityBytes = bytes;
  }

  public long calls() {
    return faults.calls();
  }

  /// The name of every call so far.
  public List<String> log() {
    return faults.log();
  }

  public synchronized long fileForces() {
    return fileForces;
  }

  public synchronized long directoryForces() {
    return directoryForces;
  }

  /// Switches this disk off for good, and gives another one with what a power loss could leave of
  /// it. The same seed and mode give the same. Neither faults nor counters are carried over.
  public synchronized CrashingDisk afterCrash(long seed, Mode mode) {
    off = true;
    var next = new CrashingDisk(tree.afterCrash(mode, new SplittableRandom(seed)), boot + "+");
    next.capacityBytes = capacityBytes;
    return next;
  }

  private synchronized void powerOff() {
    off = true;
    throw new PowerLoss();
  }

  private synchronized void requirePower() {
    if (off) {
      throw new PowerLoss();
    }
  }

  private <T> T call(String name, Supplier<T> action) {
    return call(name, false, action);
  }

  private <T> T call(String name, boolean force, Supplier<T> action) {
    requirePower();
    return faults.run(
        name,
        force,
        () -> {
          synchronized (this) {
            requirePower();
            return action.get();
          }
        });
  }

  private void run(String name, Runnable action) {
    call(name, false, asSupplier(action));
  }

  private static Supplier<Boolean> asSupplier(Runnable action) {
    return () -> {
      action.run();
      return true;
    };
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    return call(
        "create",
        () -> new OpenFile(tree.add("create", file, FileKind.FILE, ""), file, Use.WRITTEN));
  }

  @Override
  public DiskFile edit(Path file) {
    return call("edit", () -> new OpenFile(regular(file), file, Use.EDITED));
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return call("shareBlocks", () -> false); // few file systems can
  }

  @Override
  public DiskFile open(Path file) {
    return call("open", () -> new OpenFile(regular(file), file, Use.READ));
  }

  private Inode regular(Path file) {
    Inode inode = tree.existing("open", file);
    if (inode.kind != FileKind.FILE) {
      throw Tree.notFound("open", file, "it is not a regular file");
    }
    return inode;
  }

  @Override
  public boolean link(Path existing, Path link) {
    return call("link", () -> tree.link(existing, link));
  }

  @Override
  public void rename(Path from, Path to) {
    run("rename", () -> tree.rename(from, to).ifPresent(this::release));
  }

  @Override
  public void forceDirectory(Path directory) {
    call(
        "forceDirectory",
        true,
        asSupplier(() -> {
          directoryForces++;
          tree.force(tree.directory("force", directory));
        }));
  }

  @Override
  public List<Path> list(Path directory) {
    return call("list", () -> tree.namesIn(directory));
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    return call("stat", () -> tree.find(path, false).map(CrashingDisk::stat));
  }

  private static FileStat stat(Inode inode) {
    return new FileStat(
        inode.kind,
        inode.sizeBytes(),
        inode.mode,
        inode.modified,
        inode.changed,
        1,
        inode.number,
        inode.links);
  }

  @Override
  public void delete(Path path) {
    run(
        "delete",
        () -> {
          Optional<Inode> inode = tree.find(path, false);
          if (inode.isEmpty()) {
            return;
          }
          if (!inode.get().names.isEmpty()) {
            throw Tree.unavailable("remove", path, "the directory is not empty");
          }
          tree.remove(tree.place("remove", path), inode.get());
          release(inode.get());
        });
  }

  @Override
  public void createDirectories(Path directory) {
    Path parent = directory.getParent();
    if (parent == null || call("createDirectories", () -> tree.isDirectory(directory))) {
      return;
    }
    createDirectories(parent);
    boolean made =
        call(
            "createDirectory",
            () -> {
              if (tree.isDirectory(directory)) {
                return false; // somebody else was faster
              }
              tree.add("create", directory, FileKind.DIRECTORY, "");
              return true;
            });
    if (!made) {
      return;
    }
    try {
      forceDirectory(parent);
    } catch (CairnException e) {
      delete(directory);
      throw e;
    }
  }

  @Override
  public void symlink(Path link, String target) {
    run("symlink", () -> tree.add("create", link, FileKind.SYMLINK, target));
  }

  @Override
  public String readSymlink(Path link) {
    return call(
        "readSymlink",
        () -> {
          Inode inode = tree.existing("read", link);
          if (inode.kind != FileKind.SYMLINK) {
            throw Tree.unavailable("read", link, "it is not a symbolic link");
          }
          return inode.target;
        });
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    run(
        "setAttributes",
        () -> {
          Inode inode = tree.existing("set mode and time of", path);
          if (inode.kind != FileKind.SYMLINK) {
            inode.mode = mode & PERMISSIONS;
            inode.modified = modified;
            inode.changed = tree.tick();
          }
        });
  }

  @Override
  public String boot() {
    return boot;
  }

  @Override
  public long usableBytes(Path path) {
    return call("usableBytes", () -> Math.max(0, capacityBytes - usedBytes));
  }

  /// Gives back the space of a file that has neither a name nor a reader left.
  private void release(Inode inode) {
    if (inode.kind == FileKind.FILE && inode.links + inode.handles == 0) {
      usedBytes -= inode.sizeBytes();
    }
  }

  private enum Use {
    READ,
    WRITTEN,
    EDITED
  }

  private final class OpenFile implements DiskFile {
    private final Inode inode;
    private final Path path;
    private final Use use;
    private boolean closed;

    OpenFile(Inode inode, Path path, Use use) {
      this.inode = inode;
      this.path = path;
      this.use = use;
      inode.handles++;
    }

    private void requireOpen(boolean rightMode) {
      if (closed) {
        throw Tree.unavailable("use", path, "it is closed");
      }
      if (!rightMode) {
        throw new IllegalStateException(
            "a created file is only written, an opened one only read, an edited one has no end");
      }
    }

    @Override
    public void write(ByteBuffer bytes) {
      run(
          "write",
          () -> {
            requireOpen(use == Use.WRITTEN);
            int room = Math.clamp(capacityBytes - usedBytes, 0, bytes.remaining());
            boolean fits = room == bytes.remaining();
            inode.append(bytes.slice(bytes.position(), room));
            bytes.position(bytes.position() + room);
            wrote(room);
            if (!fits) {
              throw full();
            }
          });
    }

    @Override
    public void writeAt(ByteBuffer bytes, long position) {
      run(
          "writeAt",
          () -> {
            requireOpen(use == Use.EDITED);
            grow(position + bytes.remaining());
            inode.overwrite(bytes, position);
            wrote(0);
          });
    }

    @Override
    public void resize(long sizeBytes) {
      run(
          "resize",
          () -> {
            requireOpen(use == Use.EDITED);
            grow(sizeBytes);
            int before = inode.sizeBytes();
            inode.resize(sizeBytes);
            wrote(Math.min(0, inode.sizeBytes() - before));
          });
    }

    private void grow(long sizeBytes) {
      long more = sizeBytes - inode.sizeBytes();
      if (more > capacityBytes - usedBytes) {
        throw full();
      }
      if (more > 0) {
        inode.resize(sizeBytes);
        usedBytes += more;
      }
    }

    private void wrote(int more) {
      usedBytes += more;
      inode.modified = tree.tick();
      inode.changed = inode.modified;
    }

    private CairnException.Unavailable full() {
      return CairnException.Unavailable.full(
          "could not write %s: no space is left there".formatted(path), null);
    }

    @Override
    public void force() {
      try {
        call(
            "force",
            true,
            asSupplier(() -> {
              requireOpen(true);
              fileForces++;
              inode.force();
            }));
      } catch (CairnException e) {
        inode.condemn();
        throw e;
      }
    }

    @Override
    public int read(ByteBuffer into, long position) {
      return call(
          "read",
          () -> {
            requireOpen(use != Use.WRITTEN);
            return inode.read(into, position);
          });
    }

    @Override
    public FileStat stat() {
      return call("stat", () -> CrashingDisk.stat(inode));
    }

    @Override
    public void close() {
      run(
          "close",
          () -> {
            if (!closed) {
              closed = true;
              inode.handles--;
              release(inode);
            }
          });
    }
  }
}
