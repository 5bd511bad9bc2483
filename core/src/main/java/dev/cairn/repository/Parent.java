package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// What the parent of a checkpoint has stored already.
///
/// Only the parent is asked, and this is why that is safe (I5): it is the newest checkpoint of the
/// lineage, always retained, until the new one that also names its packs is published. So no pack
/// that is found here can be swept in between. An older checkpoint could be dropped meanwhile.
///
/// What is not there as it should be is not known: the new checkpoint then stores it again.
final class Parent {
  private final ManifestRef ref;
  private final ExtentReader reader;
  private final Manifest manifest;
  private final PackTable table;
  private final Map<PackName, Long> sizes;
  private final Set<ChunkRef> unsound;

  private final ChunkIndex index = new ChunkIndex(ChunkIndex.MOST_KNOWN);
  private final Map<String, StoredFile> files = new HashMap<>();

  private Parent(
      ManifestRef ref,
      ExtentReader reader,
      Manifest manifest,
      PackTable table,
      Map<PackName, Long> sizes,
      Set<ChunkRef> unsound) {
    this.ref = ref;
    this.reader = reader;
    this.manifest = manifest;
    this.table = table;
    this.sizes = sizes;
    this.unsound = unsound;
  }

  /// A file of the parent.
  ///
  /// @param contents by the numbering of the table of the new checkpoint
  /// @param packs what it needs, by that numbering
  /// @param whole whether all of it is there
  record StoredFile(Entry entry, Contents contents, List<Integer> packs, boolean whole) {
    StoredFile {
      packs = List.copyOf(packs);
    }
  }

  /// @param table numbers what is found
  /// @param unsound chunks known not to be what they should be
  /// @return empty if the parent's list of files cannot be read: then everything is stored anew,
  ///   and the new checkpoint is whole
  static Optional<Parent> read(
      ManifestRef ref, JobPacks packs, PackTable table, Set<ChunkRef> unsound) {
    var reader = new ExtentReader(packs);
    try {
      var parent = new Parent(ref, reader, reader.manifest(ref), table, packs.sizes(), unsound);
      parent.load();
      return Optional.of(parent);
    } catch (Damage _) {
      return Optional.empty();
    }
  }

  ManifestRef ref() {
    return ref;
  }

  /// Where its files were read.
  Manifest.Boot boot() {
    return manifest.boot();
  }

  /// Its chunks, not changed any more.
  ChunkIndex chunks() {
    return index;
  }

  Optional<StoredFile> file(String path) {
    return Optional.ofNullable(files.get(path));
  }

  /// The chunks of a part of one of its files, such as stand around byte `position`.
  ///
  /// @throws Damage if the list of them cannot be read
  List<ChunkRef> group(Entry entry, int group) throws Damage {
    return reader.chunks(manifest, contents(entry), group);
  }

  /// Reads chunks from [#group].
  List<ByteBuffer> read(List<ChunkRef> chunks) throws Damage {
    return reader.read(chunks, manifest.packs());
  }

  private static Contents contents(Entry entry) {
    return Objects.requireNonNull(entry.contents(), "not a file");
  }

  private void load() {
    manifest.state().ifPresent(this::load);
    for (Entry entry : manifest.entries()) {
      if (entry.contents() != null) {
        var packs = new BitSet();
        boolean whole = load(entry.contents(), packs);
        Contents here = entry.contents().withRefs(inTable(entry.contents().refs()));
        List<Integer> numbers = packs.stream().boxed().toList();
        files.put(entry.path(), new StoredFile(entry, here, numbers, whole));
      }
    }
  }

  private void load(Contents state) {
    load(state, new BitSet());
  }

  /// @param packs takes the numbers of all packs that are needed
  /// @return whether all is there
  private boolean load(Contents contents, BitSet packs) {
    boolean whole = true;
    for (int group = 0; group < ExtentReader.groups(contents); group++) {
      try {
        for (ChunkRef chunk : reader.chunks(manifest, contents, group)) {
          whole &= add(chunk, packs);
        }
        if (contents.isGrouped()) {
          whole &= add(contents.refs().get(group), packs);
        }
      } catch (Damage _) {
        whole = false; // Its chunks are stored anew.
      }
    }
    return whole;
  }

  private boolean add(ChunkRef chunk, BitSet packs) {
    PackName pack = manifest.pack(chunk);
    if (sizes.getOrDefault(pack, 0L) < chunk.end() || unsound.contains(chunk)) {
      return false;
    }
    ChunkRef here = chunk.inPack(table.number(pack));
    index.add(here);
    packs.set(here.pack());
    return true;
  }

  private List<ChunkRef> inTable(List<ChunkRef> refs) {
    var here = new ArrayList<ChunkRef>(refs.size());
    for (ChunkRef ref : refs) {
      here.add(ref.inPack(table.number(manifest.pack(ref))));
    }
    return here;
  }
}
