package dev.cairn.testkit;

import dev.cairn.env.Disk.FileKind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One file, directory or link of a [CrashingDisk]: what it is now, and how much of that would
/// outlast a power loss.
///
/// What is durable of a file is a prefix as long as it only grows, else what it was when it was
/// last forced.
final class Inode {
  private static final int MOST_EXTRA_BYTES = 5000;
  private static final int SECTOR_BYTES = 512;

  final long number;
  final FileKind kind;

  /// What a symbolic link says; else empty.
  final String target;

  int mode;
  Instant modified;
  Instant changed;
  int links;
  int handles;

  /// The names in a directory.
  final TreeMap<Path, Inode> names = new TreeMap<>();

  /// Those of them that are durable.
  final TreeMap<Path, Inode> durableNames = new TreeMap<>();

  private byte[] bytes = {};
  private int sizeBytes;
  private int durableBytes;

  /// What is durable, if that is no prefix any more.
  private byte @Nullable [] durable;

  /// After a failed force the kernel may take the lost pages for clean: a later one then succeeds
  /// without having written them.
  private boolean condemned;

  Inode(long number, FileKind kind, String target, int mode, Instant now) {
    this.number = number;
    this.kind = kind;
    this.target = target;
    this.mode = mode;
    this.modified = now;
    this.changed = now;
  }

  int sizeBytes() {
    return kind == FileKind.SYMLINK ? target.length() : sizeBytes;
  }

  void append(ByteBuffer from) {
    int count = from.remaining();
    if (sizeBytes + count > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(sizeBytes + count, bytes.length * 2));
    }
    from.get(bytes, sizeBytes, count);
    sizeBytes += count;
  }

  /// Changes bytes that are there.
  void overwrite(ByteBuffer from, long position) {
    keepDurable();
    from.get(bytes, Math.toIntExact(position), from.remaining());
  }

  void resize(long size) {
    keepDurable();
    int kept = (int) Math.min(size, sizeBytes);
    bytes = Arrays.copyOf(Arrays.copyOf(bytes, kept), Math.toIntExact(size));
    sizeBytes = bytes.length;
  }

  private void keepDurable() {
    if (durable == null) {
      durable = Arrays.copyOf(bytes, durableBytes);
    }
  }

  int read(ByteBuffer into, long position) {
    if (position >= sizeBytes) {
      return 0;
    }
    int count = (int) Math.min(into.remaining(), sizeBytes - position);
    into.put(bytes, (int) position, count);
    return count;
  }

  void force() {
    if (!condemned) {
      durableBytes = sizeBytes;
      durable = null;
    }
  }

  void condemn() {
    condemned = true;
  }

  /// A copy without names whose contents are all durable: what a power loss leaves of this one.
  Inode afterCrash(CrashingDisk.Mode mode, SplittableRandom random) {
    var copy = new Inode(number, kind, target, this.mode, modified);
    copy.changed = changed;
    if (durable != null) {
      byte[] left = edited(durable, mode, random);
      copy.take(left, left.length);
      return copy;
    }
    boolean clean = sizeBytes == durableBytes;
    switch (mode) {
      case KEEP_ALL -> copy.take(bytes, sizeBytes);
      case DROP_ALL -> copy.take(bytes, durableBytes);
      case RANDOM -> {
        switch (clean ? 0 : random.nextInt(3)) {
          case 0 -> copy.take(bytes, sizeBytes);
          case 1 -> copy.take(bytes, durableBytes);
          default -> copy.takeGarbled(this, random);
        }
      }
    }
    return copy;
  }

  /// Of a file that was edited each sector may be the old or the new one, at either length.
  private byte[] edited(byte[] before, CrashingDisk.Mode mode, SplittableRandom random) {
    byte[] now = Arrays.copyOf(bytes, sizeBytes);
    return switch (mode) {
      case KEEP_ALL -> now;
      case DROP_ALL -> before;
      case RANDOM -> {
        byte[] left = Arrays.copyOf(before, random.nextBoolean() ? before.length : now.length);
        for (int at = 0; at < Math.min(left.length, now.length); at += SECTOR_BYTES) {
          if (random.nextBoolean()) {
            int count = Math.min(SECTOR_BYTES, Math.min(left.length, now.length) - at);
            System.arraycopy(now, at, left, at, count);
          }
        }
        yield left;
      }
    };
  }

  private void take(byte[] from, int count) {
    bytes = Arrays.copyOf(from, count);
    sizeBytes = count;
    durableBytes = count;
  }

  /// A prefix, which holds at least what is durable; then zeros or noise, to any length.
  private void takeGarbled(Inode from, SplittableRandom random) {
    int kept = random.nextInt(from.durableBytes, from.sizeBytes + 1);
    int size = random.nextInt(kept, from.sizeBytes + MOST_EXTRA_BYTES);
    var tail = new byte[size - kept];
    if (random.nextBoolean()) {
      random.nextBytes(tail);
    }
    take(Arrays.copyOf(from.bytes, kept), kept);
    append(ByteBuffer.wrap(tail));
    durableBytes = sizeBytes;
  }
}
