package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.FileTree.Node;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Saved;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One save: [Segment]s of files are read and hashed side by side, what is new in them goes into an
/// [Assembly] in order.
///
/// Memory: that of the assembly and 8 MiB for each of at most 8 segments, all of it freed at the
/// end; and the list of files.
final class Saving implements AutoCloseable {
  private final Disk disk;
  private final Meter meter;

  private final Arena arena = Arena.ofShared();
  private final Assembly assembly;
  private final Lanes<Changed> lanes;
  private final List<Workspace> workspaces = new ArrayList<>();
  private final ArrayDeque<Workspace> idle = new ArrayDeque<>();
  private ChunkIndex known = new ChunkIndex();

  Saving(JobPacks store, Disk disk, Env env, Compression compression, long token, Meter meter) {
    this.disk = disk;
    this.meter = meter;
    this.assembly = new Assembly(store, env, compression, token, arena);
    this.lanes = new Lanes<>(env, "save segment", Lanes.usualWidth(env));
    for (int i = 0; i < Lanes.usualWidth(env); i++) {
      workspaces.add(new Workspace(arena, compression));
    }
    idle.addAll(workspaces);
  }

  Saved save(@Nullable ManifestRef parent, FileTree tree, byte @Nullable [] state) throws Changed {
    if (parent != null) {
      known = assembly.goOnFrom(parent);
    }
    meter.total(tree.sizeBytes() + (state == null ? 0 : state.length));
    ContentsDraft stateDraft = state == null ? null : take(state);
    List<Assembly.Draft> drafts = take(tree);
    lanes.drain();
    return assembly.end(stateDraft, drafts);
  }

  private ContentsDraft take(byte[] state) throws Changed {
    return take(new Segment.OfBytes(ByteBuffer.wrap(state)), state.length);
  }

  private List<Assembly.Draft> take(FileTree tree) throws Changed {
    var drafts = new ArrayList<Assembly.Draft>(tree.nodes().size());
    for (Node node : tree.nodes()) {
      ContentsDraft contents = null;
      if (node.isFile()) {
        var file = tree.root().resolve(node.path());
        var source = new Segment.OfFile(disk, file, node.path(), node.stat());
        contents = take(source, node.stat().sizeBytes());
      }
      drafts.add(new Assembly.Draft(bare(node), contents));
    }
    return drafts;
  }

  private static Entry bare(Node node) {
    Kind kind =
        switch (node.stat().kind()) {
          case FILE -> Kind.FILE;
          case DIRECTORY -> Kind.DIRECTORY;
          case SYMLINK -> Kind.SYMLINK;
          case OTHER -> throw new IllegalStateException(node.path() + " is a special file");
        };
    return new Entry(
        kind, node.path(), node.stat().mode(), node.stat().modified(), null, node.linkTarget());
  }

  private ContentsDraft take(Segment.Source source, long sizeBytes) throws Changed {
    var draft = new ContentsDraft(sizeBytes, Manifest.CHUNK_BYTES);
    long from = 0;
    do { // An empty file too is opened and looked at.
      long start = from;
      int size = (int) Math.min(Segment.BYTES, sizeBytes - start);
      boolean last = start + size == sizeBytes;
      lanes.makeRoom();
      Workspace workspace = idle.remove();
      lanes.add(
          new Segment(
              source,
              start,
              size,
              known,
              workspace,
              chunks -> {
                assembly.add(draft, chunks, last);
                idle.add(workspace);
                meter.moved(size);
              }));
      from += size;
    } while (from < sizeBytes);
    return draft;
  }

  @Override
  public void close() {
    lanes.close();
    assembly.close();
    workspaces.forEach(Workspace::close);
    arena.close();
  }
}
