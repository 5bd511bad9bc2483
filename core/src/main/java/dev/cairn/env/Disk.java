package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The file system, as little of it as Cairn uses.
///
/// Nothing is durable before [DiskFile#force] (contents) and [#forceDirectory] (names) have
/// returned. A symbolic link as the last element of a path is not followed, except to a directory
/// by [#list], [#forceDirectory] and [#createDirectories].
///
/// All methods throw `Denied` where permission or a read-only file system forbids the call,
/// `Unavailable` (with [CairnException.Unavailable#isFull] where space or quota ran out) on any
/// other failure, and `NotFound` where the named file must exist and does not. Thread-safe; a
/// [DiskFile] is not.
public interface Disk {
  /// Creates `file`, which must not exist, for writing.
  DiskFile create(Path file);

  /// Opens an existing regular file for reading.
  ///
  /// @throws CairnException.NotFound if there is none: a pipe or device is never opened
  DiskFile open(Path file);

  /// Gives `existing` the second name `link`, atomically.
  ///
  /// @return false, with nothing changed, if `link` exists already
  boolean link(Path existing, Path link);

  /// Moves atomically, replacing a file (or an empty directory by a directory) of that name.
  void rename(Path from, Path to);

  /// Makes the names in `directory` durable.
  void forceDirectory(Path directory);

  /// The names in `directory`, one element each, sorted by their text, without `.` and `..`.
  ///
  /// @throws CairnException.NotFound if it does not exist or is no directory
  List<Path> list(Path directory);

  /// What `path` itself is, a link not followed; empty if it does not exist.
  Optional<FileStat> stat(Path path);

  /// Removes a file, a link or an empty directory; nothing happens if it does not exist.
  void delete(Path path);

  /// Creates `directory` and its missing parents, each durable on return.
  void createDirectories(Path directory);

  /// Creates the symbolic link `link` that says `target`, whatever that is.
  void symlink(Path link, String target);

  /// What the symbolic link says.
  String readSymlink(Path link);

  /// Sets permission bits (the low 12) and modification time; of a link, nothing.
  void setAttributes(Path path, int mode, Instant modified);

  /// Bytes that may still be written to the file system that holds `path`.
  long usableBytes(Path path);

  /// An open file: written front to back if created, read anywhere if opened.
  interface DiskFile extends AutoCloseable {
    /// Writes all that remains in `bytes` at the end.
    void write(ByteBuffer bytes);

    /// Makes the contents durable. If it throws, the file is condemned: write it anew.
    void force();

    /// Reads up to `into.remaining()` bytes at `position`.
    ///
    /// @return the number of bytes read, which is short only at the end; 0 at or past the end
    int read(ByteBuffer into, long position);

    /// What the open file is now, whatever its name points to by now.
    FileStat stat();

    @Override
    void close();
  }

  /// What a name points to.
  enum FileKind {
    FILE,
    DIRECTORY,
    SYMLINK,
    /// A socket, pipe or device.
    OTHER
  }

  /// The identity and state of a file as `lstat(2)` tells it.
  ///
  /// @param mode permission bits, the low 12
  /// @param device with `inode` the identity of the file
  record FileStat(
      FileKind kind,
      long sizeBytes,
      int mode,
      Instant modified,
      Instant changed,
      long device,
      long inode,
      int links) {}
}
