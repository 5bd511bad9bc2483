package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileStat;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/// Where the bytes of a file come from. Thread-safe.
sealed interface Source {
  /// Fills `into` with the bytes from `offset` on.
  ///
  /// @return the sentence that says what changed, if anything did
  Optional<String> read(ByteBuffer into, long offset);

  /// A file as it was seen: opened for each read and looked at before and after, and only if it is
  /// still exactly that do its bytes count.
  ///
  /// @param path for people
  /// @param linked whether it may lose or get other names meanwhile
  record OfFile(Disk disk, Path file, String path, FileStat seen, boolean linked)
      implements Source {
    @Override
    public Optional<String> read(ByteBuffer into, long offset) {
      try (DiskFile open = disk.open(file)) {
        Optional<String> before = difference(open);
        if (before.isPresent()) {
          return before;
        }
        open.read(into, offset);
        Optional<String> after = difference(open);
        return after.isPresent() || !into.hasRemaining()
            ? after
            : Optional.of(FileTree.printable(path) + " shrank while it was read");
      } catch (CairnException.NotFound _) {
        return vanished();
      }
    }

    /// Looks at the open file: what a name tells may be some seconds old on a network file system,
    /// what an open file tells is not.
    ///
    /// @return the sentence that says what changed, if anything did
    Optional<String> look() {
      try (DiskFile open = disk.open(file)) {
        return difference(open);
      } catch (CairnException.NotFound _) {
        return vanished();
      }
    }

    private Optional<String> difference(DiskFile open) {
      FileStat now = open.stat();
      return linked
          ? FileTree.difference(path, seen.withoutLinks(), now.withoutLinks())
          : FileTree.difference(path, seen, now);
    }

    private Optional<String> vanished() {
      return Optional.of(FileTree.printable(path) + " vanished");
    }
  }

  /// Bytes in memory.
  record OfBytes(ByteBuffer bytes) implements Source {
    @Override
    public Optional<String> read(ByteBuffer into, long offset) {
      into.put(bytes.slice((int) offset, into.remaining()));
      return Optional.empty();
    }
  }
}
