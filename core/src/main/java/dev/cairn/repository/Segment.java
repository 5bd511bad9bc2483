package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileStat;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Up to 4 MiB of a file on its way into a pack: read, cut into chunks, hashed, and compressed
/// where that is worth it.
///
/// The file is opened for each segment and looked at before and after: only if it is still exactly
/// what the scan saw do its bytes count.
final class Segment implements Lanes.Step<Changed> {
  static final int BYTES = 4 * 1024 * 1024;

  /// Where the bytes come from.
  sealed interface Source {
    /// Fills `into` with the bytes from `offset` on.
    ///
    /// @return the sentence that says what changed, if anything did
    Optional<String> read(ByteBuffer into, long offset);
  }

  /// A file as it was seen.
  record OfFile(Disk disk, Path file, String path, FileStat seen) implements Source {
    @Override
    public Optional<String> read(ByteBuffer into, long offset) {
      try (DiskFile open = disk.open(file)) {
        Optional<String> before = FileTree.difference(path, seen, open.stat());
        if (before.isPresent()) {
          return before;
        }
        open.read(into, offset);
        Optional<String> after = FileTree.difference(path, seen, open.stat());
        return after.isPresent() || !into.hasRemaining()
            ? after
            : Optional.of(FileTree.printable(path) + " shrank while it was read");
      } catch (CairnException.NotFound _) {
        return Optional.of(FileTree.printable(path) + " vanished");
      }
    }
  }

  /// Bytes in memory.
  record OfBytes(ByteBuffer bytes) implements Source {
    @Override
    public Optional<String> read(ByteBuffer into, long offset) {
      into.put(bytes.slice((int) offset, into.remaining()));
      return Optional.empty();
    }
  }

  /// A chunk of the segment.
  sealed interface Chunk {}

  /// A chunk that is stored already.
  record Known(ChunkRef place) implements Chunk {}

  /// A chunk that may have to be stored, and how.
  record Fresh(Sha256 sha256, int sizeBytes, Codec codec, int crc32c, ByteBuffer stored)
      implements Chunk {}

  private final Source source;
  private final long offset;
  private final int sizeBytes;
  private final ChunkIndex known;
  private final Workspace workspace;
  private final Consumer<List<Chunk>> taker;

  private final List<Chunk> chunks = new ArrayList<>();
  private @Nullable String changed;

  /// @param known where chunks are not to be stored again; not changed while this runs
  /// @param workspace not used by anyone else until the end
  /// @param taker gets the chunks when it is their turn; their bytes are in the workspace
  Segment(
      Source source,
      long offset,
      int sizeBytes,
      ChunkIndex known,
      Workspace workspace,
      Consumer<List<Chunk>> taker) {
    this.source = source;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
    this.known = known;
    this.workspace = workspace;
    this.taker = taker;
  }

  @Override
  public void run() {
    ByteBuffer bytes = workspace.begin(sizeBytes);
    Optional<String> difference = source.read(bytes, offset);
    if (difference.isPresent()) {
      changed = difference.get();
      return;
    }
    bytes.flip();
    for (int from = 0; from < sizeBytes; from += Manifest.CHUNK_BYTES) {
      chunks.add(chunk(bytes.slice(from, Math.min(Manifest.CHUNK_BYTES, sizeBytes - from))));
    }
  }

  private Chunk chunk(ByteBuffer bytes) {
    Sha256 sha256 = Sha256.of(bytes);
    ChunkRef place = known.find(sha256);
    if (place != null && place.sizeBytes() == bytes.remaining()) {
      return new Known(place);
    }
    Optional<ByteBuffer> smaller = workspace.compress(bytes);
    ByteBuffer stored = smaller.orElse(bytes);
    Codec codec = smaller.isPresent() ? Codec.ZSTD : Codec.RAW;
    return new Fresh(sha256, bytes.remaining(), codec, Pack.crc32c(stored), stored);
  }

  @Override
  public void end() throws Changed {
    if (changed != null) {
      throw new Changed(changed);
    }
    taker.accept(chunks);
  }
}
