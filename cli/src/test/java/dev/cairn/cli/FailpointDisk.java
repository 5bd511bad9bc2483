package dev.cairn.cli;

import dev.cairn.cli.Boundary.Act;
import dev.cairn.cli.Boundary.Place;
import dev.cairn.env.Disk;
import dev.cairn.testkit.When;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/// Another disk, each side of each of whose changes is told first. Thread-safe if that disk is.
final class FailpointDisk implements Disk {
  private final Disk disk;
  private final Function<Path, Place> places;
  private final Consumer<Boundary> reached;
  private final Map<String, Integer> counts = new ConcurrentHashMap<>();

  /// @param reached called in the thread of the call; what it does not return from never happens
  FailpointDisk(Disk disk, Function<Path, Place> places, Consumer<Boundary> reached) {
    this.disk = disk;
    this.places = places;
    this.reached = reached;
  }

  private <T> T change(Act act, Path path, Supplier<T> call) {
    Place place = places.apply(path);
    int number = counts.merge(act + " " + place, 1, Integer::sum);
    var before = new Boundary(act, place, number, When.BEFORE);
    reached.accept(before);
    T result = call.get();
    reached.accept(before.on(When.AFTER));
    return result;
  }

  private void change(Act act, Path path, Runnable call) {
    change(
        act,
        path,
        () -> {
          call.run();
          return true;
        });
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    return new FailpointFile(file, change(Act.CREATE, file, () -> disk.create(file, caching)));
  }

  @Override
  public DiskFile edit(Path file) {
    return new FailpointFile(file, disk.edit(file));
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return change(Act.CREATE, copy, () -> disk.shareBlocks(existing, copy));
  }

  @Override
  public DiskFile open(Path file) {
    return disk.open(file);
  }

  @Override
  public boolean link(Path existing, Path link) {
    return change(Act.LINK, link, () -> disk.link(existing, link));
  }

  @Override
  public void rename(Path from, Path to) {
    change(Act.RENAME, to, () -> disk.rename(from, to));
  }

  @Override
  public void forceDirectory(Path directory) {
    change(Act.FORCE_DIRECTORY, directory, () -> disk.forceDirectory(directory));
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
    change(Act.DELETE, path, () -> disk.delete(path));
  }

  @Override
  public void createDirectories(Path directory) {
    change(Act.CREATE_DIRECTORIES, directory, () -> disk.createDirectories(directory));
  }

  @Override
  public void symlink(Path link, String target) {
    change(Act.SYMLINK, link, () -> disk.symlink(link, target));
  }

  @Override
  public String readSymlink(Path link) {
    return disk.readSymlink(link);
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    change(Act.SET_ATTRIBUTES, path, () -> disk.setAttributes(path, mode, modified));
  }

  @Override
  public String boot() {
    return disk.boot();
  }

  @Override
  public long usableBytes(Path path) {
    return disk.usableBytes(path);
  }

  private final class FailpointFile implements DiskFile {
    private final Path path;
    private final DiskFile file;

    FailpointFile(Path path, DiskFile file) {
      this.path = path;
      this.file = file;
    }

    @Override
    public void write(ByteBuffer bytes) {
      change(Act.WRITE, path, () -> file.write(bytes));
    }

    @Override
    public void writeAt(ByteBuffer bytes, long position) {
      change(Act.WRITE, path, () -> file.writeAt(bytes, position));
    }

    @Override
    public void resize(long sizeBytes) {
      change(Act.WRITE, path, () -> file.resize(sizeBytes));
    }

    @Override
    public void force() {
      change(Act.FORCE, path, file::force);
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
