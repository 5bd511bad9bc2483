package dev.cairn.repository;

import dev.cairn.env.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// A disk that counts the bytes that are written, by the last names of files. Thread-safe.
final class WriteCount implements Disk {
  private final Disk disk;
  private final Map<String, Long> bytes = new ConcurrentHashMap<>();

  WriteCount(Disk disk) {
    this.disk = disk;
  }

  Map<String, Long> bytes() {
    return Map.copyOf(bytes);
  }

  void clear() {
    bytes.clear();
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    return new Counted(file, disk.create(file, caching));
  }

  @Override
  public DiskFile edit(Path file) {
    return new Counted(file, disk.edit(file));
  }

  @Override
  public DiskFile open(Path file) {
    return disk.open(file);
  }

  @Override
  public String boot() {
    return disk.boot();
  }

  private final class Counted implements DiskFile {
    private final String name;
    private final DiskFile file;

    Counted(Path path, DiskFile file) {
      this.name = String.valueOf(path.getFileName());
      this.file = file;
    }

    private void count(ByteBuffer written) {
      bytes.merge(name, (long) written.remaining(), Long::sum);
    }

    @Override
    public int read(ByteBuffer into, long position) {
      return file.read(into, position);
    }

    @Override
    public void write(ByteBuffer written) {
      count(written);
      file.write(written);
    }

    @Override
    public void writeAt(ByteBuffer written, long position) {
      count(written);
      file.writeAt(written, position);
    }

    @Override
    public void resize(long sizeBytes) {
      file.resize(sizeBytes);
    }

    @Override
    public void force() {
      file.force();
    }

    @Override
    public FileStat stat() {
      return file.stat();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return disk.shareBlocks(existing, copy);
  }

  @Override
  public boolean link(Path existing, Path link) {
    return disk.link(existing, link);
  }

  @Override
  public void rename(Path from, Path to) {
    disk.rename(from, to);
  }

  @Override
  public void forceDirectory(Path directory) {
    disk.forceDirectory(directory);
  }

  @Override
  public List<Path> list(Path directory) {
    return disk.list(directory);
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    return disk.stat(path);
  }

  @Override
  public void delete(Path path) {
    disk.delete(path);
  }

  @Override
  public void createDirectories(Path directory) {
    disk.createDirectories(directory);
  }

  @Override
  public void symlink(Path link, String target) {
    disk.symlink(link, target);
  }

  @Override
  public String readSymlink(Path link) {
    return disk.readSymlink(link);
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    disk.setAttributes(path, mode, modified);
  }

  @Override
  public long usableBytes(Path path) {
    return disk.usableBytes(path);
  }
}
