package dev.cairn.repository;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds chunks by their hash: about 70 bytes a chunk. It takes no more than it is told to; what it
/// does not know is only stored twice.
///
/// Open addressing into records of seven numbers: the hash, the offset, stored and plain size, and
/// CRC with pack and codec. Safe for readers on other threads while nobody adds.
final class ChunkIndex {
  /// Of a parent: 512 GiB in chunks of 256 KiB, in 140 MB.
  static final int MOST_KNOWN = 1 << 21;

  /// Of what one save writes: 128 GiB, in 35 MB.
  static final int MOST_WRITTEN = 1 << 19;

  private static final int WORDS = 7;
  private static final int PAGE_RECORDS = 4096;
  private static final int MAX_PACKS = 1 << 24;

  private final int most;
  private final List<long[]> pages = new ArrayList<>();
  private int[] slots = new int[1024];
  private int size;

  /// @param most number of chunks that it takes
  ChunkIndex(int most) {
    this.most = most;
  }

  /// Where the chunk of this hash is, if it is known.
  @Nullable ChunkRef find(Sha256 sha256) {
    int record = slots[slot(sha256)] - 1;
    return record < 0 ? null : ref(sha256, record);
  }

  /// Adds a chunk, unless one of this hash is there.
  void add(ChunkRef ref) {
    int slot = slot(ref.sha256());
    if (slots[slot] != 0 || size == most || ref.pack() >= MAX_PACKS) {
      return;
    }
    put(ref, size++);
    slots[slot] = size;
    if (size > slots.length / 2) {
      grow();
    }
  }

  private int slot(Sha256 sha256) {
    int slot = (int) sha256.a() & slots.length - 1;
    while (slots[slot] != 0 && !holds(slots[slot] - 1, sha256)) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }

  private boolean holds(int record, Sha256 sha256) {
    long[] page = pages.get(record / PAGE_RECORDS);
    int at = record % PAGE_RECORDS * WORDS;
    return page[at] == sha256.a()
        && page[at + 1] == sha256.b()
        && page[at + 2] == sha256.c()
        && page[at + 3] == sha256.d();
  }

  private void put(ChunkRef ref, int record) {
    if (record % PAGE_RECORDS == 0) {
      pages.add(new long[PAGE_RECORDS * WORDS]);
    }
    long[] page = pages.getLast();
    int at = record % PAGE_RECORDS * WORDS;
    page[at] = ref.sha256().a();
    page[at + 1] = ref.sha256().b();
    page[at + 2] = ref.sha256().c();
    page[at + 3] = ref.sha256().d();
    page[at + 4] = ref.offset();
    page[at + 5] = (long) ref.storedBytes() << 32 | ref.sizeBytes();
    page[at + 6] = (long) ref.crc32c() << 32 | (long) ref.pack() << 8 | ref.codec().number();
  }

  private ChunkRef ref(Sha256 sha256, int record) {
    long[] page = pages.get(record / PAGE_RECORDS);
    int at = record % PAGE_RECORDS * WORDS;
    long sizes = page[at + 5];
    long rest = page[at + 6];
    return new ChunkRef(
        sha256,
        (int) (rest >> 8) & MAX_PACKS - 1,
        page[at + 4],
        (int) (sizes >> 32),
        (int) sizes,
        Codec.of((int) rest & 0xff).orElseThrow(),
        (int) (rest >> 32));
  }

  private void grow() {
    slots = new int[slots.length * 2];
    Arrays.fill(slots, 0);
    for (int record = 0; record < size; record++) {
      long[] page = pages.get(record / PAGE_RECORDS);
      int at = record % PAGE_RECORDS * WORDS;
      slots[slot(new Sha256(page[at], page[at + 1], page[at + 2], page[at + 3]))] = record + 1;
    }
  }
}
