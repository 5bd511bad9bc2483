package dev.cairn.cli.archive;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/// An archive as a channel that lets only so much be read at a time: a library that believes a
/// length in a header must not fill the memory with it. Does not close the file.
final class ArchiveFile implements SeekableByteChannel {
  private final DiskFile file;
  private final long size;
  private long position;
  private long left = Long.MAX_VALUE;
  private String what = "";

  ArchiveFile(DiskFile file) {
    this.file = file;
    this.size = file.stat().sizeBytes();
  }

  /// From now on at most so many bytes may be read, for `what`.
  void allow(long bytes, String reason) {
    left = bytes;
    what = reason;
  }

  void allowAll() {
    left = Long.MAX_VALUE;
  }

  @Override
  public int read(ByteBuffer into) {
    if (!into.hasRemaining()) {
      return 0;
    }
    int count = file.read(into, position);
    if (count == 0) {
      return -1;
    }
    left -= count;
    if (left < 0) {
      throw new CairnException.Invalid(
          what + " are larger than is allowed", "Nothing was published.");
    }
    position += count;
    return count;
  }

  /// Whether the bytes from `offset` on are zeros, all of them there.
  boolean isZero(long offset, int count) {
    var bytes = ByteBuffer.allocate(count);
    return file.read(bytes, offset) == count && bytes.flip().equals(ByteBuffer.allocate(count));
  }

  @Override
  public int write(ByteBuffer bytes) {
    throw new NonWritableChannelException();
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long to) {
    position = to;
    return this;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public SeekableByteChannel truncate(long to) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
