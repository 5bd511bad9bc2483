package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.PackCheck.Frame;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Mended;
import dev.cairn.repository.Segment.Chunk;
import dev.cairn.repository.Segment.Fresh;
import dev.cairn.repository.Segment.Known;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One mending of a checkpoint. Every chunk is read. One that is whole, in a pack that is whole as
/// far as its frame goes, stays where it is; all others are stored once more, in new packs: from
/// where they are if they can still be read there, else from the donors, by their hash (I4). The
/// lists and the manifest are written anew, because they name packs. If anything cannot be had,
/// nothing comes of it.
///
/// The lists of files and of chunks have no hash of their own that does not depend on where packs
/// are. So they can only come from a store that holds the very same packs.
///
/// Memory: as [Copying], and the index of a donor's chunks.
final class Mending implements AutoCloseable {
  private static final String STATE = "the state";

  private final JobPacks packs;
  private final Env env;
  private final Compression compression;
  private final long token;
  private final Meter meter;

  /// Of this store, and of copies of it.
  private final List<ExtentReader> readers = new ArrayList<>();

  private final List<Donated> donors;
  private final Map<PackName, Boolean> whole = new HashMap<>();
  private final Arena arena = Arena.ofShared();
  private final Lanes<RuntimeException> lanes;
  private final TreeSet<String> lost = new TreeSet<>();
  private @Nullable Assembly assembly;
  private long chunks;
  private long bytes;

  /// @param donors in the order in which they are asked
  Mending(
      JobPacks packs,
      Disk disk,
      Env env,
      Compression compression,
      long token,
      List<Donor> donors,
      Meter meter) {
    this.packs = packs;
    this.env = env;
    this.compression = compression;
    this.token = token;
    this.meter = meter;
    this.donors = donors.stream().map(donor -> Donated.of(donor, disk)).toList();
    this.lanes = new Lanes<>(env, "mend batch", Lanes.usualWidth(env));
    readers.add(new ExtentReader(packs));
    for (Donor donor : donors) {
      boolean copy =
          donor instanceof Donor.Packs other
              && other.job().equals(packs.job())
              && !other.blobs().equals(packs.blobs());
      if (copy) {
        readers.add(new ExtentReader(new JobPacks(((Donor.Packs) donor).blobs(), packs.job())));
      }
    }
  }

  Mended mend(ManifestRef ref) {
    Manifest manifest;
    try {
      manifest = first(reader -> reader.manifest(ref));
    } catch (Damage e) {
      return Mended.lost(List.of("the list of its files, and so all of them"));
    }
    boolean sound =
        isReadable(reader -> reader.manifest(ref))
            && PackName.parse(ref.pack()).map(this::isWhole).orElse(false);
    meter.total(manifest.sizeBytes());
    Assembly into = new Assembly(packs, env, manifest.boot(), compression, token, arena);
    assembly = into;
    Contents state = manifest.state().orElse(null);
    ContentsDraft stateDraft = state == null ? null : take(manifest, STATE, state, into);
    var drafts = new ArrayList<Assembly.Draft>(manifest.entries().size());
    for (Entry entry : manifest.entries()) {
      Contents contents = entry.contents();
      ContentsDraft draft = contents == null ? null : take(manifest, entry.path(), contents, into);
      drafts.add(new Assembly.Draft(entry, draft == null ? null : draft::contents));
    }
    lanes.drain();
    if (!lost.isEmpty()) {
      return Mended.lost(List.copyOf(lost));
    }
    return sound && chunks == 0
        ? Mended.WHOLE
        : new Mended(into.end(stateDraft, drafts), chunks, bytes, List.of());
  }

  /// Something that a reader reads.
  private interface Reading<T> {
    T from(ExtentReader reader) throws Damage;
  }

  /// From the first reader that can: what it reads has the hash that it should have.
  private <T> T first(Reading<T> reading) throws Damage {
    Damage damage = null;
    for (ExtentReader reader : readers) {
      try {
        return reading.from(reader);
      } catch (Damage e) {
        damage = damage == null ? e : damage;
      }
    }
    throw Objects.requireNonNull(damage);
  }

  private boolean isReadable(Reading<?> reading) {
    try {
      reading.from(readers.getFirst());
      return true;
    } catch (Damage e) {
      return false;
    }
  }

  /// Whether the header and the index of a pack are what they should be; asked by the calling
  /// thread only.
  private boolean isWhole(PackName pack) {
    return whole.computeIfAbsent(
        pack, name -> new PackCheck(packs).check(name) instanceof Frame.Whole);
  }

