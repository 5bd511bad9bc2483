package dev.cairn.testkit;

import dev.cairn.env.Disk.FileKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/// The answer to one request, in the layouts of `linux/fuse.h`; used again for the next one.
///
/// The kernel may keep neither names nor attributes nor contents: all time limits are zero, and
/// files are read and written past its page cache.
final class FuseReply {
  static final int MOST_BYTES = 1 << 20;

  private static final int HEADER_BYTES = 16;
  private static final int PAGE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;
  private static final int FILE_TYPE_SHIFT = 12;
  private static final int ALIGNMENT = 8;
  private static final int OPEN_DIRECT_IO = 1;
  private static final long FREE_BLOCKS = 1 << 20;
  private static final long FREE_INODES = 1 << 20;
  private static final int LONGEST_NAME = 255;

  private final MemorySegment memory;
  private final ByteBuffer bytes;

  FuseReply(Arena arena) {
    memory = arena.allocate(HEADER_BYTES + MOST_BYTES, ALIGNMENT);
    bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  void begin() {
    bytes.clear().position(HEADER_BYTES);
  }

  /// All of the answer: `struct fuse_out_header`, and the body unless it is a refusal.
  MemorySegment end(long unique, int errno) {
    int length = errno == 0 ? bytes.position() : HEADER_BYTES;
    bytes.putInt(0, length);
    bytes.putInt(4, -errno);
    bytes.putLong(8, unique);
    return memory.asSlice(0, length);
  }

  /// `struct fuse_init_out`.
  void init(int minor, int readAhead, int flags) {
    bytes.putInt(7).putInt(minor);
    bytes.putInt(readAhead).putInt(flags);
    bytes.putShort((short) 0).putShort((short) 0); // background requests: as many as it likes
    bytes.putInt(MOST_BYTES);
    bytes.putInt(1); // times in nanoseconds
    bytes.putShort((short) (MOST_BYTES / PAGE_BYTES)).putShort((short) 0);
    zeros(32);
  }

  /// `struct fuse_entry_out`.
  void entry(Inode inode) {
    bytes.putLong(inode.number).putLong(0);
    zeros(24);
    attributes(inode);
  }

  /// `struct fuse_attr_out`.
  void attributesAlone(Inode inode) {
    zeros(16);
    attributes(inode);
  }

  private void attributes(Inode inode) {
    long size = sizeBytes(inode);
    bytes.putLong(inode.number).putLong(size).putLong((size + SECTOR_BYTES - 1) / SECTOR_BYTES);
    Instant modified = inode.modified;
    Instant changed = inode.changed;
    bytes.putLong(modified.getEpochSecond());
    bytes.putLong(modified.getEpochSecond());
    bytes.putLong(changed.getEpochSecond());
    bytes.putInt(modified.getNano()).putInt(modified.getNano()).putInt(changed.getNano());
    bytes.putInt(type(inode.kind) << FILE_TYPE_SHIFT | inode.mode).putInt(inode.links);
    zeros(12); // root owns all
    bytes.putInt(PAGE_BYTES).putInt(0);
  }

  private static long sizeBytes(Inode inode) {
    return inode.kind == FileKind.SYMLINK
        ? inode.target.getBytes(StandardCharsets.UTF_8).length
        : inode.sizeBytes();
  }

  /// As in `struct stat` and `struct dirent`.
  private static int type(FileKind kind) {
    return switch (kind) {
      case OTHER -> 1; // a pipe: the only other thing that can be made here
      case DIRECTORY -> 4;
      case FILE -> 8;
      case SYMLINK -> 10;
    };
  }

  /// `struct fuse_open_out`.
  void opened(long handle) {
    bytes.putLong(handle).putInt(OPEN_DIRECT_IO).putInt(0);
  }

  /// `struct fuse_write_out`.
  void written(int count) {
    bytes.putInt(count).putInt(0);
  }

  void text(String text) {
    bytes.put(text.getBytes(StandardCharsets.UTF_8));
  }

  void contents(Inode inode, long offset, int most) {
    bytes.limit(bytes.position() + Math.min(most, bytes.remaining()));
    inode.read(bytes, offset);
  }

  /// `struct fuse_dirent`.
  ///
  /// @param next where a reader goes on after it
  /// @param most bytes of the whole answer
  /// @return false, with nothing added, if there is no room
  boolean directoryEntry(String name, Inode inode, long next, int most) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    int length = (24 + text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes.position() - HEADER_BYTES + length > most) {
      return false;
    }
    bytes.putLong(inode.number).putLong(next).putInt(text.length).putInt(type(inode.kind));
    bytes.put(text);
    zeros(length - 24 - text.length);
    return true;
  }

  /// `struct fuse_statfs_out`: much room.
  void room() {
    bytes.putLong(FREE_BLOCKS).putLong(FREE_BLOCKS).putLong(FREE_BLOCKS);
    bytes.putLong(FREE_INODES).putLong(FREE_INODES);
    bytes.putInt(PAGE_BYTES).putInt(LONGEST_NAME).putInt(PAGE_BYTES);
    zeros(28);
  }

  private void zeros(int count) {
    for (int i = 0; i < count; i++) {
      bytes.put((byte) 0);
    }
  }
}
