package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.FileTree.Node;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Saved;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One save: [Segment]s of files are read and hashed side by side, their new chunks go into packs
/// in order, then the groups of references, then the manifest, which is in the last pack.
///
/// Memory: two packs of 64 MiB and 8 MiB for each of at most 8 segments, all of it freed at the
/// end; 140 bytes for each chunk of 256 KiB; and the list of files.
final class Saving implements AutoCloseable {
  /// Groups that wait for the pack of one of their chunks to get its name.
  private static final int MAX_WAITING = 64;

  private final JobPacks store;
  private final Disk disk;
  private final Compression compression;
  private final Meter meter;

  private final Arena arena = Arena.ofShared();
  private final PackTable table = new PackTable();
  private final PackWriter packs;
  private final Lanes<Changed> lanes;
  private final List<Workspace> workspaces = new ArrayList<>();
  private final ArrayDeque<Workspace> idle = new ArrayDeque<>();

  private final ChunkIndex written = new ChunkIndex();
  private final ArrayDeque<ContentsDraft.Group> waiting = new ArrayDeque<>();
  private final MessageDigest root = Sha256.digest();
  private ChunkIndex known = new ChunkIndex();
  private int waitingFor;
  private long newBytes;

  Saving(JobPacks store, Disk disk, Env env, Compression compression, long token, Meter meter) {
    this.store = store;
    this.disk = disk;
    this.compression = compression;
    this.meter = meter;
    this.packs = new PackWriter(store, env, token, table, arena);
    this.lanes = new Lanes<>(env, "save segment", Lanes.usualWidth(env));
    for (int i = 0; i < Lanes.usualWidth(env); i++) {
      workspaces.add(new Workspace(arena, compression));
    }
    idle.addAll(workspaces);
  }

  Saved save(@Nullable ManifestRef parent, FileTree tree, byte @Nullable [] state) throws Changed {
    ManifestRef readable = null;
    if (parent != null) {
      Optional<ChunkIndex> found = KnownChunks.of(parent, store, table);
      known = found.orElse(known);
      readable = found.isPresent() ? parent : null;
    }
    long sizeBytes = tree.sizeBytes() + (state == null ? 0 : state.length);
    meter.total(sizeBytes);
    ContentsDraft stateDraft = state == null ? null : take(state);
    List<Draft> drafts = take(tree);
    lanes.drain();
    storeWaiting();
    List<Entry> entries = drafts.stream().map(Draft::entry).toList();
    ManifestRef manifest =
        storeManifest(readable, stateDraft == null ? null : stateDraft.contents(), entries);
    packs.awaitPut();
    var names = new LinkedHashSet<>(table.used().stream().map(PackName::leaf).toList());
    names.add(manifest.pack());
    return new Saved(manifest, tree.files(), sizeBytes, newBytes, packs.writtenBytes(), names);
  }

  private record Draft(Node node, @Nullable ContentsDraft contents) {
    Entry entry() {
      Kind kind =
          switch (node.stat().kind()) {
            case FILE -> Kind.FILE;
            case DIRECTORY -> Kind.DIRECTORY;
            case SYMLINK -> Kind.SYMLINK;
            case OTHER -> throw new IllegalStateException(node.path() + " is a special file");
          };
      return new Entry(
          kind,
          node.path(),
          node.stat().mode(),
          node.stat().modified(),
          contents == null ? null : contents.contents(),
          node.linkTarget());
    }
  }

  private ContentsDraft take(byte[] state) throws Changed {
    return take(new Segment.OfBytes(ByteBuffer.wrap(state)), state.length);
  }

  private List<Draft> take(FileTree tree) throws Changed {
    var drafts = new ArrayList<Draft>(tree.nodes().size());
    for (Node node : tree.nodes()) {
      ContentsDraft contents = null;
      if (node.isFile()) {
        var file = tree.root().resolve(node.path());
        var source = new Segment.OfFile(disk, file, node.path(), node.stat());
        contents = take(source, node.stat().sizeBytes());
      }
      drafts.add(new Draft(node, contents));
    }
    return drafts;
  }

