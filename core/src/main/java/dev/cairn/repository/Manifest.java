package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
/// | 16 | boot: the first bytes of the SHA-256 of the name of the running system whose memory held the files while they were read ([dev.cairn.env.Disk#boot]); 0 if nothing is known of any file |
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
/// | 4 | chunk size: a power of two from 4 KiB to 4 MiB; or 0: the chunks are cut where the content says, see [ContentCuts] |
/// | 8 | if the chunk size is 0 only: number of chunks |
/// | 32 | root: SHA-256 of the SHA-256s of all chunks one after another |
/// | 57 each | up to 8 chunks: a [ChunkRef] for each. More: one for each group of 1024 chunks, the last one smaller, whose chunk is a [LeafGroup] |
///
/// All chunks of a file have the chunk size but the last, which has the rest; without a chunk size
/// each has at most 4 MiB, and together they have the size of the file.
///
/// After the contents of a file, not of a large state, follows what it was when it was read:
///
/// | size | |
/// |---|---|
/// | 1 | 0 nothing is known, 1 as follows |
/// | 8, 8 | device and inode number |
/// | 8, 4 | time of change (`st_ctime`): seconds since 1970-01-01 UTC, signed; nanoseconds |
///
/// A file with the same size, modification time and these, looked at in the same boot, has the same
/// contents. See [Unchanged].
public final class Manifest {
  /// Of a checkpoint without contents.
  public static final Manifest EMPTY =
      new Manifest(new Place(PackName.SELF, 0), Boot.UNKNOWN, List.of(), List.of(), null);

  static final int MAX_ENTRIES = 10_000_000;
  static final int MAX_BYTES = 1 << 30;
  static final int INLINE_CHUNKS = 8;
  static final int CHUNK_BYTES = 256 * 1024;
  static final int SMALL_CHUNK_BYTES = 64 * 1024;
  static final int MIN_CHUNK_BYTES = 4 * 1024;
  static final int MAX_CHUNK_BYTES = 4 * 1024 * 1024;

  /// In place of a chunk size: chunks are cut where the content says.
  static final int BY_CONTENT = 0;

  static final long MAGIC = 0x434149524e4d414eL;
  static final int VERSION = 1;

  private final Place place;
  private final List<PackName> packs;
  private final List<Entry> entries;
  private final @Nullable Contents state;
  private final Boot boot;
  private final Map<PackName, Integer> numbers = new HashMap<>();

  /// @param place where it is stored
  /// @param packs the table by which references are numbered
  Manifest(
      Place place, Boot boot, List<PackName> packs, List<Entry> entries, @Nullable Contents state) {
    this.place = place;
    this.boot = boot;
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

  /// @throws Damage if a file has more bytes than it should, so that nothing past its end is
  ///   written
  void requireWithin(Contents contents, long sizeBytes) throws Damage {
    if (sizeBytes > contents.sizeBytes) {
      throw Damage.at(place.pack, place.offset, "a file has more bytes than it should");
    }
  }

  void requireSize(Contents contents, long sizeBytes) throws Damage {
    if (sizeBytes != contents.sizeBytes) {
      throw Damage.at(place.pack, place.offset, "a file has fewer bytes than it should");
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
  /// @param origin of a file, if known
  public record Entry(
      Kind kind,
      String path,
      int mode,
      Instant modified,
      @Nullable Contents contents,
      @Nullable String target,
      @Nullable Origin origin) {
    /// `file`, `directory` or `symlink`.
    public String type() {
      return kind.name().toLowerCase(Locale.ROOT);
    }

    Entry withContents(Contents other) {
      return new Entry(kind, path, mode, modified, other, target, origin);
    }

    /// Of a file; else 0.
    public long sizeBytes() {
      return contents == null ? 0 : contents.sizeBytes;
    }

    /// The root hash of a file's contents as hex: equal roots mean equal contents.
    public @Nullable String rootHex() {
      return contents == null ? null : contents.root.toString();
    }

    /// Size of the chunks of a file; empty where the content says where they end, and for anything
    /// else.
    public OptionalInt gridBytes() {
      return contents == null || !contents.isGrid()
          ? OptionalInt.empty()
          : OptionalInt.of(contents.chunkBytes);
    }
  }

  /// Where files were read.
  record Boot(long a, long b) {
    static final Boot UNKNOWN = new Boot(0, 0);

    static Boot of(String name) {
      if (name.isEmpty()) {
        return UNKNOWN;
      }
      Sha256 hash = Sha256.of(ByteBuffer.wrap(TreePath.utf8(name)));
      return new Boot(hash.a(), hash.b());
    }

    boolean isSame(Boot other) {
      return !equals(UNKNOWN) && equals(other);
    }
  }

  Boot boot() {
    return boot;
  }

  /// The file that was read, as the file system knew it.
  record Origin(long device, long inode, Instant changed) {}

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
  /// @param chunkBytes of a fixed grid, or [#BY_CONTENT]
  /// @param refs to its chunks, or to its groups
  record Contents(long sizeBytes, int chunkBytes, long chunks, Sha256 root, List<ChunkRef> refs) {
    Contents {
      refs = List.copyOf(refs);
    }

    /// Contents in chunks of a fixed grid.
    static Contents grid(long sizeBytes, int chunkBytes, Sha256 root, List<ChunkRef> refs) {
      return new Contents(sizeBytes, chunkBytes, chunks(sizeBytes, chunkBytes), root, refs);
    }

    static long chunks(long sizeBytes, int chunkBytes) {
      return (sizeBytes + chunkBytes - 1) / chunkBytes;
    }

    boolean isGrid() {
      return chunkBytes != BY_CONTENT;
    }

    boolean isGrouped() {
      return chunks > INLINE_CHUNKS;
    }

    /// Number of chunks in a group.
    int chunksOf(int group) {
      return (int) Math.min(LeafGroup.CHUNKS, chunks - (long) group * LeafGroup.CHUNKS);
    }

    /// Least size that chunk `index` can have.
    int leastOf(long index) {
      return isGrid() ? mostOf(index) : 1;
    }

    /// Greatest size that chunk `index` can have.
    int mostOf(long index) {
      return isGrid()
          ? (int) Math.min(chunkBytes, sizeBytes - index * chunkBytes)
          : (int) Math.min(MAX_CHUNK_BYTES, sizeBytes);
    }

    /// The same contents by the numbering of another table.
    Contents withRefs(List<ChunkRef> others) {
      return new Contents(sizeBytes, chunkBytes, chunks, root, others);
    }
  }
}
