package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Finds out what the parent of a checkpoint has stored already.
///
/// Only the parent is asked, and this is why that is safe (I5): it is the newest checkpoint of the
/// lineage, always retained, until the new one that also names its packs is published. So no pack
/// that is found here can be swept in between. An older checkpoint could be dropped meanwhile.
///
/// What is not there as it should be is not known: the new checkpoint then stores it again.
final class KnownChunks {
  private final ExtentReader reader;
  private final PackTable table;
  private final Map<PackName, Long> sizes;
  private final ChunkIndex index = new ChunkIndex();

  private KnownChunks(ExtentReader reader, PackTable table, Map<PackName, Long> sizes) {
    this.reader = reader;
    this.table = table;
    this.sizes = sizes;
  }

  /// @return the chunks of the checkpoint, numbered by `table`; empty if its list of files cannot
  ///   be read: then everything is stored anew, and the new checkpoint is whole
  static Optional<ChunkIndex> of(ManifestRef parent, JobPacks packs, PackTable table) {
    var known = new KnownChunks(new ExtentReader(packs), table, packs.sizes());
    try {
      known.load(known.reader.manifest(parent));
      return Optional.of(known.index);
    } catch (Damage _) {
      return Optional.empty();
    }
  }

  private void load(Manifest manifest) {
    manifest.state().ifPresent(state -> load(manifest, state));
    for (Entry entry : manifest.entries()) {
      if (entry.contents() != null) {
        load(manifest, entry.contents());
      }
    }
  }

  private void load(Manifest manifest, Contents contents) {
    for (int group = 0; group < ExtentReader.groups(contents); group++) {
      try {
        List<ChunkRef> chunks = reader.chunks(manifest, contents, group);
        chunks.forEach(chunk -> add(manifest, chunk));
        if (contents.isGrouped()) {
          add(manifest, contents.refs().get(group));
        }
      } catch (Damage _) {
        // Its chunks are stored anew.
      }
    }
  }

  private void add(Manifest manifest, ChunkRef chunk) {
    PackName pack = manifest.pack(chunk);
    if (sizes.getOrDefault(pack, 0L) >= chunk.end()) {
      index.add(chunk.inPack(table.number(pack)));
    }
  }
}