  private ContentsDraft take(Segment.Source source, long sizeBytes) throws Changed {
    var draft = new ContentsDraft(sizeBytes);
    long from = 0;
    do { // An empty file too is opened and looked at.
      long start = from;
      int size = (int) Math.min(Segment.BYTES, sizeBytes - start);
      boolean last = start + size == sizeBytes;
      lanes.makeRoom();
      Workspace workspace = idle.remove();
      lanes.add(
          new Segment(
              source,
              start,
              size,
              known,
              workspace,
              chunks -> {
                place(draft, chunks, last);
                idle.add(workspace);
                meter.moved(size);
              }));
      from += size;
    } while (from < sizeBytes);
    return draft;
  }

  private void place(ContentsDraft draft, List<Segment.Chunk> chunks, boolean last) {
    for (Segment.Chunk chunk : chunks) {
      store(draft.add(place(chunk), root));
    }
    if (last) {
      store(draft.end(root));
    }
  }

  private ChunkRef place(Segment.Chunk chunk) {
    ChunkRef place =
        switch (chunk) {
          case Segment.Known known -> known.place();
          case Segment.Fresh fresh -> place(fresh);
        };
    table.use(place.pack());
    return place;
  }

  private ChunkRef place(Segment.Fresh chunk) {
    ChunkRef place = written.find(chunk.sha256());
    if (place == null) {
      place =
          packs.add(
              chunk.sha256(), chunk.sizeBytes(), chunk.codec(), chunk.crc32c(), chunk.stored());
      written.add(place);
      newBytes += chunk.sizeBytes();
    }
    return place;
  }

  /// Stores a group, as soon as all packs that it refers to have their names: that of the pack
  /// being filled is not known before it is full.
  private void store(ContentsDraft.@Nullable Group group) {
    if (!waiting.isEmpty() && table.isNamed(waitingFor)) {
      storeWaiting();
    }
    if (group == null) {
      return;
    }
    if (group.chunks().stream().noneMatch(chunk -> chunk.pack() == packs.number())) {
      storeNamed(group);
      return;
    }
    waiting.add(group);
    waitingFor = packs.number();
    if (waiting.size() >= MAX_WAITING) {
      storeWaiting();
    }
  }

  private void storeWaiting() {
    if (!waiting.isEmpty() && !table.isNamed(waitingFor)) {
      packs.seal();
    }
    while (!waiting.isEmpty()) {
      storeNamed(waiting.remove());
    }
  }

  private void storeNamed(ContentsDraft.Group group) {
    ByteBuffer bytes = LeafGroup.write(group.chunks(), table);
    Sha256 sha256 = Sha256.of(bytes);
    ChunkRef place = known.find(sha256);
    if (place == null) {
      place = written.find(sha256);
    }
    if (place == null) {
      place = addSmall(sha256, bytes, packs::add);
      written.add(place);
    }
    table.use(place.pack());
    group.storedAt(place);
  }

  private interface Adder {
    ChunkRef add(Sha256 sha256, int sizeBytes, Codec codec, int crc32c, ByteBuffer stored);
  }

  private ChunkRef addSmall(Sha256 sha256, ByteBuffer bytes, Adder adder) {
    Optional<ByteBuffer> smaller =
        switch (compression) {
          case NONE -> Optional.empty();
          case AUTO -> Codec.compress(bytes);
        };
    ByteBuffer stored = smaller.orElse(bytes);
    Codec codec = smaller.isPresent() ? Codec.ZSTD : Codec.RAW;
    return adder.add(sha256, bytes.remaining(), codec, Pack.crc32c(stored), stored);
  }

  /// Puts the manifest in the last pack, unless nothing is new and the parent's says the very same.
  private ManifestRef storeManifest(
      @Nullable ManifestRef parent, @Nullable Contents state, List<Entry> entries) {
    ByteBuffer bytes = ManifestWriter.write(table.manifestExcerpt(), state, entries);
    Sha256 sha256 = Sha256.of(bytes);
    if (parent != null && packs.isUnused() && parent.sha256().equals(sha256.toString())) {
      return parent;
    }
    ChunkRef place = addSmall(sha256, bytes, packs::addHere);
    packs.seal();
    return new ManifestRef(
        sha256.toString(),
        table.name(place.pack()).leaf(),
        place.offset(),
        place.storedBytes(),
        place.sizeBytes(),
        place.codec().number());
  }

  @Override
  public void close() {
    lanes.close();
    packs.close();
    workspaces.forEach(Workspace::close);
    arena.close();
  }
}
