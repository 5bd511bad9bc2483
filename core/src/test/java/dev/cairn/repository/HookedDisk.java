package dev.cairn.repository;

import dev.cairn.env.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A disk on which something else happens at a certain moment of the reading of a file.
final class HookedDisk implements Disk {
  private final Disk disk;
  private final Moment moment;
  private final Runnable event;
  private boolean happened;

  enum Moment {
    BEFORE_OPEN,
    BEFORE_READ,
    AFTER_READ
  }

  /// @param event happens once
  HookedDisk(Disk disk, Moment moment, Runnable event) {
    this.disk = disk;
    this.moment = moment;
    this.event = event;
  }

  private synchronized void reach(Moment reached) {
    if (reached == moment && !happened) {
      happened = true;
      event.run();
    }
  }

  @Override
  public DiskFile open(Path file) {
    reach(Moment.BEFORE_OPEN);
    return new Hooked(disk.open(file));
  }

  private final class Hooked implements DiskFile {
    private final DiskFile file;

    Hooked(DiskFile file) {
      this.file = file;
    }

    @Override
    public int read(ByteBuffer into, long position) {
      reach(Moment.BEFORE_READ);
      int count = file.read(into, position);
      reach(Moment.AFTER_READ);
      return count;
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
  public DiskFile create(Path file, Caching caching) {
    return disk.create(file, caching);
  }

  @Override
  public DiskFile edit(Path file) {
    return disk.edit(file);
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
  public String boot() {
    return disk.boot();
  }

  @Override
  public long usableBytes(Path path) {
    return disk.usableBytes(path);
  }
}
