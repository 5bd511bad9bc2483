package dev.cairn.cli.archive;

import dev.cairn.repository.Manifest.Entry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// A tar of POSIX.1-2001 (pax): long and non-ASCII names, large sizes and nanoseconds in extended
/// headers. Nobody owns the files, so the same checkpoint gives the same bytes everywhere.
final class TarWriter implements ArchiveWriter {
  private static final int BLOCK_BYTES = 10 * 1024;
  private static final int FILE_MODE = 0644;

  private final TarArchiveOutputStream out;

  TarWriter(OutputStream to) {
    out = new TarArchiveOutputStream(to, BLOCK_BYTES, StandardCharsets.UTF_8.name());
    out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    out.setAddPaxHeadersForNonAsciiNames(true);
  }

  @Override
  public void begin(Entry entry) throws IOException {
    TarArchiveEntry header =
        switch (entry.kind()) {
          case FILE -> named(entry.path(), TarConstants.LF_NORMAL);
          case DIRECTORY -> named(entry.path() + "/", TarConstants.LF_DIR);
          case SYMLINK -> named(entry.path(), TarConstants.LF_SYMLINK);
        };
    if (entry.kind() == dev.cairn.repository.Manifest.Kind.SYMLINK) {
      header.setLinkName(Objects.requireNonNull(entry.target()));
    }
    header.setSize(entry.sizeBytes());
    header.setMode(entry.mode());
    header.setLastModifiedTime(FileTime.from(entry.modified()));
    out.putArchiveEntry(header);
  }

  @Override
  public void begin(String path, long sizeBytes) throws IOException {
    TarArchiveEntry header = named(path, TarConstants.LF_NORMAL);
    header.setSize(sizeBytes);
    header.setMode(FILE_MODE);
    header.setLastModifiedTime(FileTime.fromMillis(0));
    out.putArchiveEntry(header);
  }

  private static TarArchiveEntry named(String name, byte flag) {
    var header = new TarArchiveEntry(name, flag, true);
    header.setIds(0, 0);
    header.setNames("", "");
    return header;
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    out.write(bytes, from, count);
  }

  @Override
  public void end() throws IOException {
    out.closeArchiveEntry();
  }

  @Override
  public void finish() throws IOException {
    out.finish();
    out.flush();
  }
}
