package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The references to up to 1024 consecutive chunks of one file.
///
/// Stored as a chunk of its own, so that a group whose chunks are still the same is found again by
/// its hash and costs nothing. It has its own table of packs, so that its bytes do not change when
/// other packs come or go. Numbers are big-endian.
///
/// | size | |
/// |---|---|
/// | 4 | `CLG1` |
/// | 4 + 40 each | number of packs, then their names ([PackName]), strictly ascending; all of them are in the manifest's table too |
/// | 4 + 57 each | number of chunks, then a [ChunkRef] for each, in the order of the file |
final class LeafGroup {
  static final int CHUNKS = 1024;
  static final int MAX_BYTES = 4 + 4 + CHUNKS * PackName.BYTES + 4 + CHUNKS * ChunkRef.BYTES;

  private static final int MAGIC = 0x434c4731;

  private LeafGroup() {}

  /// @param refs numbered by `table`, whose packs all have their names
  static ByteBuffer write(List<ChunkRef> refs, PackTable table) {
    PackTable.Excerpt packs = table.excerpt(refs);
    var bytes = ByteBuffer.allocate(MAX_BYTES).putInt(MAGIC).putInt(packs.names().size());
    packs.names().forEach(name -> name.write(bytes));
    bytes.putInt(refs.size());
    refs.forEach(ref -> ref.inPack(packs.number(ref.pack())).write(bytes));
    return bytes.flip();
  }

  /// Reads group number `group` of `contents`, trusting nothing in it (I10).
  ///
  /// @param place where `bytes` are stored, by the numbering of `manifest`
  /// @return references by the numbering of `manifest`
  static List<ChunkRef> read(
      ByteBuffer bytes, ChunkRef place, Manifest manifest, Contents contents, int group)
      throws Damage {
    var fields = new Fields(bytes, "a list of chunks", manifest.pack(place), place.offset());
    fields.require(fields.i32() == MAGIC, () -> "it does not start as it should");
    List<Integer> packs = readPacks(fields, manifest);
    int count = fields.count(CHUNKS, ChunkRef.BYTES, "number of chunks");
    int expected = contents.chunksOf(group);
    fields.require(count == expected, () -> "it has " + count + " chunks, not " + expected);
    var refs = new ArrayList<ChunkRef>(count);
    for (int i = 0; i < count; i++) {
      long index = (long) group * CHUNKS + i;
      ChunkRef ref =
          ChunkRef.read(fields, packs.size(), contents.leastOf(index), contents.mostOf(index));
      refs.add(ref.inPack(packs.get(ref.pack())));
    }
    fields.end();
    return refs;
  }

  private static List<Integer> readPacks(Fields fields, Manifest manifest) throws Damage {
    var numbers = new ArrayList<Integer>();
    for (PackName name : fields.packs()) {
      // What the manifest does not name, a sweep does not know to be needed.
      int number = manifest.number(name);
      fields.require(number >= 0, () -> "pack " + name + " is not named by the checkpoint");
      numbers.add(number);
    }
    return numbers;
  }
}
