package dev.cairn.testkit.sim;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/// The files that simulated jobs work with.
final class Files {
  private Files() {}

  /// All files below a directory, by their relative paths; what is Cairn's own is left out.
  static SortedMap<String, byte[]> below(Disk disk, Path root) {
    var files = new TreeMap<String, byte[]>();
    if (disk.stat(root).isPresent()) {
      collect(disk, root, "", files);
    }
    return files;
  }

  private static void collect(
      Disk disk, Path directory, String prefix, SortedMap<String, byte[]> files) {
    for (Path name : disk.list(directory)) {
      Path path = directory.resolve(name);
      if (name.toString().startsWith(".cairn-")) {
        continue;
      }
      FileKind kind = disk.stat(path).orElseThrow().kind();
      if (kind == FileKind.DIRECTORY) {
        collect(disk, path, prefix + name + "/", files);
      } else {
        files.put(prefix + name, read(disk, path));
      }
    }
  }

  private static byte[] read(Disk disk, Path path) {
    try (DiskFile file = disk.open(path)) {
      var bytes = ByteBuffer.allocate(Math.toIntExact(file.stat().sizeBytes()));
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  /// Saves a step as a careful program does: each file gets its name when it is whole, and the one
  /// that makes the step current comes last.
  ///
  /// @param scratch where files are written that have no name below `root` yet
  static void write(Disk disk, Path root, Path scratch, Link link) {
    Path steps = root.resolve("steps");
    disk.createDirectories(steps);
    put(disk, scratch, steps.resolve(link.leaf()), link.bytes());
    put(disk, scratch, root.resolve(Link.CURRENT), link.pointer().getBytes(StandardCharsets.UTF_8));
    disk.delete(steps.resolve(link.oldest()));
  }

  private static void put(Disk disk, Path scratch, Path file, byte[] bytes) {
    disk.delete(scratch);
    try (DiskFile out = disk.create(scratch)) {
      out.write(ByteBuffer.wrap(bytes));
    }
    disk.rename(scratch, file);
  }
}
