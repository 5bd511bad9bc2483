package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.JobId;
import dev.cairn.repository.Manifest.Contents;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads chunks back, every one checked against its hash (I4). Thread-safe.
final class ExtentReader {
  /// Most bytes fetched by one read of several chunks.
  private static final int RUN_BYTES = 5 * 1024 * 1024;

  private final JobPacks packs;

  ExtentReader(JobPacks packs) {
    this.packs = packs;
  }

  JobId job() {
    return packs.job();
  }

  /// The manifest at `ref`, which comes from a journal entry and is checked like everything else.
  Manifest manifest(ManifestRef ref) throws Damage {
    PackName pack =
        PackName.parse(ref.pack())
            .orElseThrow(() -> new Damage(FileTree.printable(ref.pack()), "is not a pack's name"));
    ChunkRef place = place(ref).orElseThrow(() -> broken(pack, ref.offset()));
    ByteBuffer bytes = read(List.of(place), List.of(pack)).getFirst();
    return ManifestReader.read(bytes, new Manifest.Place(pack, ref.offset()));
  }

  private static Optional<ChunkRef> place(ManifestRef ref) {
    boolean bounded =
        ref.offset() >= Pack.HEADER_BYTES
            && ref.offset() <= ChunkRef.MAX_OFFSET
            && ref.storedBytes() >= 1
            && ref.sizeBytes() >= 1
            && ref.sizeBytes() <= Manifest.MAX_BYTES;
    if (!bounded) {
      return Optional.empty();
    }
    return Sha256.parse(ref.sha256())
        .flatMap(sha256 ->
            Codec.of(ref.codec())
                .filter(codec -> codec.allows(ref.storedBytes(), ref.sizeBytes()))
                .map(codec ->
                    new ChunkRef(
                        sha256, 0, ref.offset(), ref.storedBytes(), ref.sizeBytes(), codec, 0)));
  }

  private static Damage broken(PackName pack, long offset) {
    return Damage.at(pack, offset, "the journal's reference to the list of files is not valid");
  }

  /// Number of groups; contents without groups count as one.
  static int groups(Contents contents) {
    return contents.isGrouped() ? contents.refs().size() : 1;
  }

  /// The chunks of group `index`, or all chunks where there are no groups.
  List<ChunkRef> chunks(Manifest manifest, Contents contents, int index) throws Damage {
    if (!contents.isGrouped()) {
      return contents.refs();
    }
    ChunkRef place = contents.refs().get(index);
    ByteBuffer bytes = read(List.of(place), manifest.packs()).getFirst();
    return LeafGroup.read(bytes, place, manifest, contents, index);
  }

  /// Takes some chunks that come one after another.
  interface Taker<X extends Exception> {
    void take(List<ChunkRef> batch) throws X;
  }

  /// Goes through the chunks of a file in order, about 4 MiB at a time.
  ///
  /// @throws Damage if a group is damaged, or after the last if the root is not theirs
  <X extends Exception> void forEachBatch(Manifest manifest, Contents contents, Taker<X> taker)
      throws Damage, X {
    MessageDigest root = Sha256.digest();
    long sum = 0;
    for (int group = 0; group < groups(contents); group++) {
      List<ChunkRef> chunks = chunks(manifest, contents, group);
      chunks.forEach(chunk -> chunk.sha256().addTo(root));
      sum += chunks.stream().mapToLong(ChunkRef::sizeBytes).sum();
      manifest.requireWithin(contents, sum);
      for (List<ChunkRef> batch : batches(chunks)) {
        taker.take(batch);
      }
    }
    manifest.requireRoot(contents, Sha256.of(root));
    manifest.requireSize(contents, sum);
  }

  /// `chunks` of a file in pieces of about 4 MiB.
  static List<List<ChunkRef>> batches(List<ChunkRef> chunks) {
    var batches = new ArrayList<List<ChunkRef>>();
    int from = 0;
    while (from < chunks.size()) {
      int to = from;
      int bytes = 0;
      do {
        bytes += chunks.get(to++).sizeBytes();
      } while (to < chunks.size() && bytes + chunks.get(to).sizeBytes() <= Segment.BYTES);
      batches.add(chunks.subList(from, to));
      from = to;
    }
    return batches;
  }

  /// Takes chunks one by one.
  interface Sink {
    /// @param index of its reference
    /// @param chunk checked; lent until this returns
    void take(int index, ByteBuffer chunk);
  }

  /// Reads chunks as [#read] does, into memory that is used again, and hands each over as soon as
  /// it is checked.
  void forEach(List<ChunkRef> refs, List<PackName> names, Rooms.Room room, Sink sink)
      throws Damage {
    int from = 0;
    while (from < refs.size()) {
      int to = endOfRun(refs, from);
      forEachOfRun(refs, from, to, names.get(refs.get(from).pack()), room, sink);
      from = to;
    }
  }

