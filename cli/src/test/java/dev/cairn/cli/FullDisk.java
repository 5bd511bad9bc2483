package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A disk on which each new file has room for so many bytes only.
record FullDisk(Disk real, long roomBytes) implements Disk {
  @Override
  public DiskFile create(Path file, Caching caching) {
    DiskFile opened = real.create(file, caching);
    long[] left = {roomBytes};
    return (DiskFile)
        Proxy.newProxyInstance(
            DiskFile.class.getClassLoader(),
            new Class<?>[] {DiskFile.class},
            (_, method, arguments) -> {
              if (method.getName().equals("write")) {
                left[0] -= ((ByteBuffer) arguments[0]).remaining();
                if (left[0] < 0) {
                  throw CairnException.Unavailable.full("no space left for " + file, null);
                }
              }
              try {
                return method.invoke(opened, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public DiskFile open(Path file) {
    return real.open(file);
  }

  @Override
  public DiskFile edit(Path file) {
    return real.edit(file);
  }

  @Override
  public boolean shareBlocks(Path existing, Path copy) {
    return real.shareBlocks(existing, copy);
  }

  @Override
  public boolean link(Path existing, Path link) {
    return real.link(existing, link);
  }

  @Override
  public void rename(Path from, Path to) {
    real.rename(from, to);
  }

  @Override
  public void forceDirectory(Path directory) {
    real.forceDirectory(directory);
  }

  @Override
  public List<Path> list(Path directory) {
    return real.list(directory);
  }

  @Override
  public Optional<FileStat> stat(Path path) {
    return real.stat(path);
  }

  @Override
  public void delete(Path path) {
    real.delete(path);
  }

  @Override
  public void createDirectories(Path directory) {
    real.createDirectories(directory);
  }

  @Override
  public void symlink(Path link, String target) {
    real.symlink(link, target);
  }

  @Override
  public String readSymlink(Path link) {
    return real.readSymlink(link);
  }

  @Override
  public void setAttributes(Path path, int mode, Instant modified) {
    real.setAttributes(path, mode, modified);
  }

  @Override
  public String boot() {
    return real.boot();
  }

  @Override
  public long usableBytes(Path path) {
    return real.usableBytes(path);
  }
}
