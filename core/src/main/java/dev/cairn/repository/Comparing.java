package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.repository.Difference.Side;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/// Finds what is different between a checkpoint and another one, or a directory.
///
/// Two checkpoints are compared by their lists: equal hashes are equal contents. Only where a file
/// of one size is cut in two ways and no piece tells them apart, its bytes are read. A directory is
/// read. Memory: some MiB, and about 100 bytes for each chunk of one file that is cut by content.
final class Comparing {
  private static final long SAME = -1;

  /// Between the two averages that savers use, of 64 and 256 KiB.
  private static final long AVERAGE_LIMIT = 128 * 1024;

  private final ExtentReader reader;
  private final Manifest manifest;

  Comparing(ExtentReader reader, Manifest manifest) {
    this.reader = reader;
    this.manifest = manifest;
  }

  /// Tells bytes of contents apart.
  private interface Amount<T> {
    /// @return how many bytes of `after` are in chunks that `before` does not have; [#SAME] if the
    ///   contents are the same
    long changed(Entry before, T after);
  }

  private record Names<T>(List<T> all, Function<T, String> path, Function<T, Side> side) {}

  /// Hands over, sorted by the bytes of their paths, what is different in another checkpoint.
  ///
  /// @param read reads a file of either front to back, where the lists do not decide
  void with(ExtentReader otherReader, Manifest other, Rereading read, Consumer<Difference> taker) {
    var names = new Names<Entry>(other.entries(), Entry::path, Comparing::side);
    compare(
        names,
        (before, after) -> {
          Contents a = before.contents();
          Contents b = after.contents();
          return a == null || b == null
              ? SAME
              : inLists(
                  new File(reader, manifest, before, a),
                  new File(otherReader, other, after, b),
                  read);
        },
        taker);
  }

  /// Reads a file of the first or second checkpoint, and tells whether both have the same bytes.
  interface Rereading {
    boolean same(Entry before, Entry after);
  }

  /// As above, in a directory.
  ///
  /// @throws CairnException.Unavailable if files change while they are read
  void with(Disk disk, FileTree tree, Consumer<Difference> taker) {
    var names = new Names<FileTree.Node>(tree.nodes(), FileTree.Node::path, Comparing::side);
    compare(names, (before, after) -> inFile(disk, tree, before, after), taker);
  }

  private <T> void compare(Names<T> names, Amount<T> amount, Consumer<Difference> taker) {
    List<Entry> entries = manifest.entries();
    int i = 0;
    int j = 0;
    while (i < entries.size() || j < names.all.size()) {
      String path = j < names.all.size() ? names.path.apply(names.all.get(j)) : "";
      int order =
          i == entries.size()
              ? 1
              : j == names.all.size() ? -1 : TreePath.compare(entries.get(i).path(), path);
      if (order < 0) {
        Entry gone = entries.get(i++);
        taker.accept(new Difference(gone.path(), side(gone), null, 0));
      } else if (order > 0) {
        Side fresh = names.side.apply(names.all.get(j++));
        taker.accept(new Difference(path, null, fresh, fresh.sizeBytes()));
      } else {
        compare(entries.get(i++), names.all.get(j++), names, amount, taker);
      }
    }
  }

  private static <T> void compare(
      Entry before, T after, Names<T> names, Amount<T> amount, Consumer<Difference> taker) {
    Side a = side(before);
    Side b = names.side.apply(after);
    long changed = b.sizeBytes();
    if (a.type().equals(b.type())) {
      changed = b.isFile() ? amount.changed(before, after) : SAME;
      if (changed == SAME && a.equals(b)) {
        return;
      }
    }
    taker.accept(new Difference(before.path(), a, b, Math.max(changed, 0)));
  }

  private static Side side(Entry entry) {
    boolean link = entry.kind() == Manifest.Kind.SYMLINK;
    return new Side(entry.type(), entry.sizeBytes(), link ? 0 : entry.mode(), entry.target());
  }

  private static Side side(FileTree.Node node) {
    FileKind kind = node.stat().kind();
    return new Side(
        kind.name().toLowerCase(Locale.ROOT),
        kind == FileKind.FILE ? node.stat().sizeBytes() : 0,
        kind == FileKind.SYMLINK ? 0 : node.stat().mode(),
        node.linkTarget());
  }

  /// The contents of a file of a checkpoint.
  private record File(ExtentReader reader, Manifest manifest, Entry entry, Contents contents) {
    int groups() {
      return ExtentReader.groups(contents);
    }

    List<ChunkRef> group(int index) {
      try {
        return index < groups() ? reader.chunks(manifest, contents, index) : List.of();
      } catch (Damage e) {
        throw e.spoils(FileTree.printable(entry.path()), reader.job());
      }
    }

    /// Whether a group has the same list as that of `other`: then it need not be read.
    boolean sameGroup(int index, File other) {
      return contents.isGrouped()
          && other.contents.isGrouped()
          && index < groups()
          && index < other.groups()
          && contents.refs().get(index).sha256().equals(other.contents.refs().get(index).sha256());
    }

    boolean sameGrid(File other) {
      return contents.isGrid() && contents.chunkBytes() == other.contents.chunkBytes();
    }
  }

  private static long inLists(File before, File after, Rereading read) {
    if (before.contents.root().equals(after.contents.root())) {
      return SAME;
    }
    if (before.sameGrid(after)) {
      return byPlace(before, after);
    }
    boolean undecided =
        before.contents.sizeBytes() == after.contents.sizeBytes() && !tellApart(before, after);
    if (undecided && read.same(before.entry, after.entry)) {
      return SAME;
    }
    Set<Sha256> known = hashes(before);
    long bytes = 0;
    for (int group = 0; group < after.groups(); group++) {
      for (ChunkRef chunk : after.group(group)) {
        bytes += known.contains(chunk.sha256()) ? 0 : chunk.sizeBytes();
      }
    }
    return bytes;
  }

