package dev.cairn.bench;

import dev.cairn.env.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Another disk, with its forces counted. Thread-safe.
final class CountingDisk implements Disk {
  private final Disk disk;
  private final AtomicLong files = new AtomicLong();
  private final AtomicLong directories = new AtomicLong();

  CountingDisk(Disk disk) {
    this.disk = disk;
  }

  long fileForces() {
    return files.get();
  }

  long directoryForces() {
    return directories.get();
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    return new CountingFile(disk.create(file, caching));
  }

  @Override
  public DiskFile edit(Path file) {
    return new CountingFile(disk.edit(file));
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return disk.shareBlocks(existing, copy);
  }

  @Override
  public DiskFile open(Path file) {
    return disk.open(file);
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
    directories.incrementAndGet();
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

  /// Each directory that it makes is forced into its parent, which is not counted here.
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
  public String boot() {
    return disk.boot();
  }

  @Override
  public long usableBytes(Path path) {
    return disk.usableBytes(path);
  }

  private final class CountingFile implements DiskFile {
    private final DiskFile file;

    CountingFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public void write(ByteBuffer bytes) {
      file.write(bytes);
    }

    @Override
    public void writeAt(ByteBuffer bytes, long position) {
      file.writeAt(bytes, position);
    }

    @Override
    public void resize(long sizeBytes) {
      file.resize(sizeBytes);
    }

    @Override
    public void force() {
      files.incrementAndGet();
      file.force();
    }

    @Override
    public int read(ByteBuffer into, long position) {
      return file.read(into, position);
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
}
