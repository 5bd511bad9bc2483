package dev.cairn.env;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that is written front to back past the operating system's cache (`O_DIRECT`) as far as
/// that goes: whole blocks from aligned memory. The rest, such as an odd end, and everything after
/// it goes through the cache; and so does all of it where the file system knows no such writes.
@Seam
final class DirectFile implements Disk.DiskFile {
  private static final int BLOCK = Disk.DIRECT_BYTES;
  private static final @Nullable OpenOption DIRECT = direct();

  private final Path path;
  private final RealFile cached;
  private @Nullable FileChannel direct;
  private long end;

  private DirectFile(Path path, RealFile cached, FileChannel direct) {
    this.path = path;
    this.cached = cached;
    this.direct = direct;
  }

  /// @param created the new file, empty; closed with what is returned
  static Disk.DiskFile around(Path path, RealFile created) {
    if (DIRECT == null) {
      return created;
    }
    try {
      var options = Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS, DIRECT);
      return new DirectFile(path, created, FileChannel.open(path, options));
    } catch (IOException | UnsupportedOperationException _) {
      return created; // tmpfs and some network file systems
    }
  }

  /// `ExtendedOpenOption.DIRECT`, which the JDK supports but has javac warn of, without a way to
  /// accept that; so it is looked up by name.
  private static @Nullable OpenOption direct() {
    try {
      Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      return (OpenOption) options.getField("DIRECT").get(null);
    } catch (ReflectiveOperationException _) {
      return null;
    }
  }

  @Override
  public void write(ByteBuffer bytes) {
    writeDirect(bytes);
    if (bytes.hasRemaining()) {
      leaveDirect();
      int rest = bytes.remaining();
      cached.writeAt(bytes, end);
      end += rest;
    }
  }

  /// Writes as many whole blocks as it can.
  private void writeDirect(ByteBuffer bytes) {
    FileChannel channel = direct;
    if (channel == null || !bytes.isDirect() || address(bytes) % BLOCK != 0) {
      return;
    }
    int whole = bytes.remaining() / BLOCK * BLOCK;
    ByteBuffer blocks = bytes.slice(bytes.position(), whole);
    try {
      while (blocks.hasRemaining()) {
        int count = channel.write(blocks, end);
        if (count % BLOCK != 0) { // short and odd: no direct write can follow
          blocks.position(blocks.position() - count % BLOCK);
          end += count - count % BLOCK;
          break;
        }
        end += count;
      }
    } catch (ClosedByInterruptException e) {
      throw DiskFailure.of("write", path, e);
    } catch (IOException _) {
      leaveDirect(); // What is really wrong the other way to write tells.
    }
    bytes.position(bytes.position() + blocks.position());
  }

  private static long address(ByteBuffer bytes) {
    return MemorySegment.ofBuffer(bytes).address();
  }

  private void leaveDirect() {
    FileChannel channel = direct;
    direct = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        throw DiskFailure.of("close", path, e);
      }
    }
  }

  /// Flushes the drive's own cache and what the file system knows of the file, like that of any
  /// other: direct writes leave that out.
  @Override
  public void force() {
    cached.force();
  }

  @Override
  public Disk.FileStat stat() {
    return cached.stat();
  }

  @Override
  public void writeAt(ByteBuffer bytes, long position) {
    throw onlyWritten();
  }

  @Override
  public void resize(long sizeBytes) {
    throw onlyWritten();
  }

  @Override
  public int read(ByteBuffer into, long position) {
    throw onlyWritten();
  }

  private static IllegalStateException onlyWritten() {
    return new IllegalStateException("a created file is only written, front to back");
  }

  @Override
  public void close() {
    try {
      leaveDirect();
    } finally {
      cached.close();
    }
  }
}
