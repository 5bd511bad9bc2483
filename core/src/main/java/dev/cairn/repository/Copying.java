package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Segment.Chunk;
import dev.cairn.repository.Segment.Fresh;
import dev.cairn.repository.Segment.Known;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One copy of a checkpoint into another job: its extents as they are stored, every chunk checked
/// against its hash on the way (I4), in new packs under the other job's token; groups and manifest
/// are written anew, because they name packs.
///
/// No pack keeps its name: the holder of the other job, or a late deleter of an earlier life of its
/// id, may sweep whatever bears a token up to its own.
///
/// What an earlier checkpoint of the other job holds already is not read and not stored again.
///
/// Memory: that of the [Assembly] and up to 10 MiB for each of at most 8 batches; and the list of
/// files.
final class Copying implements AutoCloseable {
  private static final String STATE = "the state";

  private final ExtentReader reader;
  private final Manifest manifest;
  private final Meter meter;
  private final Arena arena = Arena.ofShared();
  private final Assembly assembly;
  private final Lanes<RuntimeException> lanes;
  private final ChunkIndex known;

  /// @param from packs of the job that is read
  /// @param manifest what is copied
  /// @param to packs of the job that is written, under `token`
  /// @param parent a checkpoint of that job, which is kept until this one is published; may be
  ///   absent
  Copying(
      JobPacks from,
      Manifest manifest,
      JobPacks to,
      @Nullable ManifestRef parent,
      Env env,
      Compression compression,
      long token,
      Meter meter) {
    this.manifest = manifest;
    this.reader = new ExtentReader(from);
    this.meter = meter;
    this.assembly = new Assembly(to, env, manifest.boot(), compression, token, arena);
    this.lanes = new Lanes<>(env, "copy batch", Lanes.usualWidth(env));
    this.known =
        Optional.ofNullable(parent)
            .flatMap(there -> assembly.goOnFrom(there, Set.of()))
            .map(Parent::chunks)
            .orElseGet(() -> new ChunkIndex(0));
  }

  /// @throws CairnException.Corrupt if a chunk is damaged or missing; names its file and its pack
  Saved copy() {
    meter.total(manifest.sizeBytes());
    Contents state = manifest.state().orElse(null);
    ContentsDraft stateDraft = state == null ? null : copy(STATE, state);
    var drafts = new ArrayList<Assembly.Draft>(manifest.entries().size());
    for (Entry entry : manifest.entries()) {
      Contents contents = entry.contents();
      ContentsDraft draft =
          contents == null ? null : copy(FileTree.printable(entry.path()), contents);
      drafts.add(new Assembly.Draft(entry, draft == null ? null : draft::contents));
    }
    lanes.drain();
    return assembly.end(stateDraft, drafts);
  }

  private ContentsDraft copy(String what, Contents contents) {
    var draft = new ContentsDraft(contents.sizeBytes(), contents.chunkBytes());
    try {
      long[] chunks = {0};
      reader.forEachBatch(
          manifest,
          contents,
          batch -> {
            chunks[0] += batch.size();
            boolean last = chunks[0] == contents.chunks();
            lanes.add(new Batch(what, batch, draft, last));
          });
      if (contents.chunks() == 0) {
        lanes.add(new Batch(what, List.of(), draft, true)); // ends when it is its turn
      }
    } catch (Damage e) {
      throw e.spoils(what, reader.job());
    }
    return draft;
  }

  /// Some chunks of a file on their way: fetched and checked side by side, added in order.
  private final class Batch implements Lanes.Step<RuntimeException> {
    private final String what;
    private final List<ChunkRef> refs;
    private final ContentsDraft draft;
    private final boolean last;
    private List<Chunk> chunks = List.of();

    Batch(String what, List<ChunkRef> refs, ContentsDraft draft, boolean last) {
      this.what = what;
      this.refs = refs;
      this.draft = draft;
      this.last = last;
    }

    @Override
    public void run() {
      try {
        chunks = chunks();
      } catch (Damage e) {
        throw e.spoils(what, reader.job());
      }
    }

    private List<Chunk> chunks() throws Damage {
      List<ChunkRef> unknown =
          refs.stream().filter(ref -> known.find(ref.sha256()) == null).toList();
      Iterator<Fresh> fresh = reader.readStored(unknown, manifest.packs()).iterator();
      var all = new ArrayList<Chunk>(refs.size());
      for (ChunkRef ref : refs) {
        ChunkRef place = known.find(ref.sha256());
        all.add(place == null ? fresh.next() : new Known(place));
      }
      return all;
    }

    @Override
    public void end() {
      assembly.add(draft, chunks, last);
      meter.moved(refs.stream().mapToLong(ChunkRef::sizeBytes).sum());
    }
  }

  @Override
  public void close() {
    lanes.close();
    assembly.close();
    arena.close();
  }
}
