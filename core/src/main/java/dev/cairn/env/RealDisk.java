package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The file system of this machine, through `java.nio.file`. POSIX only.
///
/// File names are bytes: a name that is no valid text in the current character set is listed,
/// opened and removed like any other, and only its printed form is lossy.
///
/// A symbolic link in place of a *directory* is followed by [#list], [#forceDirectory] and
/// [#createDirectories], so that a store or a watched directory may be reached through one.
@Seam
public final class RealDisk implements Disk {
  private static final String ATTRIBUTES =
      "unix:mode,size,lastModifiedTime,ctime,dev,ino,nlink,"
          + "isRegularFile,isDirectory,isSymbolicLink";
  private static final int PERMISSIONS = 0xfff;
  private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs", "rootfs", "hugetlbfs");
  private static final int OPEN_ATTEMPTS = 100;
  private static final int STRICT_ATTEMPTS = 10;

  @Override
  public DiskFile create(Path file, Caching caching) {
    try {
      var channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
      try {
        var created = new RealFile(file, channel, lstat(file));
        return switch (caching) {
          case KEEP -> created;
          case PAST -> DirectFile.around(file, created);
        };
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw DiskFailure.of("create", file, e);
    }
  }

  /// A pipe or device is refused before it is opened, because opening one may block for ever.
  @Override
  public DiskFile open(Path file) {
    return open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  @Override
  public DiskFile edit(Path file) {
    return open(
        file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
  }

  private static DiskFile open(Path file, Set<OpenOption> options) {
    try {
      for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        FileStat before = lstat(file);
        if (before.kind() != FileKind.FILE) {
          throw new CairnException.NotFound(
              "could not open " + DiskFailure.printable(file) + ": it is not a regular file", "");
        }
        var channel = FileChannel.open(file, options);
        if (sameFile(before, file, attempt < STRICT_ATTEMPTS)) {
          return new RealFile(file, channel, before);
        }
        channel.close();
      }
    } catch (IOException e) {
      throw DiskFailure.of("open", file, e);
    }
    throw new CairnException.Unavailable(
        "could not open " + DiskFailure.printable(file) + ": it is replaced again and again",
        "Try again.",
        null);
  }

  /// @param strict also compares the time of change, because the inode number of a file that was
  ///   replaced is soon given to another; a file that is being written never passes that
  private static boolean sameFile(FileStat expected, Path path, boolean strict) throws IOException {
    try {
      FileStat now = lstat(path);
      return now.device() == expected.device()
          && now.inode() == expected.inode()
          && (!strict || now.changed().equals(expected.changed()));
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return Reflink.make(existing, copy);
  }

  @Override
  public boolean link(Path existing, Path link) {
    try {
      Files.createLink(link, existing);
      return true;
    } catch (FileAlreadyExistsException _) {
      return false;
    } catch (IOException e) {
      throw DiskFailure.of("link " + DiskFailure.printable(existing) + " as", link, e);
    }
  }

  @Override
  public void rename(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw DiskFailure.of("rename " + DiskFailure.printable(from) + " to", to, e);
    }
  }

  @Override
  public void forceDirectory(Path directory) {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      throw DiskFailure.of("flush to disk the directory", directory, e);
    }
  }

  @Override
  public List<Path> list(Path directory) {
    var names = new ArrayList<Path>();
    try (var entries = Files.newDirectoryStream(directory)) {
      entries.forEach(entry -> names.add(entry.getFileName()));
    } catch (DirectoryIteratorException e) {
      throw DiskFailure.of("list", directory, Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw DiskFailure.of("list", directory, e);
    }
    names.sort(Comparator.comparing(Path::toString).thenComparing(Comparator.naturalOrder()));
    return names;
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    try {
      return Optional.of(lstat(path));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw DiskFailure.of("look at", path, e);
    }
  }

  static FileStat lstat(Path path) throws IOException {
    return read(path, LinkOption.NOFOLLOW_LINKS);
  }

  /// What `path` leads to after following links.
  static FileStat target(Path path) throws IOException {
    return read(path);
  }

  private static FileStat read(Path path, LinkOption... options) throws IOException {
    Map<String, Object> all = Files.readAttributes(path, ATTRIBUTES, options);
    return new FileStat(
        kind(all),
        number(all, "size"),
        (int) number(all, "mode") & PERMISSIONS,
        time(all, "lastModifiedTime"),
        time(all, "ctime"),
        number(all, "dev"),
        number(all, "ino"),
        (int) number(all, "nlink"));
  }

  private static FileKind kind(Map<String, Object> all) {
    if (Boolean.TRUE.equals(all.get("isRegularFile"))) {
      return FileKind.FILE;
    }
    if (Boolean.TRUE.equals(all.get("isDirectory"))) {
      return FileKind.DIRECTORY;
    }
    return Boolean.TRUE.equals(all.get("isSymbolicLink")) ? FileKind.SYMLINK : FileKind.OTHER;
  }

  private static long number(Map<String, Object> all, String name) {
    return all.get(name) instanceof Number value ? value.longValue() : 0;
  }

  private static Instant time(Map<String, Object> all, String name) {
    return all.get(name) instanceof FileTime value ? value.toInstant() : Instant.EPOCH;
  }

  @Override
  public void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw DiskFailure.of("remove", path, e);
    }
  }

