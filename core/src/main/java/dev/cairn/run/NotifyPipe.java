package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Posix;
import dev.cairn.env.Seam;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// A named pipe in a new directory that nobody else may enter.
///
/// Opened for writing too, so that opening waits for no writer and the last writer's leaving is no
/// end of file. Reading takes only what is there: a read that waits could not be called off.
@Seam
final class NotifyPipe implements AutoCloseable {
  /// The only file in the directory. Removing leftovers removes nothing of another name.
  static final String NAME = "cairn-notify";

  private static final int OWNER_ONLY = 0600;

  private final Path path;
  private final RandomAccessFile writer;
  private final FileInputStream reader;

  private NotifyPipe(Path path, RandomAccessFile writer, FileInputStream reader) {
    this.path = path;
    this.writer = writer;
    this.reader = reader;
  }

  /// @param directory must not exist, but its parent must
  /// @throws CairnException.Unavailable if it cannot be made
  static NotifyPipe create(Path directory) {
    Path path = directory.resolve(NAME);
    try {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Posix.mkfifo(path, OWNER_ONLY);
      var writer = new RandomAccessFile(path.toFile(), "rw");
      return new NotifyPipe(path, writer, new FileInputStream(path.toFile()));
    } catch (IOException | UnsupportedOperationException e) {
      throw new CairnException.Unavailable(
          "could not make the pipe %s: %s"
              .formatted(
                  Text.printable(path.toString(), 200),
                  Text.printable(String.valueOf(e.getMessage()), 200)),
          "Set TMPDIR or XDG_RUNTIME_DIR to a directory where you may write.",
          e);
    }
  }

  Path path() {
    return path;
  }

  /// Takes what is there.
  ///
  /// @return how many bytes; 0 if there are none now
  int read(byte[] into) throws IOException {
    int there = Math.min(reader.available(), into.length);
    return there == 0 ? 0 : Math.max(0, reader.read(into, 0, there));
  }

  @Override
  public void close() throws IOException {
    try (writer) {
      reader.close();
    }
  }
}
