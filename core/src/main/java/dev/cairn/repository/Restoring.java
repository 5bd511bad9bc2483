package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Restore;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// One restore, into a directory that is empty: so whatever has a name in it has it from here.
///
/// Directories first, then files, several at a time, then links, so that nothing is ever written
/// through one (I10); the directories' own modes and times last, since a directory may forbid
/// writing. Memory: 16 MiB for each of at most 4 files, and the list of files.
final class Restoring {
  private static final int FILES_AT_ONCE = 4;
  private static final int OWNER_READS = 0400;
  private static final int OWNER_ALL = 0700;

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

  void restore(Path target) {
    boolean existed = requireEmpty(target);
    try {
      disk.createDirectories(target);
      write(target, chosen());
    } catch (RuntimeException | Error e) {
      removeBelow(target, e);
      if (!existed) {
        remove(target, e);
      }
      throw e;
    }
  }

  /// @return whether it exists
  private boolean requireEmpty(Path target) {
    Optional<FileStat> stat = disk.stat(target);
    if (stat.isEmpty()) {
      return false;
    }
    String shown = FileTree.printable(target.toString());
    if (stat.get().kind() != FileKind.DIRECTORY) {
      throw new CairnException.Invalid(shown + " is not a directory", "Name another one.");
    }
    if (!disk.list(target).isEmpty()) {
      throw new CairnException.Conflict(
          shown + " is not empty; nothing was restored", "Name a new or empty directory.");
    }
    return true;
  }

  private List<Entry> chosen() {
    var needed = new HashSet<String>();
    for (Entry entry : manifest.entries()) {
      if (options.wanted().test(entry.path())) {
        String path = entry.path();
        while (!path.isEmpty() && needed.add(path)) {
          path = TreePath.parent(path);
        }
      }
    }
    return manifest.entries().stream().filter(entry -> needed.contains(entry.path())).toList();
  }

  private void write(Path target, List<Entry> entries) {
    meter.total(entries.stream().mapToLong(Entry::sizeBytes).sum());
    for (Entry entry : entries) {
      if (entry.kind() == Kind.DIRECTORY) {
        disk.createDirectories(resolve(target, entry));
      }
    }
    writeFiles(target, entries);
    for (Entry entry : entries) {
      if (entry.target() != null) {
        disk.symlink(resolve(target, entry), entry.target());
      }
    }
    for (Entry entry : entries.reversed()) {
      if (entry.kind() == Kind.DIRECTORY) {
        finishDirectory(resolve(target, entry), entry);
      }
    }
    disk.forceDirectory(target);
  }

  private void writeFiles(Path target, List<Entry> entries) {
    var local = options.reuse() == null ? null : new LocalFiles(disk, options.reuse(), reader);
    var sources = new FileRestore.Sources(reader, local, disk, env);
    try (var lanes = new Lanes<RuntimeException>(env, "restore file", FILES_AT_ONCE)) {
      for (Entry entry : entries) {
        if (entry.contents() != null) {
          lanes.add(new FileRestore(sources, manifest, entry, resolve(target, entry), meter));
        }
      }
      lanes.drain();
    }
  }

  private static Path resolve(Path target, Entry entry) {
    try {
      return target.resolve(entry.path());
    } catch (InvalidPathException e) {
      throw new CairnException.Invalid(
          "the name %s cannot be used on this machine".formatted(FileTree.printable(entry.path())),
          "If its file names are in UTF-8, set LC_ALL=C.UTF-8.");
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
