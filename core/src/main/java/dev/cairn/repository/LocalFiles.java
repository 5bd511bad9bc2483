package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Files of a directory that may already be what a restore is to bring: those are linked, not
/// written.
///
/// A file is taken only if every chunk of it has the right hash, it has no other name (it would
/// change with the restored one) and no directory on its path is a symbolic link.
final class LocalFiles {
  private final Disk disk;
  private final Path root;
  private final ExtentReader reader;
  private final Rooms rooms;

  LocalFiles(Disk disk, Path root, ExtentReader reader, Rooms rooms) {
    this.disk = disk;
    this.root = root;
    this.reader = reader;
    this.rooms = rooms;
  }

  /// Gives the local file of this entry the second name `target`, with the entry's mode and time;
  /// durable but for the name.
  ///
  /// @return false, with nothing done, if there is no such file, it is not exactly right, or the
  ///   name is taken
  /// @throws Damage if the checkpoint does not tell what is right
  boolean link(Manifest manifest, Entry entry, Path target) throws Damage {
    try {
      Optional<Path> local = candidate(entry);
      return local.isPresent()
          && disk.stat(target).isEmpty()
          && link(local.get(), manifest, entry, target);
    } catch (CairnException.NotFound
        | CairnException.Denied
        | CairnException.Unavailable
        | InvalidPathException _) {
      return false; // It is fetched then; if the disk itself is at fault, that says so.
    }
  }

  private Optional<Path> candidate(Entry entry) {
    for (String path = TreePath.parent(entry.path());
        !path.isEmpty();
        path = TreePath.parent(path)) {
      if (disk.stat(root.resolve(path)).map(FileStat::kind).orElse(null) != FileKind.DIRECTORY) {
        return Optional.empty();
      }
    }
    Path file = root.resolve(entry.path());
    return disk.stat(file).filter(stat -> suits(stat, entry)).map(_ -> file);
  }

  private static boolean suits(FileStat stat, Entry entry) {
    return stat.kind() == FileKind.FILE
        && stat.sizeBytes() == entry.sizeBytes()
        && stat.links() == 1;
  }

  private boolean link(Path local, Manifest manifest, Entry entry, Path target) throws Damage {
    try (DiskFile file = disk.open(local)) {
      FileStat before = file.stat();
      if (!suits(before, entry) || !isRight(file, manifest, entry)) {
        return false;
      }
      boolean same = FileTree.difference(entry.path(), before, file.stat()).isEmpty();
      if (!same || !disk.link(local, target)) {
        return false;
      }
      finish(file, entry, target);
      return true;
    }
  }

  private void finish(DiskFile file, Entry entry, Path target) {
    try {
      disk.setAttributes(target, entry.mode(), entry.modified());
      file.force();
    } catch (CairnException e) {
      disk.delete(target); // The name has to be free for the file that is fetched instead.
      throw e;
    }
  }

  private boolean isRight(DiskFile file, Manifest manifest, Entry entry) throws Damage {
    try (var room = rooms.take()) {
      var check = new Check(file, room);
      reader.forEachBatch(manifest, Objects.requireNonNull(entry.contents()), check::take);
      return check.right;
    }
  }

  /// Hashes a file chunk by chunk.
  private static final class Check {
    private final DiskFile file;
    private final Rooms.Room room;
    private long position;
    private boolean right = true;

    Check(DiskFile file, Rooms.Room room) {
      this.file = file;
      this.room = room;
    }

    void take(List<ChunkRef> batch) {
      for (ChunkRef ref : batch) {
        if (right) {
          ByteBuffer bytes = room.local(ref.sizeBytes());
          file.read(bytes, position);
          right = !bytes.hasRemaining() && Sha256.of(bytes.flip()).equals(ref.sha256());
          position += ref.sizeBytes();
        }
      }
    }
  }
}
