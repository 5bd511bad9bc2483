package dev.cairn.env;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Copies of files that share their blocks: `ioctl(FICLONE)` of Linux, as on btrfs and xfs.
@Seam
final class Reflink {
  private Reflink() {}

  static boolean make(Path existing, Path copy) {
    try {
      Files.newByteChannel(copy, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW).close();
    } catch (IOException e) {
      throw DiskFailure.of("create", copy, e);
    }
    boolean made = false;
    try {
      made = Posix.shareBlocks(existing, copy);
      return made;
    } finally {
      if (!made) {
        remove(copy);
      }
    }
  }

  private static void remove(Path copy) {
    try {
      Files.delete(copy);
    } catch (IOException e) {
      throw DiskFailure.of("remove", copy, e);
    }
  }
}
