package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Manifest.Origin;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a [Manifest], trusting nothing in it (I10).
final class ManifestReader {
  /// Of a directory whose name has one byte.
  private static final int LEAST_ENTRY_BYTES = 18;

  private static final long MAX_FILE_BYTES = 1L << 56;
  private static final int MAX_MODE = 0xfff;
  private static final int MAX_NANOS = 999_999_999;

  private final Fields fields;
  private final Manifest.Place place;

  private final List<PackName> packs = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();
  private final Set<String> directories = new HashSet<>();
  private @Nullable Contents state;
  private String previous = "";

  private ManifestReader(Fields fields, Manifest.Place place) {
    this.fields = fields;
    this.place = place;
  }

  static Manifest read(ByteBuffer bytes, Manifest.Place place) throws Damage {
    var fields = new Fields(bytes, "the list of files", place.pack(), place.offset());
    return new ManifestReader(fields, place).read();
  }

  private Manifest read() throws Damage {
    fields.magic(Manifest.MAGIC);
    fields.version(Manifest.VERSION);
    fields.require(fields.i32() == Sha256.ALGORITHM << 24, () -> "its hash algorithm is not known");
    var boot = new Manifest.Boot(fields.i64(), fields.i64());
    for (PackName name : fields.packs()) {
      packs.add(name.equals(PackName.SELF) ? place.pack() : name);
    }
    fields.require(packs.size() == Set.copyOf(packs).size(), () -> "a pack is named twice");
    int count = fields.count(Manifest.MAX_ENTRIES, LEAST_ENTRY_BYTES, "number of entries");
    for (int i = 0; i < count; i++) {
      readEntry(i);
    }
    fields.end();
    return new Manifest(place, boot, packs, entries, state);
  }

  private void readEntry(int index) throws Damage {
    int number = fields.u8();
    String path = fields.text(TreePath.MAX_BYTES, "a path");
    int mode = fields.u16();
    fields.require(mode <= MAX_MODE, () -> "a mode is " + mode);
    Instant modified = readTime();
    if (number == Kind.STATE_NUMBER) {
      boolean bare = path.isEmpty() && mode == 0 && modified.equals(Instant.EPOCH);
      fields.require(
          bare && index == 0, () -> "entry " + index + " is a state, but not as it should be");
      state = readContents();
      return;
    }
    requirePlace(path, index);
    Kind kind = Kind.of(number).orElseThrow(() -> fields.damage("there is a type " + number));
    entries.add(
        switch (kind) {
          case FILE -> new Entry(kind, path, mode, modified, readContents(), null, readOrigin());
          case DIRECTORY -> new Entry(kind, path, mode, modified, null, null, null);
          case SYMLINK -> new Entry(kind, path, mode, modified, null, readTarget(), null);
        });
    if (kind == Kind.DIRECTORY) {
      directories.add(path);
    }
    previous = path;
  }

  private void requirePlace(String path, int index) throws Damage {
    Optional<String> flaw = TreePath.flaw(path);
    if (flaw.isPresent()) {
      throw fields.damage("path '%s': %s".formatted(FileTree.printable(path), flaw.get()));
    }
    if (!entries.isEmpty() && TreePath.compare(previous, path) >= 0) {
      throw fields.damage(
          "entry %d, '%s', is out of order".formatted(index, FileTree.printable(path)));
    }
    String parent = TreePath.parent(path);
    if (!parent.isEmpty() && !directories.contains(parent)) {
      throw fields.damage("'%s' is not in a directory".formatted(FileTree.printable(path)));
    }
  }

  private Instant readTime() throws Damage {
    long seconds = fields.u64(Instant.MIN.getEpochSecond(), Instant.MAX.getEpochSecond(), "a time");
    return Instant.ofEpochSecond(seconds, fields.u32(0, MAX_NANOS, "a time's nanoseconds"));
  }

  private String readTarget() throws Damage {
    String target = fields.text(TreePath.MAX_BYTES, "the text of a link");
    fields.require(!target.isEmpty() && target.indexOf('\0') < 0, () -> "a link says nothing");
    return target;
  }

  private Contents readContents() throws Damage {
    long size = fields.u64(0, MAX_FILE_BYTES, "the size of a file");
    int chunkBytes = fields.i32();
    boolean sound =
        chunkBytes == Manifest.BY_CONTENT
            || chunkBytes >= Manifest.MIN_CHUNK_BYTES
                && chunkBytes <= Manifest.MAX_CHUNK_BYTES
                && Integer.bitCount(chunkBytes) == 1;
    fields.require(sound, () -> "the size of chunks is " + Integer.toUnsignedString(chunkBytes));
    long chunks =
        chunkBytes == Manifest.BY_CONTENT
            ? fields.u64(
                Contents.chunks(size, Manifest.MAX_CHUNK_BYTES), size, "the number of chunks")
            : Contents.chunks(size, chunkBytes);
    var contents = new Contents(size, chunkBytes, chunks, fields.sha256(), List.of());
    return contents.withRefs(contents.isGrouped() ? readGroups(chunks) : readChunks(contents));
  }

  private List<ChunkRef> readChunks(Contents contents) throws Damage {
    var refs = new ArrayList<ChunkRef>();
    long sum = 0;
    for (int i = 0; i < contents.chunks(); i++) {
      refs.add(ChunkRef.read(fields, packs.size(), contents.leastOf(i), contents.mostOf(i)));
      sum += refs.getLast().sizeBytes();
    }
    fields.require(sum == contents.sizeBytes(), () -> "the chunks do not make up a file");
    return refs;
  }

  private List<ChunkRef> readGroups(long chunks) throws Damage {
    var refs = new ArrayList<ChunkRef>();
    for (long left = chunks; left > 0; left -= LeafGroup.CHUNKS) {
      refs.add(ChunkRef.read(fields, packs.size(), 1, LeafGroup.MAX_BYTES));
    }
    return refs;
  }

  private @Nullable Origin readOrigin() throws Damage {
    int known = fields.u8();
    fields.require(known <= 1, () -> "what is known of a file is " + known);
    if (known == 0) {
      return null;
    }
    return new Origin(fields.i64(), fields.i64(), readTime());
  }
}
