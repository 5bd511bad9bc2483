package dev.cairn.repository;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/// References to chunks, each kept once, however often a file or several refer to it.
///
/// Holds at most twice as many as are different, about 100 bytes each: some 40 MiB for a checkpoint
/// of 100 GiB. Not thread-safe.
final class ChunkSet {
  private static final int LEAST_LIMIT = 1 << 16;

  /// By place; what is said of it after that, so that equal ones are neighbours.
  private static final Comparator<ChunkRef> ORDER =
      Comparator.comparingInt(ChunkRef::pack)
          .thenComparingLong(ChunkRef::offset)
          .thenComparing(ChunkRef::sha256)
          .thenComparingInt(ChunkRef::storedBytes)
          .thenComparingInt(ChunkRef::sizeBytes)
          .thenComparing(ChunkRef::codec)
          .thenComparingInt(ChunkRef::crc32c);

  private ArrayList<ChunkRef> refs = new ArrayList<>();
  private int limit = LEAST_LIMIT;

  void add(ChunkRef ref) {
    if (!refs.isEmpty() && refs.getLast().equals(ref)) {
      return; // as in the holes of a file
    }
    refs.add(ref);
    if (refs.size() >= limit) {
      settle();
      limit = Math.max(LEAST_LIMIT, 2 * refs.size());
    }
  }

  /// All of them, in the order in which they lie in their packs.
  List<ChunkRef> inPlace() {
    settle();
    return Collections.unmodifiableList(refs);
  }

  private void settle() {
    refs.sort(ORDER);
    var different = new ArrayList<ChunkRef>(refs.size());
    for (ChunkRef ref : refs) {
      if (different.isEmpty() || !different.getLast().equals(ref)) {
        different.add(ref);
      }
    }
    refs = different;
  }
}