  private void forEachOfRun(
      List<ChunkRef> refs, int from, int to, PackName pack, Rooms.Room room, Sink sink)
      throws Damage {
    long start = refs.get(from).offset();
    int span = Math.toIntExact(refs.get(to - 1).end() - start);
    ByteBuffer run = room.stored(span);
    if (packs.blobs().readInto(pack.object(job()), start, run) < 0) {
      throw Damage.missing(pack);
    }
    run.flip();
    ByteBuffer chunk = ByteBuffer.allocate(0);
    ChunkRef last = null;
    for (int i = from; i < to; i++) {
      ChunkRef ref = refs.get(i);
      if (last == null || !ref.equals(last)) {
        chunk = decode(ref, pack, run, start, room);
      }
      sink.take(i, chunk.duplicate());
      last = ref;
    }
  }

  /// Reads chunks; those that lie together are fetched together.
  ///
  /// @param refs numbered by `names`
  /// @return one buffer for each, in order
  List<ByteBuffer> read(List<ChunkRef> refs, List<PackName> names) throws Damage {
    return extents(refs, names).stream().map(Extent::chunk).toList();
  }

  /// As [#read], for storing the chunks again just as they are stored.
  List<Segment.Fresh> readStored(List<ChunkRef> refs, List<PackName> names) throws Damage {
    return extents(refs, names).stream().map(Extent::fresh).toList();
  }

  /// A chunk that was read and checked.
  ///
  /// @param stored its bytes as they are stored
  /// @param chunk its bytes
  private record Extent(ChunkRef ref, ByteBuffer stored, ByteBuffer chunk) {
    /// The CRC is that of the bytes here: it is the hash of the chunk that was checked.
    Segment.Fresh fresh() {
      return new Segment.Fresh(
          ref.sha256(), ref.sizeBytes(), ref.codec(), Pack.crc32c(stored), stored);
    }

    Extent again() {
      return new Extent(ref, stored.duplicate(), chunk.duplicate());
    }
  }

  private List<Extent> extents(List<ChunkRef> refs, List<PackName> names) throws Damage {
    var extents = new ArrayList<Extent>(refs.size());
    int from = 0;
    while (from < refs.size()) {
      int to = endOfRun(refs, from);
      readRun(refs.subList(from, to), names.get(refs.get(from).pack()), extents);
      from = to;
    }
    return extents;
  }

  /// The end of the references, from `from` on, that are fetched by one read.
  private static int endOfRun(List<ChunkRef> refs, int from) {
    int to = from + 1;
    while (to < refs.size() && follows(refs.get(from), refs.get(to - 1), refs.get(to))) {
      to++;
    }
    return to;
  }

  private static boolean follows(ChunkRef first, ChunkRef last, ChunkRef next) {
    return next.samePlace(last)
        || next.pack() == last.pack()
            && next.offset() >= last.end()
            && next.offset() - last.end() < Pack.ALIGNMENT
            && next.end() - first.offset() <= RUN_BYTES;
  }

  private void readRun(List<ChunkRef> run, PackName pack, List<Extent> extents) throws Damage {
    long start = run.getFirst().offset();
    int span = Math.toIntExact(run.getLast().end() - start);
    ByteBuffer bytes =
        packs.read(pack, start, span).orElseThrow(() -> Damage.missing(pack)).slice();
    ChunkRef last = null;
    for (ChunkRef ref : run) {
      boolean again = last != null && ref.equals(last);
      extents.add(again ? extents.getLast().again() : decode(ref, pack, bytes, start));
      last = ref;
    }
  }

  private static Extent decode(ChunkRef ref, PackName pack, ByteBuffer run, long start)
      throws Damage {
    ByteBuffer stored = stored(ref, pack, run, start);
    Optional<ByteBuffer> chunk = ref.codec().decode(stored, ref.sizeBytes());
    return new Extent(ref, stored, checked(chunk, ref, pack));
  }

  private static ByteBuffer decode(
      ChunkRef ref, PackName pack, ByteBuffer run, long start, Rooms.Room room) throws Damage {
    ByteBuffer stored = stored(ref, pack, run, start);
    return checked(room.decode(ref.codec(), stored, ref.sizeBytes()), ref, pack);
  }

  private static ByteBuffer stored(ChunkRef ref, PackName pack, ByteBuffer run, long start)
      throws Damage {
    int at = (int) (ref.offset() - start);
    if (run.remaining() - at < ref.storedBytes()) {
      throw new Damage(
          pack.leaf(), "ends at byte %d, too early".formatted(start + run.remaining()));
    }
    return run.slice(at, ref.storedBytes());
  }

  private static ByteBuffer checked(Optional<ByteBuffer> chunk, ChunkRef ref, PackName pack)
      throws Damage {
    if (chunk.isEmpty()) {
      throw Damage.at(pack, ref.offset(), "cannot be decompressed");
    }
    if (!Sha256.of(chunk.get()).equals(ref.sha256())) {
      throw Damage.at(pack, ref.offset(), "hash differs");
    }
    return chunk.get();
  }
}
