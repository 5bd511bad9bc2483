package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Directories that restores fill before they are whole, each made by one process and named after
/// it: `<prefix><mark>` ([ProcessMark]). So no restore ever writes into that of another one at
/// work, and one that died is gone on from by whoever finds it.
///
/// Taking over is a rename, which only one can do: for a process that was wrongly held for dead all
/// names in there are gone, and its restore fails. Only one that is *known* to be dead is gone on
/// from: an open file is written under whatever name it has.
public final class Leftovers {
  private static final int LONGEST_LEAF = 180;

  private final Disk disk;
  private final Env env;
  private final Host host;
  private final Path directory;
  private final String prefix;

  /// @param directory holds them
  public Leftovers(Disk disk, Env env, Host host, Path directory, String prefix) {
    this.disk = disk;
    this.env = env;
    this.host = host;
    this.directory = directory;
    this.prefix = prefix;
  }

  /// Those beside `target`, named `<its name>.cairn-<word><mark>`.
  public static Leftovers beside(Disk disk, Env env, Host host, Path target, String word) {
    return new Leftovers(
        disk, env, host, target.resolveSibling(""), shortened(target) + ".cairn-" + word);
  }

  /// The last name of a path, short enough for something to be added.
  private static String shortened(Path target) {
    String leaf = String.valueOf(target.getFileName());
    byte[] bytes = leaf.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= LONGEST_LEAF) {
      return leaf;
    }
    var crc = new CRC32C();
    crc.update(bytes);
    return "%s~%08x".formatted(leaf.substring(0, LONGEST_LEAF / 4), crc.getValue());
  }

  /// One that is there.
  private record Found(Path path, ProcessMark mark, ProcessMark.Fate fate) {}

  private List<Found> found() {
    List<Path> names;
    try {
      names = disk.list(directory);
    } catch (CairnException.NotFound | CairnException.Denied _) {
      return List.of();
    }
    return names.stream()
        .map(Path::toString)
        .filter(name -> name.startsWith(prefix))
        .flatMap(name ->
            ProcessMark.parse(name.substring(prefix.length())).stream()
                .map(mark -> new Found(directory.resolve(name), mark, mark.fate(host))))
        .filter(found -> isDirectory(found.path))
        .toList();
  }

  private boolean isDirectory(Path path) {
    return disk.stat(path).map(FileStat::kind).orElse(null) == FileKind.DIRECTORY;
  }

  /// A name for a directory of this process. It is there already, with what another process left in
  /// it that is known to be dead, if there is such a one.
  ///
  /// @param guard asked before anything is renamed
  public Path take(Runnable guard) {
    Path mine = directory.resolve(prefix + ProcessMark.here(host, env).text());
    for (Found found : found()) {
      if (found.fate == ProcessMark.Fate.GONE) {
        guard.run();
        if (moved(found.path, mine)) {
          break;
        }
      }
    }
    return mine;
  }

  /// @return false if another restore was faster
  private boolean moved(Path from, Path to) {
    try {
      disk.rename(from, to);
      return true;
    } catch (CairnException.NotFound _) {
      return false;
    }
  }

  /// The process that is at work in one of them now.
  public Optional<Long> atWork() {
    return found().stream()
        .filter(found -> found.fate == ProcessMark.Fate.ALIVE && found.mark.pid() != host.pid())
        .map(found -> found.mark.pid())
        .findFirst();
  }

  /// One that this very process has left.
  public Optional<Path> mine() {
    return found().stream()
        .filter(found -> found.fate == ProcessMark.Fate.ALIVE && found.mark.pid() == host.pid())
        .map(Found::path)
        .findFirst();
  }

  /// Those that nobody can go on from: of processes that are dead, or ran before this node started.
  ///
  /// @param mine what [#take] gave
  public List<Path> useless(Path mine) {
    return found().stream()
        .filter(found -> !found.path.equals(mine))
        .filter(
            found -> found.fate == ProcessMark.Fate.GONE || found.fate == ProcessMark.Fate.EARLIER)
        .map(Found::path)
        .toList();
  }

  /// Removes `root` and all below it, without following any link.
  ///
  /// @param guard asked before each removal
  public static void removeTree(Disk disk, Path root, Runnable guard) {
    Optional<FileStat> stat = disk.stat(root);
    if (stat.isEmpty()) {
      return;
    }
    if (stat.get().kind() == FileKind.DIRECTORY) {
      if ((stat.get().mode() & 0700) != 0700) {
        guard.run();
        disk.setAttributes(root, stat.get().mode() | 0700, stat.get().modified());
      }
      for (Path name : disk.list(root)) {
        removeTree(disk, root.resolve(name), guard);
      }
    }
    guard.run();
    disk.delete(root);
  }
}