  private ContentsDraft take(Manifest manifest, String path, Contents contents, Assembly into) {
    var draft = new ContentsDraft(contents.sizeBytes(), contents.chunkBytes());
    long position = 0;
    for (int group = 0; group < ExtentReader.groups(contents); group++) {
      int number = group;
      List<ChunkRef> refs;
      try {
        refs = first(reader -> reader.chunks(manifest, contents, number));
      } catch (Damage e) {
        lost.add(path);
        return draft;
      }
      if (contents.isGrouped()) {
        boolean sound =
            isReadable(reader -> reader.chunks(manifest, contents, number))
                && isWhole(manifest.pack(contents.refs().get(number)));
        chunks += sound ? 0 : 1;
      }
      boolean last = group + 1 == ExtentReader.groups(contents);
      List<List<ChunkRef>> batches = ExtentReader.batches(refs);
      for (int i = 0; i < batches.size(); i++) {
        List<ChunkRef> batch = batches.get(i);
        lanes.add(
            new Batch(
                manifest, path, batch, position, draft, into, last && i + 1 == batches.size()));
        position += batch.stream().mapToLong(ChunkRef::sizeBytes).sum();
      }
      if (refs.isEmpty()) {
        lanes.add(new Batch(manifest, path, refs, position, draft, into, last));
      }
    }
    return draft;
  }

  /// Some chunks of a file: read side by side, added in order.
  private final class Batch implements Lanes.Step<RuntimeException> {
    private final Manifest manifest;
    private final String path;
    private final List<ChunkRef> refs;
    private final long position;
    private final ContentsDraft draft;
    private final Assembly into;
    private final boolean last;
    private final List<Boolean> mayStay;
    private final List<@Nullable Chunk> found = new ArrayList<>();

    Batch(
        Manifest manifest,
        String path,
        List<ChunkRef> refs,
        long position,
        ContentsDraft draft,
        Assembly into,
        boolean last) {
      this.manifest = manifest;
      this.path = path;
      this.refs = refs;
      this.position = position;
      this.draft = draft;
      this.into = into;
      this.last = last;
      this.mayStay = refs.stream().map(ref -> isWhole(manifest.pack(ref))).toList();
    }

    @Override
    public void run() {
      List<Optional<Fresh>> own = own();
      long at = position;
      for (int i = 0; i < refs.size(); i++) {
        ChunkRef ref = refs.get(i);
        if (own.get(i).isPresent() && mayStay.get(i)) {
          found.add(new Known(ref));
        } else {
          long here = at;
          found.add(own.get(i).or(() -> elsewhere(ref, here)).orElse(null));
        }
        at += ref.sizeBytes();
      }
    }

    /// As they are stored here; empty where that is damaged.
    private List<Optional<Fresh>> own() {
      try {
        return readers.getFirst().readStored(refs, manifest.packs()).stream()
            .map(Optional::of)
            .toList();
      } catch (Damage e) {
        return refs.stream().map(ref -> alone(readers.getFirst(), ref)).toList();
      }
    }

    private Optional<Fresh> alone(ExtentReader reader, ChunkRef ref) {
      try {
        return Optional.of(reader.readStored(List.of(ref), manifest.packs()).getFirst());
      } catch (Damage e) {
        return Optional.empty();
      }
    }

    private Optional<Fresh> elsewhere(ChunkRef ref, long at) {
      for (ExtentReader twin : readers.subList(1, readers.size())) {
        Optional<Fresh> same = alone(twin, ref);
        if (same.isPresent()) {
          return same;
        }
      }
      return donors.stream().flatMap(donor -> donor.find(ref, path, at).stream()).findFirst();
    }

    @Override
    public void end() {
      if (lost.contains(path) || found.stream().anyMatch(Objects::isNull)) {
        lost.add(path);
        return;
      }
      var all = new ArrayList<Chunk>(found.size());
      for (int i = 0; i < refs.size(); i++) {
        switch (Objects.requireNonNull(found.get(i))) {
          case Known known -> all.add(into.known(known.place(), manifest.pack(known.place())));
          case Fresh fresh -> {
            all.add(fresh);
            chunks++;
            bytes += fresh.sizeBytes();
          }
        }
      }
      into.add(draft, all, last);
      meter.moved(bytesOf(refs));
    }
  }

  private static long bytesOf(List<ChunkRef> refs) {
    return refs.stream().mapToLong(ChunkRef::sizeBytes).sum();
  }

  @Override
  public void close() {
    lanes.close();
    if (assembly != null) {
      assembly.close();
    }
    arena.close();
  }
}
