package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Up to 4 MiB of a file on its way into a pack: read, cut into chunks, hashed, and compressed
/// where that is worth it.
///
/// A chunk of nothing but zeros, of which files with holes are full, is hashed once and for all.
final class Segment implements Lanes.Step<Changed> {
  static final int BYTES = 4 * 1024 * 1024;

  /// A chunk of the segment.
  sealed interface Chunk {
    int sizeBytes();
  }

  /// A chunk that is stored already.
  record Known(ChunkRef place) implements Chunk {
    @Override
    public int sizeBytes() {
      return place.sizeBytes();
    }
  }

  /// A chunk that may have to be stored, and how.
  record Fresh(Sha256 sha256, int sizeBytes, Codec codec, int crc32c, ByteBuffer stored)
      implements Chunk {}

  private final @Nullable Source source;
  private final long offset;
  private final List<Integer> sizes;
  private final ChunkIndex known;
  private final Workspace workspace;
  private final Consumer<List<Chunk>> taker;

  private final List<Chunk> chunks = new ArrayList<>();
  private @Nullable String changed;

  /// @param source absent if the workspace has been filled already
  /// @param sizes of the chunks
  /// @param known where chunks are not to be stored again; not changed while this runs
  /// @param workspace not used by anyone else until the end
  /// @param taker gets the chunks when it is their turn; their bytes are in the workspace
  Segment(
      @Nullable Source source,
      long offset,
      List<Integer> sizes,
      ChunkIndex known,
      Workspace workspace,
      Consumer<List<Chunk>> taker) {
    this.source = source;
    this.offset = offset;
    this.sizes = sizes;
    this.known = known;
    this.workspace = workspace;
    this.taker = taker;
  }

  @Override
  public void run() {
    ByteBuffer bytes = workspace.begin(sizes.stream().mapToInt(Integer::intValue).sum());
    Optional<String> difference =
        source == null ? Optional.empty() : source.read(bytes.duplicate(), offset);
    if (difference.isPresent()) {
      changed = difference.get();
      return;
    }
    int from = 0;
    for (int size : sizes) {
      chunks.add(chunk(bytes.slice(from, size)));
      from += size;
    }
  }

  private Chunk chunk(ByteBuffer bytes) {
    Sha256 sha256 = hash(bytes);
    ChunkRef place = known.find(sha256);
    if (place != null && place.sizeBytes() == bytes.remaining()) {
      return new Known(place);
    }
    Workspace.Packed packed = workspace.compress(bytes);
    int crc32c = Pack.crc32c(packed.stored());
    return new Fresh(sha256, bytes.remaining(), packed.codec(), crc32c, packed.stored());
  }

  private static Sha256 hash(ByteBuffer bytes) {
    int size = bytes.remaining();
    boolean mayRepeat = Integer.bitCount(size) == 1; // a chunk of a grid, not some odd end
    return mayRepeat && isZeros(bytes) ? ZeroChunks.hash(size) : Sha256.of(bytes);
  }

  /// All are the same as their neighbours, and one is zero.
  private static boolean isZeros(ByteBuffer bytes) {
    int rest = bytes.remaining() - 1;
    return bytes.get(0) == 0
        && bytes.get(rest) == 0
        && bytes.slice(0, rest).mismatch(bytes.slice(1, rest)) < 0;
  }

  @Override
  public void end() throws Changed {
    if (changed != null) {
      throw new Changed(changed);
    }
    taker.accept(chunks);
  }
}
