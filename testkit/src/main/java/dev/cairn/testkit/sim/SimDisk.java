package dev.cairn.testkit.sim;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.sim.SimProcess.Target;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// A disk as one process sees it: its own node's, or the shared one of the store, which may have
/// been through a power loss since the last call.
final class SimDisk implements Disk {
  private final SimProcess process;
  private final Target target;
  private final Supplier<CrashingDisk> disk;
  private final Witness.OfDisk witness;

  SimDisk(SimProcess process, Target target, Supplier<CrashingDisk> disk, Witness.OfDisk witness) {
    this.process = process;
    this.target = target;
    this.disk = disk;
    this.witness = witness;
  }

  private <T> T call(String what, Path path, Supplier<T> action) {
    return process.call(
        target,
        what + " " + path,
        () -> {
          try {
            return action.get();
          } catch (CrashingDisk.PowerLoss e) { // a handle of a disk that is no more
            throw new CairnException.Unavailable("stale handle: " + what + " " + path, "", null);
          }
        });
  }

  private void run(String what, Path path, Runnable action) {
    call(
        what,
        path,
        () -> {
          action.run();
          return true;
        });
  }

  @Override
  public DiskFile create(Path file, Caching caching) {
    return call("create", file, () -> new SimFile(file, disk.get().create(file, caching)));
  }

  @Override
  public DiskFile edit(Path file) {
    return call("edit", file, () -> new SimFile(file, disk.get().edit(file)));
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return call("clone", copy, () -> disk.get().shareBlocks(existing, copy));
  }

  @Override
  public DiskFile open(Path file) {
    return call("open", file, () -> new SimFile(file, disk.get().open(file)));
  }

  @Override
  public boolean link(Path existing, Path link) {
    return call(
        "link",
        link,
        () -> {
          boolean made = disk.get().link(existing, link);
          if (made) {
            witness.appeared(process, disk.get(), link);
          }
          return made;
        });
  }

  @Override
  public void rename(Path from, Path to) {
    run(
        "rename",
        to,
        () -> {
          disk.get().rename(from, to);
          witness.appeared(process, disk.get(), to);
        });
  }

  @Override
  public void forceDirectory(Path directory) {
    run("force", directory, () -> disk.get().forceDirectory(directory));
  }

  @Override
  public List<Path> list(Path directory) {
    return call(
        "list", directory, () -> witness.seen(process, directory, disk.get().list(directory)));
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    return call("stat", path, () -> disk.get().stat(path));
  }

  @Override
  public void delete(Path path) {
    run(
        "delete",
        path,
        () -> {
          disk.get().delete(path);
          witness.vanished(process, path);
        });
  }

  @Override
  public void createDirectories(Path directory) {
    run("mkdir", directory, () -> disk.get().createDirectories(directory));
  }

  @Override
  public void symlink(Path link, String to) {
    run("symlink", link, () -> disk.get().symlink(link, to));
  }

  @Override
  public String readSymlink(Path link) {
    return call("readlink", link, () -> disk.get().readSymlink(link));
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    run("setattr", path, () -> disk.get().setAttributes(path, mode, modified));
  }

  /// Asks nobody: a process knows where it runs.
  @Override
  public String boot() {
    return disk.get().boot();
  }

  @Override
  public long usableBytes(Path path) {
    return call("statfs", path, () -> disk.get().usableBytes(path));
  }

  private final class SimFile implements DiskFile {
    private final Path path;
    private final DiskFile file;

    SimFile(Path path, DiskFile file) {
      this.path = path;
      this.file = file;
    }

    @Override
    public void write(ByteBuffer bytes) {
      run("write", path, () -> file.write(bytes));
    }

    @Override
    public void writeAt(ByteBuffer bytes, long position) {
      run("write", path, () -> file.writeAt(bytes, position));
    }

    @Override
    public void resize(long sizeBytes) {
      run("resize", path, () -> file.resize(sizeBytes));
    }

    @Override
    public void force() {
      run("force", path, file::force);
    }

    @Override
    public int read(ByteBuffer into, long position) {
      return call("read", path, () -> file.read(into, position));
    }

    @Override
    public FileStat stat() {
      return call("fstat", path, file::stat);
    }

    /// Costs no time, so that a process that dies leaves nothing open.
    @Override
    public void close() {
      try {
        file.close();
      } catch (CrashingDisk.PowerLoss e) {
        return; // it went with the power
      }
    }
  }
}