  @Override
  public void createDirectories(Path directory) {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      createDirectories(parent);
    }
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException e) {
      if (Files.isDirectory(directory)) {
        return;
      }
      throw DiskFailure.of("create the directory", directory, e);
    } catch (IOException e) {
      throw DiskFailure.of("create the directory", directory, e);
    }
    if (parent != null) {
      forceNew(directory, parent);
    }
  }

  /// A directory that may not last must not be found by the next attempt and taken for durable.
  private void forceNew(Path directory, Path parent) {
    try {
      forceDirectory(parent);
    } catch (CairnException e) {
      try {
        Files.delete(directory);
      } catch (IOException leftover) {
        e.addSuppressed(leftover);
      }
      throw e;
    }
  }

  @Override
  public void symlink(Path link, String target) {
    try {
      Files.createSymbolicLink(link, Path.of(target));
    } catch (IOException e) {
      throw DiskFailure.of("create the symbolic link", link, e);
    }
  }

  @Override
  public String readSymlink(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      throw DiskFailure.of("read the symbolic link", link, e);
    }
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    try {
      FileKind kind = lstat(path).kind();
      if (kind != FileKind.FILE && kind != FileKind.DIRECTORY) {
        return;
      }
      // The time first: the new mode may forbid this user to touch the file again.
      Files.setAttribute(path, "lastModifiedTime", FileTime.from(modified));
      Files.setAttribute(path, "unix:mode", mode & PERMISSIONS, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw DiskFailure.of("set mode and time of", path, e);
    }
  }

  @Override
  public String boot() {
    return Host.kernelBoot();
  }

  @Override
  public boolean tellsOfWrites(Path file) {
    try {
      return !IN_MEMORY.contains(Files.getFileStore(file).type());
    } catch (IOException _) {
      return false; // Who knows.
    }
  }

  @Override
  public long usableBytes(Path path) {
    Path existing = path.toAbsolutePath();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    try {
      FileStore store = Files.getFileStore(existing);
      // Some file systems of user space keep no account of their room: all of it is 0.
      return store.getTotalSpace() == 0 ? Long.MAX_VALUE : store.getUsableSpace();
    } catch (IOException e) {
      // In some containers the mount table does not name the mount; the plain call still works.
      long bytes = existing.toFile().getUsableSpace();
      if (bytes > 0) {
        return bytes;
      }
      throw DiskFailure.of("ask for the free space of", existing, e);
    }
  }
}
