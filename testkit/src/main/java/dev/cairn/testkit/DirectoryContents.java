package dev.cairn.testkit;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// Everything below a directory, so that what was restored can be compared with what was saved:
/// names, kinds, bytes, texts of links, modes and times. Links have neither mode nor time.
///
/// @param nodes by their paths relative to the directory
public record DirectoryContents(SortedMap<String, Node> nodes) {
  /// Of an empty directory, and of none at all.
  public static final DirectoryContents NOTHING = new DirectoryContents(new TreeMap<>());

  public DirectoryContents {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
  }

  /// What stands at one path.
  ///
  /// @param bytes of a file, or of the text of a link; read-only
  public record Node(FileKind kind, int mode, Instant modified, ByteBuffer bytes) {
    @Override
    public String toString() {
      return "%s %o %s, %d bytes, hash %08x"
          .formatted(kind, mode, modified, bytes.remaining(), bytes.hashCode());
    }
  }

  /// @param root a directory, or nothing
  public static DirectoryContents of(Disk disk, Path root) {
    var nodes = new TreeMap<String, Node>();
    if (disk.stat(root).isPresent()) {
      collect(disk, root, "", nodes);
    }
    return new DirectoryContents(nodes);
  }

  private static void collect(
      Disk disk, Path directory, String prefix, SortedMap<String, Node> nodes) {
    for (Path name : disk.list(directory)) {
      Path path = directory.resolve(name);
      FileStat stat = disk.stat(path).orElseThrow();
      nodes.put(prefix + name, node(disk, path, stat));
      if (stat.kind() == FileKind.DIRECTORY) {
        collect(disk, path, prefix + name + "/", nodes);
      }
    }
  }

  private static Node node(Disk disk, Path path, FileStat stat) {
    return switch (stat.kind()) {
      case FILE -> new Node(stat.kind(), stat.mode(), stat.modified(), bytes(disk, path, stat));
      case SYMLINK ->
          new Node(
              stat.kind(), 0, Instant.EPOCH, StandardCharsets.UTF_8.encode(disk.readSymlink(path)));
      case DIRECTORY, OTHER ->
          new Node(stat.kind(), stat.mode(), stat.modified(), ByteBuffer.allocate(0));
    };
  }

  private static ByteBuffer bytes(Disk disk, Path path, FileStat stat) {
    var bytes = ByteBuffer.allocate(Math.toIntExact(stat.sizeBytes()));
    try (DiskFile file = disk.open(path)) {
      file.read(bytes, 0);
    }
    return bytes.flip().asReadOnlyBuffer();
  }
}
