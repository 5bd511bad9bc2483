package dev.cairn.cli.archive;

import dev.cairn.repository.Manifest.Entry;
import java.io.IOException;
import java.io.OutputStream;

/// Writes an archive front to back. Not thread-safe; not closed, so that one that was not finished
/// has no end that looks like one.
public sealed interface ArchiveWriter permits TarWriter, ZipWriter {
  /// Begins the entry of a file, directory or link, of the same path, mode and time.
  ///
  /// @param entry a file's bytes come with [#write], exactly as many as it has
  void begin(Entry entry) throws IOException;

  /// Begins the entry of a small file that is none of the checkpoint's.
  void begin(String path, long sizeBytes) throws IOException;

  void write(byte[] bytes, int from, int count) throws IOException;

  /// Ends the entry.
  void end() throws IOException;

  /// Writes what ends the archive, and flushes.
  void finish() throws IOException;

  /// The kinds of archives.
  enum Format {
    TAR,
    ZIP;

    public ArchiveWriter writer(OutputStream out) {
      return switch (this) {
        case TAR -> new TarWriter(out);
        case ZIP -> new ZipWriter(out);
      };
    }
  }
}
