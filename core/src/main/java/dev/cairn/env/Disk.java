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
  /// Creates `file`, which must not exist, for writing front to back.
  DiskFile create(Path file, Caching caching);

  /// As above, for a file that is likely to be read soon.
  default DiskFile create(Path file) {
    return create(file, Caching.KEEP);
  }

  /// Whether the operating system keeps what is written in memory for readers. Only a wish.
  enum Caching {
    KEEP,
    /// Around its cache, where the file system can do that (`O_DIRECT`): for many megabytes that
    /// nobody reads soon. Written fastest from direct buffers at addresses that are multiples of
    /// [#DIRECT_BYTES].
    PAST
  }

  /// What addresses, positions and sizes must be multiples of to be written past the cache.
  int DIRECT_BYTES = 4096;

  /// Opens an existing regular file for reading.
  ///
  /// @throws CairnException.NotFound if there is none: a pipe or device is never opened
  DiskFile open(Path file);

  /// Opens an existing regular file for reading and for writing anywhere.
  ///
  /// @throws CairnException.NotFound if there is none
  DiskFile edit(Path file);

  /// Creates `copy`, which must not exist, with the contents of the file `existing`, whose blocks
  /// it shares until one of them is written (`FICLONE`). Takes no space and next to no time.
  ///
  /// @return false, with nothing changed, if this file system cannot do that for these two
  boolean shareBlocks(Path existing, Path copy);

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

  /// Names the running system that holds these files in its memory: two looks at a file under one
  /// name had no loss of power between them. Empty if unknown.
  String boot();

  /// Whether a file here tells of all that is written to it by a new time of change, at the latest
  /// when it is flushed. One that lives in memory does not tell of what is written into a mapping.
  default boolean tellsOfWrites(Path file) {
    return true;
  }

  /// Bytes that may still be written to the file system that holds `path`.
  long usableBytes(Path path);

  /// An open file: written front to back if created, read anywhere if opened, read and written
  /// anywhere if edited.
  interface DiskFile extends AutoCloseable {
    /// Writes all that remains in `bytes` at the end.
    void write(ByteBuffer bytes);

    /// Writes all that remains in `bytes` at `position`; what is skipped past the end is zeros.
    /// Only for a file that is edited. Threads may do so side by side.
    void writeAt(ByteBuffer bytes, long position);

    /// Cuts off, or fills up with zeros, to `sizeBytes`. Only for a file that is edited.
    void resize(long sizeBytes);

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
      int links) {
    /// The same but for what changes with a second name.
    public FileStat withoutLinks() {
      return new FileStat(kind, sizeBytes, mode, modified, Instant.EPOCH, device, inode, 1);
    }
  }
}
