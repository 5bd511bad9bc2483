package dev.cairn.repository;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a checkpoint consists of. Immutable.
///
/// The same tree with its chunks in the same places gives the same bytes. Numbers are big-endian.
///
/// | size | |
/// |---|---|
/// | 8 | `CAIRNMAN` |
/// | 4 | version, 1 |
/// | 1 | hash algorithm, 1 = SHA-256 |
/// | 3 | 0 |
/// | 4 + 40 each | number of packs, then their names ([PackName]), strictly ascending: every pack that anything here or in a group refers to. A name of 40 zero bytes stands for the pack that holds this manifest |
/// | 4 | number of entries, at most 10 million |
/// | | the entries, strictly ascending by the bytes of their paths |
///
/// An entry:
///
/// | size | |
/// |---|---|
/// | 1 | 1 file, 2 directory, 3 symbolic link, 4 large state |
/// | 2 + n | length of the path, then the path ([TreePath]); the large state, at most one, has an empty one |
/// | 2 | permission bits, the low 12; 0 for the large state |
/// | 8, 4 | modification time: seconds since 1970-01-01 UTC, signed; nanoseconds. 0 for the large state |
/// | 2 + n | symbolic link only: length of its text, at most 4096, then the text in UTF-8, without NUL |
/// | | file and large state only: contents, as follows |
///
/// The directory that holds an entry is an entry before it, so nothing is ever below a file or a
/// link. Contents:
///
/// | size | |
/// |---|---|
/// | 8 | size in bytes |
/// | 4 | chunk size: a power of two from 4 KiB to 4 MiB; 256 KiB is what is written |
/// | 32 | root: SHA-256 of the SHA-256s of all chunks one after another |
/// | 57 each | up to 8 chunks: a [ChunkRef] for each. More: one for each group of 1024 chunks, the last one smaller, whose chunk is a [LeafGroup] |
///
/// All chunks of a file have the chunk size but the last, which has the rest.
public final class Manifest {
  static final int MAX_ENTRIES = 10_000_000;
  static final int MAX_BYTES = 1 << 30;
  static final int INLINE_CHUNKS = 8;
  static final int CHUNK_BYTES = 256 * 1024;
  static final int MIN_CHUNK_BYTES = 4 * 1024;
  static final int MAX_CHUNK_BYTES = 4 * 1024 * 1024;

  static final long MAGIC = 0x434149524e4d414eL;
  static final int VERSION = 1;

  private final Place place;
  private final List<PackName> packs;
  private final List<Entry> entries;
  private final @Nullable Contents state;
  private final Map<PackName, Integer> numbers = new HashMap<>();

  /// @param place where it is stored
  /// @param packs the table by which references are numbered
  Manifest(Place place, List<PackName> packs, List<Entry> entries, @Nullable Contents state) {
    this.place = place;
    this.packs = List.copyOf(packs);
    this.entries = List.copyOf(entries);
    this.state = state;
    for (PackName name : this.packs) {
      numbers.put(name, numbers.size());
    }
  }

  /// Files, directories and links, sorted by the bytes of their paths.
  public List<Entry> entries() {
    return entries;
  }

  /// Leaf names of all packs that the checkpoint needs.
  public List<String> packNames() {
    return packs.stream().map(PackName::leaf).toList();
  }

  /// Size of all files and the large state.
  public long sizeBytes() {
    long files = entries.stream().mapToLong(Entry::sizeBytes).sum();
    return state == null ? files : files + state.sizeBytes;
  }

  List<PackName> packs() {
    return packs;
  }

  /// Where a manifest is stored.
  record Place(PackName pack, long offset) {}

  /// @throws Damage if the root of `contents` does not go with what was computed from the chunks
  void requireRoot(Contents contents, Sha256 computed) throws Damage {
    if (!contents.root.equals(computed)) {
      throw Damage.at(place.pack, place.offset, "the root of a file is not that of its chunks");
    }
  }

  PackName pack(ChunkRef ref) {
    return packs.get(ref.pack());
  }

  /// The place of a pack in the table; -1 if it is not in it.
  int number(PackName name) {
    return numbers.getOrDefault(name, -1);
  }

  Optional<Contents> state() {
    return Optional.ofNullable(state);
  }

  /// One name in the tree.
  ///
  /// @param path relative, checked
  /// @param mode permission bits, the low 12
  /// @param contents of a file
  /// @param target what a symbolic link says
  public record Entry(
      Kind kind,
      String path,
      int mode,
      Instant modified,
      @Nullable Contents contents,
      @Nullable String target) {
    /// `file`, `directory` or `symlink`.
    public String type() {
      return kind.name().toLowerCase(Locale.ROOT);
    }

    Entry withContents(Contents other) {
      return new Entry(kind, path, mode, modified, other, target);
    }

    /// Of a file; else 0.
    public long sizeBytes() {
      return contents == null ? 0 : contents.sizeBytes;
    }

    /// The root hash of a file's contents as hex: equal roots mean equal contents.
    public @Nullable String rootHex() {
      return contents == null ? null : contents.root.toString();
    }
  }

  /// What an entry is.
  public enum Kind {
    FILE(1),
    DIRECTORY(2),
    SYMLINK(3);

    static final int STATE_NUMBER = 4;

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }

    static Optional<Kind> of(int number) {
      return Arrays.stream(values()).filter(kind -> kind.number == number).findFirst();
    }
  }

  /// The bytes of a file or of the large state.
  ///
  /// @param refs to its chunks, or to its groups
  record Contents(long sizeBytes, int chunkBytes, Sha256 root, List<ChunkRef> refs) {
    Contents {
      refs = List.copyOf(refs);
    }

    static long chunks(long sizeBytes, int chunkBytes) {
      return (sizeBytes + chunkBytes - 1) / chunkBytes;
    }

    long chunks() {
      return chunks(sizeBytes, chunkBytes);
    }

    boolean isGrouped() {
      return chunks() > INLINE_CHUNKS;
    }

    /// Number of chunks in a group.
    int chunksOf(int group) {
      return (int) Math.min(LeafGroup.CHUNKS, chunks() - (long) group * LeafGroup.CHUNKS);
    }

    /// Size of chunk `index`.
    int sizeOf(long index) {
      return (int) Math.min(chunkBytes, sizeBytes - index * chunkBytes);
    }
  }
}
