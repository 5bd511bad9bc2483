package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Boot;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Segment.Chunk;
import dev.cairn.repository.Segment.Fresh;
import dev.cairn.repository.Segment.Known;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A checkpoint being put together under one token: chunks go into packs in the order in which they
/// are added, then the groups of references, then the manifest, which is in the last pack.
///
/// Memory: three packs of 64 MiB, in the arena, and the two bounded indexes. Not thread-safe.
final class Assembly implements AutoCloseable {
  /// Groups that wait for the pack of one of their chunks to get its name.
  private static final int MAX_WAITING = 64;

  private final JobPacks store;
  private final Boot boot;
  private final Compression compression;
  private final PackTable table = new PackTable();
  private final PackWriter packs;

  private final ChunkIndex written = new ChunkIndex(ChunkIndex.MOST_WRITTEN);
  private final ArrayDeque<ContentsDraft.Group> waiting = new ArrayDeque<>();
  private final MessageDigest root = Sha256.digest();
  private @Nullable Parent parent;
  private int waitingFor;
  private long newBytes;

  /// @param arena holds the packs; outlives this
  /// @param boot where files are read
  /// @param compression of groups and manifest
  Assembly(JobPacks store, Env env, Boot boot, Compression compression, long token, Arena arena) {
    this.store = store;
    this.boot = boot;
    this.compression = compression;
    this.packs = new PackWriter(store, env, token, table, arena);
  }

  /// Refers to what this checkpoint of the same job has stored, if its list of files can be read.
  ///
  /// @param unsound chunks of it that are not what they should be
  /// @return what it has; empty if it cannot be read
  Optional<Parent> goOnFrom(ManifestRef checkpoint, Set<ChunkRef> unsound) {
    Optional<Parent> found = Parent.read(checkpoint, store, table, unsound);
    parent = found.orElse(null);
    return found;
  }

  /// Takes over a file of the parent as it is.
  Contents keep(Parent.StoredFile file) {
    file.packs().forEach(table::use);
    return file.contents();
  }

  /// A chunk that stays where it is.
  ///
  /// @param pack in which it is
  Known known(ChunkRef place, PackName pack) {
    return new Known(place.inPack(table.number(pack)));
  }

  /// Adds the next chunks of a file. Files come one after another, never mixed.
  ///
  /// @param last whether the file ends with them
  void add(ContentsDraft draft, List<? extends Chunk> chunks, boolean last) {
    for (Chunk chunk : chunks) {
      store(draft.add(place(chunk), root));
    }
    if (last) {
      store(draft.end(root));
    }
  }

  private ChunkRef place(Chunk chunk) {
    ChunkRef place =
        switch (chunk) {
          case Known at -> at.place();
          case Fresh fresh -> place(fresh);
        };
    table.use(place.pack());
    return place;
  }

  private ChunkRef place(Fresh chunk) {
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
    ChunkRef place = parent == null ? null : parent.chunks().find(sha256);
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

  /// An entry of the manifest in the making.
  ///
  /// @param bare without contents
  /// @param contents of a file, told when all is stored
  record Draft(Entry bare, @Nullable Supplier<Contents> contents) {
    private Entry entry() {
      return contents == null ? bare : bare.withContents(contents.get());
    }
  }

  /// Ends the checkpoint, once all its files have ended: every pack is durable on return.
  ///
  /// @param drafts sorted
  Saved end(@Nullable ContentsDraft stateDraft, List<Draft> drafts) {
    storeWaiting();
    Contents state = stateDraft == null ? null : stateDraft.contents();
    List<Entry> entries = drafts.stream().map(Draft::entry).toList();
    ManifestRef manifest = storeManifest(state, entries);
    packs.awaitPut();
    var names = new LinkedHashSet<>(table.used().stream().map(PackName::leaf).toList());
    names.add(manifest.pack());
    long files = entries.stream().filter(entry -> entry.kind() == Kind.FILE).count();
    long sizeBytes = entries.stream().mapToLong(Entry::sizeBytes).sum();
    sizeBytes += state == null ? 0 : state.sizeBytes();
    return new Saved(manifest, files, sizeBytes, newBytes, packs.writtenBytes(), names);
  }

  /// Puts the manifest in the last pack, unless nothing is new and the parent's says the very same.
  private ManifestRef storeManifest(@Nullable Contents state, List<Entry> entries) {
    if (parent != null && packs.isUnused() && isSame(parent.ref(), state, entries)) {
      return parent.ref();
    }
    ByteBuffer bytes = ManifestWriter.write(boot, table.manifestExcerpt(null), state, entries);
    Sha256 sha256 = Sha256.of(bytes);
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

  private boolean isSame(ManifestRef there, @Nullable Contents state, List<Entry> entries) {
    PackTable.Excerpt excerpt = table.manifestExcerpt(PackName.parse(there.pack()).orElse(null));
    Sha256 sha256 = Sha256.of(ManifestWriter.write(boot, excerpt, state, entries));
    return there.sha256().equals(sha256.toString());
  }

  /// Stops puts that are under way.
  @Override
  public void close() {
    packs.close();
  }
}
