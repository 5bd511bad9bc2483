package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Decides how a file is cut into chunks, from what its parent has of it.
///
/// A fixed grid is the rule: files of checkpoints change in place or grow at their ends. Cut by
/// content is a file whose contents have moved: whose length has changed, whose chunks are mostly
/// not on the grid any more, and of which a piece of the old contents stands elsewhere now. It goes
/// on like that as long as its first megabytes show chunks of the parent. Each question reads some
/// megabytes of a file that is read as a whole anyway; a file without a parent, or of the same
/// length, is asked nothing.
final class Cutting {
  private static final int PROBES = 4;
  private static final long LEAST_BYTES = 4 << 20;
  private static final int PROBE_AVERAGE_BYTES = 32 * 1024;
  private static final int OLD_BYTES = 2 << 20;
  private static final int MARGIN_BYTES = 1 << 20;
  private static final int MOST_BYTES = 12 << 20;
  private static final int FIRST_BYTES = 8 << 20;

  private final Parent parent;
  private final int gridBytes;

  /// @param gridBytes chunk size where nothing moves
  Cutting(Parent parent, int gridBytes) {
    this.parent = parent;
    this.gridBytes = gridBytes;
  }

  /// @return chunk size of a grid, or [Manifest#BY_CONTENT]
  /// @throws Changed if the file is not what it was any more
  int choose(Parent.StoredFile before, Source source, long sizeBytes) throws Changed {
    Contents old = before.contents();
    if (!old.isGrid()) {
      return firstBytesAreKnown(source, sizeBytes) ? Manifest.BY_CONTENT : gridBytes;
    }
    boolean mayHaveMoved =
        old.sizeBytes() != sizeBytes && Math.min(old.sizeBytes(), sizeBytes) >= LEAST_BYTES;
    try {
      return mayHaveMoved && hasMoved(before, source, sizeBytes) ? Manifest.BY_CONTENT : gridBytes;
    } catch (Damage _) {
      return gridBytes; // What is damaged cannot be compared, and is stored anew anyway.
    }
  }

  private boolean firstBytesAreKnown(Source source, long sizeBytes) throws Changed {
    ByteBuffer bytes = read(source, 0, (int) Math.min(FIRST_BYTES, sizeBytes));
    for (Sha256 sha256 : hashes(bytes, gridBytes)) {
      if (parent.chunks().find(sha256) != null) {
        return true;
      }
    }
    return false;
  }

  private boolean hasMoved(Parent.StoredFile before, Source source, long sizeBytes)
      throws Damage, Changed {
    long common = Math.min(before.contents().sizeBytes(), sizeBytes);
    int gone = 0;
    long lost = 0;
    for (int i = 0; i < PROBES; i++) {
      long at = common * (2 * i + 1) / (2 * PROBES);
      long index = at / before.contents().chunkBytes();
      if (!isOnGrid(before, source, index)) {
        gone++;
        lost = index;
      }
    }
    return gone > PROBES / 2 && standsElsewhere(before, source, sizeBytes, lost);
  }

  private boolean isOnGrid(Parent.StoredFile before, Source source, long index)
      throws Damage, Changed {
    ChunkRef ref = chunks(before, index, 1).getFirst();
    ByteBuffer now = read(source, index * before.contents().chunkBytes(), ref.sizeBytes());
    return Sha256.of(now).equals(ref.sha256());
  }

  /// Whether a quarter of what stood at chunk `index` is found around where it would be if all that
  /// was inserted or removed was before it, or after it.
  private boolean standsElsewhere(
      Parent.StoredFile before, Source source, long sizeBytes, long index) throws Damage, Changed {
    int chunkBytes = before.contents().chunkBytes();
    List<ByteBuffer> parts = parent.read(chunks(before, index, OLD_BYTES / chunkBytes));
    var old = ByteBuffer.allocate(parts.stream().mapToInt(ByteBuffer::remaining).sum());
    parts.forEach(old::put);

    long at = index * chunkBytes;
    long moved = sizeBytes - before.contents().sizeBytes();
    long from = Math.max(0, at + Math.min(0, moved) - MARGIN_BYTES);
    long to = at + Math.max(0, moved) + old.capacity() + MARGIN_BYTES;
    if (to - from > MOST_BYTES) { // too far apart: only where the end of the file has gone
      from = Math.max(0, at + moved - MARGIN_BYTES);
      to = at + moved + old.capacity() + MARGIN_BYTES;
    }
    to = Math.min(to, sizeBytes);
    if (from >= to) {
      return false;
    }
    Set<Sha256> here = hashes(read(source, from, (int) (to - from)), PROBE_AVERAGE_BYTES);
    Set<Sha256> there = hashes(old.flip(), PROBE_AVERAGE_BYTES);
    int found = (int) there.stream().filter(here::contains).count();
    return found * 4 >= there.size();
  }

  /// Some chunks from number `index` on, from one group.
  private List<ChunkRef> chunks(Parent.StoredFile before, long index, int count) throws Damage {
    boolean grouped = before.contents().isGrouped();
    List<ChunkRef> group =
        parent.group(before.entry(), grouped ? (int) (index / LeafGroup.CHUNKS) : 0);
    int from = (int) (grouped ? index % LeafGroup.CHUNKS : index);
    return group.subList(from, Math.min(from + Math.max(1, count), group.size()));
  }

  private static ByteBuffer read(Source source, long from, int count) throws Changed {
    var bytes = ByteBuffer.allocate(count);
    Optional<String> changed = source.read(bytes, from);
    if (changed.isPresent()) {
      throw new Changed(changed.get());
    }
    return bytes.flip();
  }

  private static Set<Sha256> hashes(ByteBuffer bytes, int averageBytes) {
    var cuts = new ContentCuts(averageBytes);
    MemorySegment segment = MemorySegment.ofBuffer(bytes);
    var hashes = new HashSet<Sha256>();
    int at = 0;
    while (at < bytes.limit()) {
      int size = cuts.next(segment, at, bytes.limit());
      hashes.add(Sha256.of(bytes.slice(at, size)));
      at += size;
    }
    return hashes;
  }
}
