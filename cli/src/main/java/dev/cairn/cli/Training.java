package dev.cairn.cli;

import dev.cairn.env.Seam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What a new installation runs once, in an empty directory, so that the JVM can keep what it
/// learns from it and start faster later on: the commands that people wait for.
final class Training {
  private static final List<List<String>> LINES =
      List.of(
          List.of("save", "--job=training", "files"),
          List.of("save", "--job=training", "files"),
          List.of("checkpoints", "verify", "training"),
          List.of("checkpoints", "restore", "training", "--to=restored"),
          List.of("checkpoints", "list", "training"),
          List.of("jobs", "list"));

  private Training() {}

  @Seam
  public static void main(String[] args) throws IOException {
    Files.createDirectory(Path.of("files"));
    for (int i = 0; i < 20; i++) {
      Files.write(Path.of("files", "file-" + i), new byte[i * 4096]);
    }
    int code = 0;
    for (List<String> line : LINES) {
      code = Math.max(code, Main.run(Context.ofProcess(), line.toArray(String[]::new)));
    }
    System.exit(code);
  }
}
