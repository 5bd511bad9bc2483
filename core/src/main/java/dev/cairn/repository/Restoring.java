package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Restored;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// One restore, into an empty directory or over what is there ([Restore.Onto]).
///
/// Directories first, then files, then links, so that nothing is ever written through one (I10);
/// the directories' own modes and times last, since a directory may forbid writing. Small files are
/// restored several at a time, large ones in parts of 4 MiB, several at a time too.
///
/// Memory: at most 17 MiB for each of at most 8 parts at work, the list of files, and 1024
/// references of the file that is being read: below 140 MiB plus the list, at any size.
final class Restoring {
  private static final int OWNER_READS = 0400;
  private static final int OWNER_ALL = 0700;
  private static final int MOST_FINISHING = 2;

  private final ExtentReader reader;
  private final Disk disk;
  private final Env env;
  private final Manifest manifest;
  private final Restore options;
  private final Meter meter;

  Restoring(
      ExtentReader reader, Disk disk, Env env, Manifest manifest, Restore options, Meter meter) {
    this.reader = reader;
    this.disk = disk;
    this.env = env;
    this.manifest = manifest;
    this.options = options;
    this.meter = meter;
  }

  Restored restore(Path target) {
    List<Entry> chosen = chosen();
    return switch (options.onto()) {
      case Restore.Onto.Nothing _ -> intoEmpty(target, chosen);
      case Restore.Onto.Ours _ -> overOurs(target, chosen);
      case Restore.Onto.Others others -> overOthers(target, chosen, others);
    };
  }

  private Restored intoEmpty(Path target, List<Entry> chosen) {
    boolean existed = requireEmpty(target);
    try {
      disk.createDirectories(target);
      return write(new TargetTree(disk, target, manifest), chosen, target);
    } catch (RuntimeException | Error e) {
      removeBelow(target, e);
      if (!existed) {
        remove(target, e);
      }
      throw e;
    }
  }

  private Restored overOurs(Path target, List<Entry> chosen) {
    boolean existed = isDirectory(target);
    disk.createDirectories(target);
    var tree = new TargetTree(disk, target, manifest);
    if (existed) {
      tree.removeForeign(chosen);
    }
    return write(tree, chosen, target);
  }

  private Restored overOthers(Path target, List<Entry> chosen, Restore.Onto.Others others) {
    if (!isDirectory(target)) {
      throw new CairnException.NotFound(
          FileTree.printable(target.toString()) + " does not exist", "Name a directory.");
    }
    var tree = new TargetTree(disk, target, manifest);
    tree.requireFree(chosen);
    others.begins().run();
    return write(tree, chosen, others.beside()).with(tree.extras(chosen));
  }

  private boolean isDirectory(Path target) {
    Optional<FileStat> stat = disk.stat(target);
    if (stat.isPresent() && stat.get().kind() != FileKind.DIRECTORY) {
      throw new CairnException.Invalid(
          FileTree.printable(target.toString()) + " is not a directory", "Name another one.");
    }
    return stat.isPresent();
  }

  /// @return whether it exists
  private boolean requireEmpty(Path target) {
    boolean exists = isDirectory(target);
    if (exists && !disk.list(target).isEmpty()) {
      throw new CairnException.Conflict(
          FileTree.printable(target.toString()) + " is not empty; nothing was restored",
          "Name a new or empty directory.");
    }
    return exists;
  }

  private List<Entry> chosen() {
    Restore.Wanted wanted =
        options.wanted().ready(manifest.entries().stream().map(Entry::path).toList());
    var needed = new HashSet<String>();
    for (Entry entry : manifest.entries()) {
      if (wanted.test(entry.path())) {
        String path = entry.path();
        while (!path.isEmpty() && needed.add(path)) {
          path = TreePath.parent(path);
        }
      }
    }
    return manifest.entries().stream().filter(entry -> needed.contains(entry.path())).toList();
  }

  private Restored write(TargetTree tree, List<Entry> entries, Path beside) {
    meter.total(entries.stream().mapToLong(Entry::sizeBytes).sum());
    for (Entry entry : entries) {
      if (entry.kind() == Kind.DIRECTORY) {
        tree.makeDirectory(entry);
      }
    }
    long written = writeFiles(tree, entries, beside);
    for (Entry entry : entries) {
      if (entry.target() != null) {
        tree.makeLink(entry, () -> besideName(beside));
      }
    }
    for (Entry entry : entries.reversed()) {
      if (entry.kind() == Kind.DIRECTORY) {
        finishDirectory(tree.resolve(entry), entry);
      }
    }
    disk.forceDirectory(tree.root());
    long files = entries.stream().filter(entry -> entry.kind() == Kind.FILE).count();
    return new Restored(
        files, entries.stream().mapToLong(Entry::sizeBytes).sum(), written, 0, List.of());
  }

