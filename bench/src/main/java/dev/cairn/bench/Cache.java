package dev.cairn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the page cache holds when a command starts. Either way nothing waits to be written.
enum Cache {
  /// Nothing: neither the data, nor the store, nor the programs themselves.
  COLD("Cold cache: all caches dropped before each command, those of the programs' own files too"),

  /// What the command reads.
  WARM("Warm cache: all that a command reads was read once before");

  private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");

  private final String title;

  Cache(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /// Whether this process may bring it about.
  boolean isPossible() {
    return this == WARM || Files.isWritable(DROP);
  }

  /// @param input what the next command reads
  void bringAbout(Path input) throws IOException {
    switch (this) {
      case COLD -> Files.writeString(DROP, "3");
      case WARM -> Trees.read(input);
    }
  }
}