  private static long byPlace(File before, File after) {
    long bytes = 0;
    for (int group = 0; group < after.groups(); group++) {
      if (before.sameGroup(group, after)) {
        continue;
      }
      List<ChunkRef> a = before.group(group);
      List<ChunkRef> b = after.group(group);
      for (int i = 0; i < b.size(); i++) {
        boolean same = i < a.size() && a.get(i).sha256().equals(b.get(i).sha256());
        bytes += same ? 0 : b.get(i).sizeBytes();
      }
    }
    return bytes;
  }

  /// Whether some piece that both have cut out in the same place is not the same.
  private static boolean tellApart(File before, File after) {
    var a = new Cursor(before);
    var b = new Cursor(after);
    while (a.isOn() && b.isOn()) {
      boolean samePiece = a.from == b.from && a.to() == b.to();
      if (samePiece && !a.chunk().sha256().equals(b.chunk().sha256())) {
        return true;
      }
      long end = Math.min(a.to(), b.to());
      a.passTo(end);
      b.passTo(end);
    }
    return false;
  }

  /// A place in the list of a file's chunks.
  private static final class Cursor {
    private final File file;
    private int group;
    private int index;
    private long from;
    private List<ChunkRef> chunks;

    Cursor(File file) {
      this.file = file;
      this.chunks = file.group(0);
    }

    boolean isOn() {
      return index < chunks.size();
    }

    ChunkRef chunk() {
      return chunks.get(index);
    }

    long to() {
      return from + chunk().sizeBytes();
    }

    /// Goes on to the next chunk if this one ends at `end`.
    void passTo(long end) {
      if (to() != end) {
        return;
      }
      from = end;
      if (++index == chunks.size()) {
        chunks = file.group(++group);
        index = 0;
      }
    }
  }

  private static Set<Sha256> hashes(File file) {
    var hashes = new HashSet<Sha256>();
    for (int group = 0; group < file.groups(); group++) {
      file.group(group).forEach(chunk -> hashes.add(chunk.sha256()));
    }
    return hashes;
  }

  private long inFile(Disk disk, FileTree tree, Entry before, FileTree.Node node) {
    Contents contents = before.contents();
    if (contents == null) {
      return SAME;
    }
    String shown = FileTree.printable(before.path());
    try (DiskFile file = disk.open(tree.root().resolve(node.path()))) {
      long size = file.stat().sizeBytes();
      long changed = byPlace(contents, shown, file, size);
      if (changed == 0 && size == contents.sizeBytes()) {
        return SAME;
      }
      if (contents.isGrid() || changed == 0) {
        return changed;
      }
    } catch (CairnException.NotFound e) {
      throw changing(shown + " vanished");
    }
    try {
      return byContent(disk, tree, new File(reader, manifest, before, contents), node);
    } catch (Changed e) {
      throw changing(String.valueOf(e.getMessage()));
    }
  }

  private static CairnException.Unavailable changing(String what) {
    return new CairnException.Unavailable(
        "the files changed while they were read: " + what,
        "Compare when nobody writes there.",
        null);
  }

  /// Reads a file in the pieces that the checkpoint has cut out of its own.
  private long byPlace(Contents contents, String shown, DiskFile file, long size) {
    var bytes = ByteBuffer.allocate((int) Math.min(Manifest.MAX_CHUNK_BYTES, Math.max(size, 1)));
    var at = new long[2]; // where the next chunk begins, and what has changed so far
    try {
      reader.forEachBatch(
          manifest,
          contents,
          batch -> {
            for (ChunkRef chunk : batch) {
              int there = Math.clamp(size - at[0], 0, chunk.sizeBytes());
              bytes.clear().limit(there);
              file.read(bytes, at[0]);
              boolean same =
                  there == chunk.sizeBytes() && Sha256.of(bytes.flip()).equals(chunk.sha256());
              at[0] += chunk.sizeBytes();
              at[1] += same ? 0 : there;
            }
          });
    } catch (Damage e) {
      throw e.spoils(shown, reader.job());
    }
    return at[1] + Math.max(0, size - contents.sizeBytes());
  }

  /// Cuts a file as the checkpoint's was cut, as far as can be told, and looks for the pieces.
  private static long byContent(Disk disk, FileTree tree, File before, FileTree.Node node)
      throws Changed {
    Set<Sha256> known = hashes(before);
    long average = before.contents.sizeBytes() / Math.max(1, before.contents.chunks());
    Source.OfFile source = tree.source(disk, node);
    Cuts cuts =
        Cuts.of(
            source,
            node.stat().sizeBytes(),
            Manifest.BY_CONTENT,
            average < AVERAGE_LIMIT ? Manifest.SMALL_CHUNK_BYTES : Manifest.CHUNK_BYTES);
    long from = 0;
    long changed = 0;
    for (var sizes = cuts.next(); !sizes.isEmpty(); sizes = cuts.next()) {
      for (int size : sizes) {
        var piece = ByteBuffer.allocate(size);
        var unlike = source.read(piece, from);
        if (unlike.isPresent()) {
          throw new Changed(unlike.get());
        }
        changed += known.contains(Sha256.of(piece.flip())) ? 0 : size;
        from += size;
      }
    }
    return changed;
  }
}