  private Path besideName(Path beside) {
    return beside.resolve("new-" + env.randomHex(8));
  }

  /// @return bytes written
  private long writeFiles(TargetTree tree, List<Entry> entries, Path beside) {
    try (var rooms = new Rooms()) {
      return writeFiles(tree, entries, beside, rooms);
    }
  }

  private long writeFiles(TargetTree tree, List<Entry> entries, Path beside, Rooms rooms) {
    List<Entry> files = entries.stream().filter(entry -> entry.contents() != null).toList();
    var work =
        new FileRestore.Work(
            reader,
            disk,
            env,
            manifest,
            tree,
            rooms,
            meter,
            () -> besideName(beside),
            options.isFresh());
    var open = new ArrayList<FileRestore>();
    var finishing = new ArrayDeque<Fork>();
    try (var lanes = new Lanes<RuntimeException>(env, "restore", Lanes.usualWidth(env))) {
      for (Entry entry : remaining(tree, files, rooms)) {
        var file = new FileRestore(work, entry);
        if (entry.sizeBytes() <= Segment.BYTES) {
          lanes.add(file.whole());
        } else {
          open.add(file);
          inParts(file, lanes);
          lanes.add(new Last(file, finishing));
        }
      }
      lanes.drain();
      finishing.forEach(Fork::join);
    } finally {
      finishing.forEach(Fork::abandon);
      open.forEach(FileRestore::close);
    }
    return work.written().get();
  }

  private void inParts(FileRestore file, Lanes<RuntimeException> lanes) {
    file.open();
    long[] position = {0};
    try {
      reader.forEachBatch(
          manifest,
          file.contents(),
          batch -> {
            lanes.add(file.part(batch, position[0]));
            position[0] += batch.stream().mapToLong(ChunkRef::sizeBytes).sum();
          });
    } catch (Damage e) {
      throw file.spoilt(e);
    }
  }

  /// Comes after the parts of a file, which is then made durable beside the writing of the next
  /// ones.
  private final class Last implements Lanes.Step<RuntimeException> {
    private final FileRestore file;
    private final ArrayDeque<Fork> finishing;

    Last(FileRestore file, ArrayDeque<Fork> finishing) {
      this.file = file;
      this.finishing = finishing;
    }

    @Override
    public void run() {
      // All is done at its end, which comes after those of the parts.
    }

    @Override
    public void end() {
      if (finishing.size() == MOST_FINISHING) {
        finishing.removeFirst().join();
      }
      finishing.addLast(new Fork(env, "finish", file::finish));
    }
  }

  /// Takes over what a local directory has already.
  ///
  /// @return the other files
  private List<Entry> remaining(TargetTree tree, List<Entry> files, Rooms rooms) {
    if (options.reuse() == null) {
      return files;
    }
    var local = new LocalFiles(disk, options.reuse(), reader, rooms);
    var left = new ArrayList<Entry>();
    try (var lanes = new Lanes<RuntimeException>(env, "look", Lanes.usualWidth(env))) {
      for (Entry entry : files) {
        lanes.add(new Look(local, entry, tree.resolve(entry), left));
      }
      lanes.drain();
    }
    return left;
  }

  /// One look for a local file.
  private final class Look implements Lanes.Step<RuntimeException> {
    private final LocalFiles local;
    private final Entry entry;
    private final Path file;
    private final List<Entry> left;
    private boolean linked;

    Look(LocalFiles local, Entry entry, Path file, List<Entry> left) {
      this.local = local;
      this.entry = entry;
      this.file = file;
      this.left = left;
    }

    @Override
    public void run() {
      try {
        linked = local.link(manifest, entry, file);
      } catch (Damage e) {
        throw e.spoils(FileTree.printable(entry.path()), reader.job());
      }
    }

    @Override
    public void end() {
      if (linked) {
        meter.moved(entry.sizeBytes());
      } else {
        left.add(entry);
      }
    }
  }

  private void finishDirectory(Path directory, Entry entry) {
    boolean readable = (entry.mode() & OWNER_READS) != 0;
    if (!readable) { // It cannot be opened afterwards, so its names are made durable now.
      disk.forceDirectory(directory);
    }
    disk.setAttributes(directory, entry.mode(), entry.modified());
    if (readable) {
      disk.forceDirectory(directory);
    }
  }

  /// Removes what was written, as far as that goes; what stands in the way is added to `because`.
  private void removeBelow(Path directory, Throwable because) {
    try {
      disk.setAttributes(directory, OWNER_ALL, env.now());
      for (Path name : disk.list(directory)) {
        Path path = directory.resolve(name);
        if (disk.stat(path).filter(stat -> stat.kind() == FileKind.DIRECTORY).isPresent()) {
          removeBelow(path, because);
        }
        disk.delete(path);
      }
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  private void remove(Path target, Throwable because) {
    try {
      disk.delete(target);
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }
}
