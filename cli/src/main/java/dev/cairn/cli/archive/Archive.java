package dev.cairn.cli.archive;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;

/// Reads tar and zip archives entry by entry. What it hands over is what the archive says; whoever
/// takes it decides what to believe.
///
/// It does see to it that an archive is whole: sizes and checksums are right, and nothing is cut
/// off.
public final class Archive {
  private static final int COPY_BYTES = 1 << 20;
  private static final int RECORD_BYTES = 512;
  private static final int BLOCK_BYTES = 10 * 1024;

  /// Of what stands before the contents of an entry; as much again may be read ahead.
  private static final long HEADER_LIMIT = 1 << 20;

  /// Of the list of a zip, which is held in memory.
  private static final long DIRECTORY_LIMIT = 64L << 20;

  private static final int SHOWN = 200;
  private static final int LINK_LIMIT = 4096;
  private static final int DEFAULT_FILE = 0644;
  private static final int DEFAULT_DIRECTORY = 0755;

  private Archive() {}

  /// What an entry says it is.
  public enum Kind {
    FILE,
    DIRECTORY,
    SYMLINK,
    HARD_LINK
  }

  /// What an entry says of itself.
  ///
  /// @param sizeBytes of a file
  /// @param target of a link; else empty
  public record Item(
      String name, Kind kind, int mode, Instant modified, long sizeBytes, String target) {}

  /// Takes the entries.
  public interface Visitor {
    /// @param contents of a file, exactly as many as it says; may be left unread
    void entry(Item item, Contents contents) throws IOException;
  }

  /// The bytes of one file.
  public interface Contents {
    void copy(Sink sink) throws IOException;
  }

  /// Takes bytes, which it must not keep.
  public interface Sink {
    void take(ByteBuffer bytes);
  }

  /// Goes through the archive from front to back.
  ///
  /// @throws CairnException.Invalid if it is not sound
  /// @throws CairnException.NotFound if there is none
  public static void read(Disk disk, Path path, Visitor visitor) {
    String shown = Text.printable(path.toString(), SHOWN);
    try (DiskFile file = disk.open(path)) {
      var archive = new ArchiveFile(file);
      var start = ByteBuffer.allocate(RECORD_BYTES);
      archive.read(start);
      byte[] magic = start.array();
      archive.position(0);
      if (magic[0] == 'P' && magic[1] == 'K') {
        readZip(archive, visitor);
      } else if (start.position() == RECORD_BYTES && isTar(magic, archive)) {
        readTar(archive, visitor);
      } else {
        throw new CairnException.Invalid(
            shown + " is neither a tar nor a zip",
            "Nothing was published. If it is compressed, unpack it first: zstd -d, gunzip, xz -d.");
      }
    } catch (CairnException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // a library that stumbles over what it was fed
      throw broken(shown + " is damaged: " + Text.printable(String.valueOf(e.getMessage()), SHOWN));
    }
  }

  private static CairnException.Invalid broken(String what) {
    return new CairnException.Invalid(what, "Nothing was published. Get a whole copy of it.");
  }

  private static boolean isTar(byte[] magic, ArchiveFile archive) {
    return TarArchiveInputStream.matches(magic, magic.length)
        || archive.isZero(0, 2 * RECORD_BYTES);
  }

  private static void readTar(ArchiveFile archive, Visitor visitor) throws IOException {
    var counted =
        new Counted(new BufferedInputStream(Channels.newInputStream(archive), COPY_BYTES));
    var in =
        new TarArchiveInputStream(
            counted, BLOCK_BYTES, RECORD_BYTES, StandardCharsets.UTF_8.name(), false);
    long end = 0;
    while (true) {
      archive.allow(HEADER_LIMIT + COPY_BYTES, "the headers of an entry");
      TarArchiveEntry entry = in.getNextEntry();
      archive.allowAll();
      if (entry == null) {
        break;
      }
      Item item = item(entry);
      long size = entry.getSize();
      end = counted.bytes + (size + RECORD_BYTES - 1) / RECORD_BYTES * RECORD_BYTES;
      visitor.entry(item, sink -> copy(in, item, sink));
    }
    if (!archive.isZero(end, RECORD_BYTES)) {
      throw broken("the archive is cut off: it has no end");
    }
  }

  /// Tells how far the library has read: after a header, where its contents begin.
  private static final class Counted extends FilterInputStream {
    private long bytes;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      bytes += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      int read = super.read(into, from, count);
      bytes += Math.max(0, read);
      return read;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = super.skip(count);
      bytes += skipped;
      return skipped;
    }

