package dev.cairn.cli.archive;

import dev.cairn.repository.Manifest.Entry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/// A zip as Info-ZIP writes it on Unix: modes and links in the external attributes, names in UTF-8,
/// times to 100 nanoseconds.
final class ZipWriter implements ArchiveWriter {
  /// Contents that do not shrink grow a little, and must not outgrow 4 GiB then.
  private static final long LARGE_BYTES = 2L << 30;

  private final ZipArchiveOutputStream out;

  ZipWriter(OutputStream to) {
    out = new ZipArchiveOutputStream(to);
    out.setEncoding(StandardCharsets.UTF_8.name());
    out.setLevel(Deflater.BEST_SPEED);
  }

  @Override
  public void begin(Entry entry) throws IOException {
    switch (entry.kind()) {
      case FILE -> begin(entry, entry.path(), UnixStat.FILE_FLAG | entry.mode(), entry.sizeBytes());
      case DIRECTORY -> begin(entry, entry.path() + "/", UnixStat.DIR_FLAG | entry.mode(), 0);
      case SYMLINK -> {
        byte[] target = Objects.requireNonNull(entry.target()).getBytes(StandardCharsets.UTF_8);
        begin(entry, entry.path(), UnixStat.LINK_FLAG | UnixStat.PERM_MASK, target.length);
        write(target, 0, target.length);
      }
    }
  }

  private void begin(Entry entry, String name, int mode, long size) throws IOException {
    begin(name, mode, size, FileTime.from(entry.modified()));
  }

  @Override
  public void begin(String path, long sizeBytes) throws IOException {
    begin(path, UnixStat.FILE_FLAG | UnixStat.DEFAULT_FILE_PERM, sizeBytes, FileTime.fromMillis(0));
  }

  private void begin(String name, int mode, long size, FileTime modified) throws IOException {
    var header = new ZipArchiveEntry(name);
    header.setUnixMode(mode);
    header.setSize(size);
    header.setLastModifiedTime(modified);
    out.setUseZip64(size > LARGE_BYTES ? Zip64Mode.Always : Zip64Mode.AsNeeded);
    out.putArchiveEntry(header);
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
