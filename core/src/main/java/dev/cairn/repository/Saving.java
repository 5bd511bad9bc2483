package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.FileTree.Node;
import dev.cairn.repository.Manifest.Boot;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Storing;
import dev.cairn.repository.Repository.Subject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One save: [Segment]s of files are read and hashed side by side, what is new in them goes into an
/// [Assembly] in order. Files that are [Unchanged] are only looked at.
///
/// Memory: that of the assembly and 9 MiB for each of at most 8 segments, all of it freed at the
/// end; and the lists of files, of this checkpoint and of its parent.
final class Saving implements AutoCloseable {
  /// Files shrink to an eighth seldom enough to say so before they are read.
  private static final int BEST_RATIO = 8;

  private final JobPacks store;
  private final Disk disk;
  private final Env env;
  private final Storing storing;
  private final Meter meter;
  private final Boot boot;
  private final Instant begun;

  private final Arena arena = Arena.ofShared();
  private final Assembly assembly;
  private final Lanes<Changed> lanes;
  private final List<Workspace> workspaces = new ArrayList<>();
  private final ArrayDeque<Workspace> idle = new ArrayDeque<>();
  private Optional<Parent> parent = Optional.empty();
  private ChunkIndex known = new ChunkIndex(0);

  /// By device.
  private final Map<Long, Boolean> telling = new HashMap<>();

  Saving(JobPacks store, Disk disk, Env env, Storing storing, long token, Meter meter) {
    this.store = store;
    this.disk = disk;
    this.env = env;
    this.storing = storing;
    this.meter = meter;
    this.boot = Boot.of(disk.boot());
    this.begun = env.now();
    this.assembly = new Assembly(store, env, boot, storing.compression(), token, arena);
    this.lanes = new Lanes<>(env, "save segment", Lanes.usualWidth(env));
    for (int i = 0; i < Lanes.usualWidth(env); i++) {
      workspaces.add(new Workspace(arena, storing.compression()));
    }
    idle.addAll(workspaces);
  }

  /// @param unsound chunks of the parent that must not be used
  Saved save(@Nullable ManifestRef from, Set<ChunkRef> unsound, Subject subject) throws Changed {
    if (from != null) {
      parent = assembly.goOnFrom(from, unsound);
      known = parent.map(Parent::chunks).orElse(known);
    }
    requireRoom(subject.tree());
    ByteBuffer state = subject.state().map(ByteBuffer::slice).orElse(null);
    meter.total(subject.tree().sizeBytes() + (state == null ? 0 : state.remaining()));
    ContentsDraft stateDraft = state == null ? null : take(state);
    var drafts = new HashMap<String, Assembly.Draft>();
    for (Node node : subject.tree().nodes()) {
      drafts.put(node.path(), take(subject.tree(), node));
    }
    for (Part part : subject.parts()) {
      take(part, drafts);
    }
    lanes.drain();
    return assembly.end(stateDraft, sorted(drafts));
  }

  private static List<Assembly.Draft> sorted(Map<String, Assembly.Draft> drafts) {
    return drafts.values().stream()
        .sorted((a, b) -> TreePath.compare(a.bare().path(), b.bare().path()))
        .toList();
  }

  /// What is certain not to fit is told before anything is written.
  private void requireRoom(FileTree tree) {
    OptionalLong usable = store.blobs().usableBytes();
    if (usable.isEmpty()) {
      return;
    }
    long fresh =
        tree.nodes().stream()
            .filter(node -> node.isFile() && parent.flatMap(p -> p.file(node.path())).isEmpty())
            .mapToLong(node -> node.stat().sizeBytes())
            .sum();
    if (usable.getAsLong() < fresh / BEST_RATIO) {
      throw CairnException.Unavailable.full(
          "no space is left in %s for %,d bytes of new files: %,d are free"
              .formatted(store.blobs().location(), fresh, usable.getAsLong()),
          null);
    }
  }

  private ContentsDraft take(ByteBuffer state) throws Changed {
    var draft = new ContentsDraft(state.remaining(), storing.chunkBytes());
    var cuts = new Cuts.Grid(state.remaining(), storing.chunkBytes());
    take(new Source.OfBytes(state), draft, state.remaining(), cuts);
    return draft;
  }

  private Assembly.Draft take(FileTree tree, Node node) throws Changed {
    if (!node.isFile()) {
      return new Assembly.Draft(bare(tree, node), null);
    }
    var source = tree.source(disk, node);
    Optional<Parent.StoredFile> before = parent.flatMap(p -> p.file(node.path()));
    if (before.isPresent() && isUnchanged(before.get(), tree, node)) {
      lanes.add(new Look(source, node.stat().sizeBytes()));
      Contents kept = assembly.keep(before.get());
      return new Assembly.Draft(bare(tree, node), () -> kept);
    }
    long sizeBytes = node.stat().sizeBytes();
    int chunkBytes =
        before.isPresent()
            ? new Cutting(parent.orElseThrow(), storing.chunkBytes())
                .choose(before.get(), source, sizeBytes)
            : storing.chunkBytes();
    var draft = new ContentsDraft(sizeBytes, chunkBytes);
    take(source, draft, sizeBytes, Cuts.of(source, sizeBytes, chunkBytes, storing.chunkBytes()));
    return new Assembly.Draft(bare(tree, node), draft::contents);
  }

