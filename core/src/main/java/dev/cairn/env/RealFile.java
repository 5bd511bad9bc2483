package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// An open file of [RealDisk].
///
/// Interrupting a thread in one of these calls closes the file: the call throws `Cancelled`, and a
/// file that was being written is condemned like after a failed force.
@Seam
final class RealFile implements Disk.DiskFile {
  /// The JDK copies a heap buffer into a direct one of the same size, which the thread then keeps.
  private static final int MAX_COPY_BYTES = 1 << 20;

  private static final Path OPEN_FILES = Path.of("/proc/self/fd");

  private final Path path;
  private final FileChannel channel;
  private final Disk.FileStat opened;

  RealFile(Path path, FileChannel channel, Disk.FileStat opened) {
    this.path = path;
    this.channel = channel;
    this.opened = opened;
  }

  @Override
  public void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        bytes.position(bytes.position() + channel.write(piece(bytes)));
      }
    } catch (IOException e) {
      throw DiskFailure.of("write", path, e);
    }
  }

  @Override
  public void writeAt(ByteBuffer bytes, long position) {
    long at = position;
    try {
      while (bytes.hasRemaining()) {
        int count = channel.write(piece(bytes), at);
        bytes.position(bytes.position() + count);
        at += count;
      }
    } catch (IOException e) {
      throw DiskFailure.of("write", path, e);
    }
  }

  @Override
  public void resize(long sizeBytes) {
    try {
      if (sizeBytes > channel.size()) {
        channel.write(ByteBuffer.allocate(1), sizeBytes - 1);
      } else {
        channel.truncate(sizeBytes);
      }
    } catch (IOException e) {
      throw DiskFailure.of("resize", path, e);
    }
  }

  @Override
  public void force() {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw DiskFailure.of("flush to disk", path, e);
    }
  }

  @Override
  public int read(ByteBuffer into, long position) {
    int total = 0;
    try {
      while (into.hasRemaining()) {
        int count = channel.read(piece(into), position + total);
        if (count < 0) {
          break;
        }
        into.position(into.position() + count);
        total += count;
      }
      return total;
    } catch (IOException e) {
      throw DiskFailure.of("read", path, e);
    }
  }

  private static ByteBuffer piece(ByteBuffer buffer) {
    if (buffer.isDirect()) {
      return buffer.duplicate();
    }
    return buffer.slice(buffer.position(), Math.min(buffer.remaining(), MAX_COPY_BYTES));
  }

  /// No other file can have this one's inode number while it is open, so its name tells all as long
  /// as it leads to that number; else the kernel's list of open files does.
  @Override
  public Disk.FileStat stat() {
    try {
      Disk.FileStat now = current();
      return new Disk.FileStat(
          now.kind(),
          channel.size(),
          now.mode(),
          now.modified(),
          now.changed(),
          now.device(),
          now.inode(),
          now.links());
    } catch (IOException e) {
      throw DiskFailure.of("look at", path, e);
    }
  }

  private Disk.FileStat current() throws IOException {
    try {
      Disk.FileStat named = RealDisk.lstat(path);
      if (isThis(named)) {
        return named;
      }
    } catch (NoSuchFileException _) {
      // Removed while open: it lives on without a name.
    }
    return amongOpenFiles();
  }

  private Disk.FileStat amongOpenFiles() throws IOException {
    if (Files.isDirectory(OPEN_FILES)) {
      try (var files = Files.newDirectoryStream(OPEN_FILES)) {
        for (Path file : files) {
          Optional<Disk.FileStat> candidate = targetIfOpen(file);
          if (candidate.filter(this::isThis).isPresent()) {
            return candidate.get();
          }
        }
      }
    }
    throw new CairnException.Unavailable(
        "could not look at "
            + DiskFailure.printable(path)
            + ": it was replaced or removed while it was open",
        "Try again.",
        null);
  }

  private static Optional<Disk.FileStat> targetIfOpen(Path file) throws IOException {
    try {
      return Optional.of(RealDisk.target(file));
    } catch (NoSuchFileException _) {
      return Optional.empty(); // closed by another thread in the meantime
    }
  }

  private boolean isThis(Disk.FileStat other) {
    return other.device() == opened.device() && other.inode() == opened.inode();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw DiskFailure.of("close", path, e);
    }
  }
}
