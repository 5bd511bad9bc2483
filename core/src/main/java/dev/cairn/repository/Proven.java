package dev.cairn.repository;

/// The chunks of one job that were read and found right a moment ago, so that they are not read
/// once more for another checkpoint that shares them. Bounded: what it does not take is only read
/// again. Not thread-safe.
public final class Proven {
  private final PackTable table = new PackTable();
  private final ChunkIndex index = new ChunkIndex(ChunkIndex.MOST_KNOWN);

  boolean holds(ChunkRef ref, PackName pack) {
    ChunkRef proven = index.find(ref.sha256());
    return proven != null && proven.equals(ref.inPack(table.number(pack)));
  }

  void add(ChunkRef ref, PackName pack) {
    index.add(ref.inPack(table.number(pack)));
  }
}
