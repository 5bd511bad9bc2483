package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.repository.FileTree;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A disk that can only be scanned and holds what words say: `a/b@3` is a file that changed at
/// second 3, `a/b@3/9` one that was modified at second 9 besides, and `a/` a directory.
final class WordDisk implements Disk {
  private static final Path ROOT = Path.of("/watched");

  private final Map<Path, FileStat> stats = new TreeMap<>();

  private WordDisk(String... words) {
    put(ROOT, FileKind.DIRECTORY, 0, 0);
    for (String word : words) {
      int at = word.indexOf('@');
      if (at < 0) {
        put(ROOT.resolve(word), FileKind.DIRECTORY, 0, 0);
        continue;
      }
      String[] times = word.substring(at + 1).split("/", -1);
      put(
          ROOT.resolve(word.substring(0, at)),
          FileKind.FILE,
          Integer.parseInt(times[0]),
          Integer.parseInt(times[times.length - 1]));
    }
  }

  static FileTree tree(String... words) {
    return FileTree.scan(new WordDisk(words), ROOT, _ -> false);
  }

  private void put(Path path, FileKind kind, int changed, int modified) {
    stats.put(
        path,
        new FileStat(
            kind,
            10,
            0644,
            Instant.ofEpochSecond(modified),
            Instant.ofEpochSecond(changed),
            1,
            path.hashCode(),
            1));
  }

  @Override
  public List<Path> list(Path directory) {
    return stats.keySet().stream()
        .filter(path -> directory.equals(path.getParent()))
        .map(Path::getFileName)
        .toList();
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    return Optional.ofNullable(stats.get(path));
  }

  private static CairnException.Unavailable refused() {
    return new CairnException.Unavailable("this disk can only be scanned", "", null);
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    throw refused();
  }

  @Override
  public DiskFile edit(Path file) {
    throw refused();
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    throw refused();
  }

  @Override
  public DiskFile open(Path file) {
    throw refused();
  }

  @Override
  public boolean link(Path existing, Path link) {
    throw refused();
  }

  @Override
  public void rename(Path from, Path to) {
    throw refused();
  }

  @Override
  public void forceDirectory(Path directory) {
    throw refused();
  }

  @Override
  public void delete(Path path) {
    throw refused();
  }

  @Override
  public void createDirectories(Path directory) {
    throw refused();
  }

  @Override
  public void symlink(Path link, String target) {
    throw refused();
  }

  @Override
  public String readSymlink(Path link) {
    throw refused();
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    throw refused();
  }

  @Override
  public String boot() {
    return "";
  }

  @Override
  public long usableBytes(Path path) {
    throw refused();
  }
}