  private boolean isUnchanged(Parent.StoredFile before, FileTree tree, Node now) {
    return !storing.paranoid()
        && before.whole()
        && parent.orElseThrow().boot().isSame(boot)
        && Unchanged.since(before.entry(), now.stat())
        && tellsOfWrites(tree, now);
  }

  /// A file that need not be read.
  private final class Look implements Lanes.Step<Changed> {
    private final Source.OfFile source;
    private final long sizeBytes;
    private Optional<String> changed = Optional.empty();

    Look(Source.OfFile source, long sizeBytes) {
      this.source = source;
      this.sizeBytes = sizeBytes;
    }

    @Override
    public void run() {
      changed = source.look();
    }

    @Override
    public void end() throws Changed {
      if (changed.isPresent()) {
        throw new Changed(changed.get());
      }
      meter.moved(sizeBytes);
    }
  }

  private Entry bare(FileTree tree, Node node) {
    Kind kind =
        switch (node.stat().kind()) {
          case FILE -> Kind.FILE;
          case DIRECTORY -> Kind.DIRECTORY;
          case SYMLINK -> Kind.SYMLINK;
          case OTHER -> throw new IllegalStateException(node.path() + " is a special file");
        };
    return new Entry(
        kind,
        node.path(),
        node.stat().mode(),
        node.stat().modified(),
        null,
        node.linkTarget(),
        boot.equals(Boot.UNKNOWN) || !tellsOfWrites(tree, node) ? null : tree.origin(node, begun));
  }

  /// Asked once for each file system.
  private boolean tellsOfWrites(FileTree tree, Node node) {
    return node.isFile()
        && telling.computeIfAbsent(
            node.stat().device(), _ -> disk.tellsOfWrites(tree.root().resolve(node.path())));
  }

  private void take(Source source, ContentsDraft draft, long sizeBytes, Cuts cuts) throws Changed {
    long from = 0;
    do { // An empty file too is opened and looked at.
      List<Integer> sizes = cuts.next();
      lanes.makeRoom();
      Workspace workspace = idle.remove();
      int size = sizes.stream().mapToInt(Integer::intValue).sum();
      add(source, from, sizes, workspace, draft, from + size == sizeBytes);
      from += size;
    } while (from < sizeBytes);
  }

  private void add(
      @Nullable Source source,
      long offset,
      List<Integer> sizes,
      Workspace workspace,
      ContentsDraft draft,
      boolean last)
      throws Changed {
    lanes.add(
        new Segment(
            source,
            offset,
            sizes,
            known,
            workspace,
            chunks -> {
              assembly.add(draft, chunks, last);
              idle.add(workspace);
              meter.moved(chunks.stream().mapToLong(Segment.Chunk::sizeBytes).sum());
            }));
  }

  /// Reads a part to its end, on this thread, and has it hashed on others.
  private void take(Part part, Map<String, Assembly.Draft> drafts) throws Changed {
    if (drafts.containsKey(part.path())) {
      throw new CairnException.Invalid(
          FileTree.printable(part.path()) + " is to be saved twice", "Nothing was saved.");
    }
    addDirectories(part.path(), drafts);
    var draft = new ContentsDraft(ContentsDraft.UNTIL_ITS_END, storing.chunkBytes());
    boolean last;
    long from = 0;
    do {
      lanes.makeRoom();
      Workspace workspace = idle.remove();
      ByteBuffer bytes = workspace.begin(Segment.BYTES);
      last = !fill(bytes, part);
      int size = bytes.position();
      List<Integer> sizes = new Cuts.Grid(size, storing.chunkBytes()).next();
      add(null, from, sizes, workspace, draft, last);
      from += size;
    } while (!last);
    var bare = new Entry(Kind.FILE, part.path(), 0644, env.now(), null, null, null);
    drafts.put(part.path(), new Assembly.Draft(bare, draft::contents));
  }

  private void addDirectories(String path, Map<String, Assembly.Draft> drafts) {
    for (String up = TreePath.parent(path); !up.isEmpty(); up = TreePath.parent(up)) {
      var bare = new Entry(Kind.DIRECTORY, up, 0755, env.now(), null, null, null);
      Assembly.Draft there = drafts.putIfAbsent(up, new Assembly.Draft(bare, null));
      if (there != null && there.bare().kind() != Kind.DIRECTORY) {
        throw new CairnException.Invalid(
            "%s cannot be saved below %s, which is no directory"
                .formatted(FileTree.printable(path), FileTree.printable(up)),
            "Nothing was saved.");
      }
    }
  }

  /// @return false at the end of the part
  private static boolean fill(ByteBuffer bytes, Part part) {
    try {
      while (bytes.hasRemaining()) {
        if (part.channel().read(bytes) < 0) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new CairnException.Unavailable(
          "could not read what is to be saved as %s: %s"
              .formatted(FileTree.printable(part.path()), e.getMessage()),
          "Nothing was published.",
          e);
    }
  }

  @Override
  public void close() {
    lanes.close();
    assembly.close();
    workspaces.forEach(Workspace::close);
    arena.close();
  }
}