    @Override
    public boolean markSupported() {
      return false; // nothing is read twice, so the count is the place
    }
  }

  private static Item item(TarArchiveEntry entry) {
    String name = entry.getName();
    if (entry.isSparse()) {
      throw refused(name, "is stored with holes", "Make the tar without --sparse.");
    }
    if (entry.getSize() < 0) {
      throw broken("the size of %s is negative".formatted(shown(name)));
    }
    Kind kind =
        switch (entry.getLinkFlag()) {
          case TarConstants.LF_OLDNORM, TarConstants.LF_NORMAL, TarConstants.LF_CONTIG ->
              name.endsWith("/") ? Kind.DIRECTORY : Kind.FILE;
          case TarConstants.LF_DIR -> Kind.DIRECTORY;
          case TarConstants.LF_SYMLINK -> Kind.SYMLINK;
          case TarConstants.LF_LINK -> Kind.HARD_LINK;
          case TarConstants.LF_CHR, TarConstants.LF_BLK, TarConstants.LF_FIFO ->
              throw refused(name, "is a device or pipe", "Make the archive without it.");
          default ->
              throw refused(
                  name,
                  "is of a kind '%c' that is not known".formatted(entry.getLinkFlag()),
                  "Make the archive without it.");
        };
    boolean link = kind == Kind.SYMLINK || kind == Kind.HARD_LINK;
    return new Item(
        name,
        kind,
        entry.getMode() & 07777,
        entry.getLastModifiedTime().toInstant(),
        kind == Kind.FILE ? entry.getSize() : 0,
        link ? entry.getLinkName() : "");
  }

  private static void readZip(ArchiveFile archive, Visitor visitor) throws IOException {
    archive.allow(DIRECTORY_LIMIT, "the lists of the zip, which for that many files is no format,");
    ZipFile zip =
        ZipFile.builder()
            .setSeekableByteChannel(archive)
            .setCharset(StandardCharsets.UTF_8)
            .setIgnoreLocalFileHeader(true)
            .get();
    archive.allowAll();
    for (ZipArchiveEntry entry : Collections.list(zip.getEntriesInPhysicalOrder())) {
      Item item = item(zip, entry);
      visitor.entry(
          item,
          sink -> {
            try (InputStream in = zip.getInputStream(entry)) {
              var crc = new CRC32();
              copy(
                  in,
                  item,
                  bytes -> {
                    crc.update(bytes.duplicate());
                    sink.take(bytes);
                  });
              if (crc.getValue() != entry.getCrc()) {
                throw broken("the checksum of %s is wrong".formatted(shown(item.name)));
              }
            }
          });
    }
  }

  private static Item item(ZipFile zip, ZipArchiveEntry entry) throws IOException {
    String name = entry.getName();
    if (entry.getGeneralPurposeBit().usesEncryption()) {
      throw refused(name, "is encrypted", "Unpack it, and make an archive that is not.");
    }
    if (entry.getMethod() != ZipMethod.STORED.getCode()
        && entry.getMethod() != ZipMethod.DEFLATED.getCode()) {
      throw refused(
          name,
          "is compressed by method %d".formatted(entry.getMethod()),
          "Only deflate is read; or make a tar.");
    }
    int mode = entry.getUnixMode();
    Kind kind =
        switch (mode & UnixStat.FILE_TYPE_FLAG) {
          case 0 -> name.endsWith("/") ? Kind.DIRECTORY : Kind.FILE;
          case UnixStat.FILE_FLAG -> Kind.FILE;
          case UnixStat.DIR_FLAG -> Kind.DIRECTORY;
          case UnixStat.LINK_FLAG -> Kind.SYMLINK;
          default -> throw refused(name, "is a device or pipe", "Make the archive without it.");
        };
    int permissions = mode & 07777;
    if (permissions == 0 && (mode & UnixStat.FILE_TYPE_FLAG) == 0) {
      permissions = kind == Kind.DIRECTORY ? DEFAULT_DIRECTORY : DEFAULT_FILE;
    }
    return new Item(
        name,
        kind,
        permissions,
        entry.getLastModifiedTime() == null
            ? Instant.EPOCH
            : entry.getLastModifiedTime().toInstant(),
        kind == Kind.FILE ? entry.getSize() : 0,
        kind == Kind.SYMLINK ? target(zip, entry) : "");
  }

  private static String target(ZipFile zip, ZipArchiveEntry entry) throws IOException {
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readNBytes(LINK_LIMIT + 1);
      if (bytes.length > LINK_LIMIT || bytes.length != entry.getSize()) {
        throw broken("the text of the link %s has another size".formatted(shown(entry.getName())));
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /// Copies as many bytes as the entry says, and makes sure that there are just as many.
  private static void copy(InputStream in, Item item, Sink sink) throws IOException {
    var buffer = new byte[COPY_BYTES];
    long left = item.sizeBytes;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      left -= count;
      if (left < 0) {
        break;
      }
      sink.take(ByteBuffer.wrap(buffer, 0, count));
    }
    if (left != 0) {
      throw broken(
          "%s has %s bytes than it says".formatted(shown(item.name), left < 0 ? "more" : "fewer"));
    }
  }

  private static CairnException.Invalid refused(String name, String why, String advice) {
    return new CairnException.Invalid(
        "%s %s".formatted(shown(name), why), "Nothing was published. " + advice);
  }

  private static String shown(String name) {
    return Text.printable(name, SHOWN);
  }
}
