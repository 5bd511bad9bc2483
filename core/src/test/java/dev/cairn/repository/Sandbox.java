package dev.cairn.repository;

import dev.cairn.blob.Blob;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Storing;
import dev.cairn.repository.Repository.Subject;
import dev.cairn.repository.Repository.Verified;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A directory to save and a repository in memory.
final class Sandbox {
  static final JobId JOB = JobId.of("train-1");
  static final int CHUNK = 256 * 1024;

  final Disk disk = new RealDisk();
  final Env env;
  final MemoryBlobStore blobs = new MemoryBlobStore();
  final Repository repository;
  final Path root;
  final Path source;

  Sandbox(Path root) {
    this(root, new SystemEnv());
  }

  Sandbox(Path root, Env env) {
    this.env = env;
    this.repository = repository(disk, Compression.AUTO);
    this.root = root;
    this.source = directory(root.resolve("source"));
  }

  Repository repository(Disk over, Compression compression) {
    return new Repository(blobs, over, env).storing(Storing.DEFAULTS.with(compression));
  }

  static Path directory(Path path) {
    try {
      return Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Writes `source/<path>`.
  Path write(String path, byte[] contents) {
    try {
      Path file = source.resolve(path);
      Files.createDirectories(file.getParent());
      return Files.write(file, contents);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Bytes that do not compress, the same for the same seed.
  static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  FileTree scan() {
    return FileTree.scan(disk, source, _ -> false);
  }

  Saved save() {
    return save(null);
  }

  Saved save(@Nullable ManifestRef parent) {
    return save(repository, parent);
  }

  Saved save(Repository with, @Nullable ManifestRef parent) {
    return save(with, 7, parent, Subject.of(scan()));
  }

  /// Saves what was just looked at, as soon as that may be read.
  Saved save(Repository with, long token, @Nullable ManifestRef parent, Subject subject) {
    env.sleep(Repository.settlingTime());
    try {
      return with.save(JOB, token, parent, subject, Meter.NONE);
    } catch (Changed e) {
      throw new AssertionError(e);
    }
  }

  Manifest manifest(Saved saved) {
    return repository.manifest(JOB, saved.manifest());
  }

  Path restore(Saved saved) {
    Path target = root.resolve("target-" + env.randomHex(4));
    repository.restore(JOB, saved.manifest(), target, Restore.all(), Meter.NONE);
    return target;
  }

  Verified verify(Saved saved) {
    return repository.verify(JOB, saved.manifest(), Meter.NONE);
  }

  List<String> packObjects() {
    return blobs.list("jobs/train-1/packs").stream().map(item -> item.name()).toList();
  }

  byte[] object(String name) {
    var buffer = blobs.read(name, 0, Integer.MAX_VALUE).orElseThrow();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  void putObject(String name, byte[] bytes) {
    blobs.put(name, Blob.of(bytes));
  }

  /// Everything below `directory` that a restore has to bring back, by path.
  static Map<String, String> describe(Path directory) {
    var all = new TreeMap<String, String>();
    try (var paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        if (!path.equals(directory)) {
          all.put(directory.relativize(path).toString(), describeOne(path));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static String describeOne(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      return "link to " + Files.readSymbolicLink(path);
    }
    var stat = new RealDisk().stat(path).orElseThrow();
    String what =
        Files.isDirectory(path)
            ? "directory"
            : "file "
                + stat.sizeBytes()
                + " "
                + Sha256.of(java.nio.ByteBuffer.wrap(Files.readAllBytes(path)));
    return "%s %04o %s".formatted(what, stat.mode(), stat.modified());
  }
}
