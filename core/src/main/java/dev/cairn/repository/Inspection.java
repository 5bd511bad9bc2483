package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.function.Consumer;

/// Tells where the contents of a checkpoint's files are stored, and reads them. Thread-safe.
public final class Inspection {
  private final ExtentReader reader;
  private final Env env;

  Inspection(ExtentReader reader, Env env) {
    this.reader = reader;
    this.env = env;
  }

  /// One chunk of a file.
  ///
  /// @param offset in the file
  /// @param sha256 of its bytes, as hex
  /// @param pack leaf name of the pack that holds it
  /// @param packOffset where it starts there
  /// @param codec how it is stored: `raw`, `zstd`, `shuffled_2`, `shuffled_4` or `shuffled_8`
  public record Chunk(
      long offset,
      int sizeBytes,
      String sha256,
      String pack,
      long packOffset,
      int storedBytes,
      String codec) {}

  /// Tells the chunks of a file in order, as the lists of them say; those are read and checked, the
  /// chunks are not.
  ///
  /// @param file an entry of `manifest`; anything but a file has none
  /// @throws CairnException.Corrupt if a list is damaged or missing
  public void chunks(Manifest manifest, Entry file, Consumer<Chunk> taker) {
    Contents contents = file.contents();
    if (contents == null) {
      return;
    }
    var at = new long[1];
    try {
      reader.forEachBatch(
          manifest,
          contents,
          batch -> {
            for (ChunkRef ref : batch) {
              taker.accept(chunk(manifest, ref, at[0]));
              at[0] += ref.sizeBytes();
            }
          });
    } catch (Damage e) {
      throw e.spoils(FileTree.printable(file.path()), reader.job());
    }
  }

  private static Chunk chunk(Manifest manifest, ChunkRef ref, long offset) {
    return new Chunk(
        offset,
        ref.sizeBytes(),
        ref.sha256().toString(),
        manifest.pack(ref).leaf(),
        ref.offset(),
        ref.storedBytes(),
        ref.codec().name().toLowerCase(Locale.ROOT));
  }

  /// Tells what another checkpoint has in other ways, sorted by the bytes of the paths.
  ///
  /// By the lists of both; contents are read only where a file of one size is cut in two ways.
  ///
  /// @param in of the other checkpoint's job
  /// @throws CairnException.Corrupt if a list is damaged or missing
  public void differences(
      Manifest manifest, Inspection in, Manifest other, Consumer<Difference> taker) {
    new Comparing(reader, manifest)
        .with(
            in.reader,
            other,
            (before, after) -> sha256(manifest, before).equals(in.sha256(other, after)),
            taker);
  }

  /// Tells what is otherwise in a directory, whose files are read, sorted by the bytes of the
  /// paths.
  ///
  /// @throws CairnException.Unavailable if files change while they are read
  public void differences(Manifest manifest, Disk disk, FileTree tree, Consumer<Difference> taker) {
    new Comparing(reader, manifest).with(disk, tree, taker);
  }

  private Sha256 sha256(Manifest manifest, Entry file) {
    MessageDigest digest = Sha256.digest();
    read(manifest, file, digest::update);
    return Sha256.of(digest);
  }

  /// Reads a file front to back, about 4 MiB at a time, every chunk checked against its hash (I4).
  ///
  /// @param taker gets the bytes; a buffer is its own
  /// @throws CairnException.Corrupt if anything of it is damaged or missing; what came before that
  ///   is right
  public void read(Manifest manifest, Entry file, Consumer<ByteBuffer> taker) {
    if (file.contents() != null) {
      new FileReading(reader, env, manifest).read(file.path(), file.contents(), taker);
    }
  }
}
