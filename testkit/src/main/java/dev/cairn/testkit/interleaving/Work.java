package dev.cairn.testkit.interleaving;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/// What an attempt saves: which one it is and what it goes on from, so that a checkpoint tells
/// whose it is; and a file that is the same for all, so that new checkpoints share packs with old
/// ones.
///
/// @param token of the attempt
/// @param from the checkpoint that its claim goes on from; 0 if from nothing
record Work(long token, long from) {
  private static final String OWN = "own";
  private static final String SAME = "same";
  private static final String UNCHANGED = "unchanged ".repeat(50);

  /// As a job's state.
  String state() {
    return "{\"token\":%d,\"from\":%d}".formatted(token, from);
  }

  /// As files, by name.
  SortedMap<String, String> files() {
    return new TreeMap<>(java.util.Map.of(OWN, state(), SAME, UNCHANGED));
  }

  void write(Disk disk, Path root) {
    disk.createDirectories(root);
    files()
        .forEach((name, text) -> {
          disk.delete(root.resolve(name));
          try (DiskFile file = disk.create(root.resolve(name))) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
          }
        });
  }

  /// What is in that directory; nothing if there is none.
  static SortedMap<String, String> read(Disk disk, Path root) {
    var files = new TreeMap<String, String>();
    if (disk.stat(root).isPresent()) {
      for (Path name : disk.list(root)) {
        try (DiskFile file = disk.open(root.resolve(name))) {
          var bytes = ByteBuffer.allocate((int) file.stat().sizeBytes());
          file.read(bytes, 0);
          files.put(name.toString(), new String(bytes.array(), StandardCharsets.UTF_8));
        }
      }
    }
    return files;
  }
}
