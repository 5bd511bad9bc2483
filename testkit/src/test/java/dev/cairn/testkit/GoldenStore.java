package dev.cairn.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository.Storing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The golden store of format 1: written once, kept in the test resources, and read by every later
/// version. How to write it anew is in the README beside it.
final class GoldenStore {
  /// Where it is in the sources; tests run in the directory of their module.
  static final Path RESOURCES = Path.of("src/test/resources/dev/cairn/testkit/golden-1");

  static final Path STORE = RESOURCES.resolve("store");

  /// One line for everything that a checkpoint brings back: see [#describe].
  static final Path LIST = RESOURCES.resolve("CONTENTS");

  /// How the last checkpoints were stored.
  static final Storing SMALL_CHUNKS = Storing.DEFAULTS.withChunkBytes(64 * 1024);

  private final SystemEnv env = new SystemEnv();
  private final Path root;
  private final GoldenSources sources;

  private GoldenStore(Path root, Path sources) {
    this.root = root;
    this.sources = new GoldenSources(sources);
  }

  /// Makes it with the code as it is.
  ///
  /// @param sources a directory that does not exist
  static void write(Path root, Path sources) {
    new GoldenStore(root, sources).write();
  }

  private void write() {
    var disk = new RealDisk();
    try (Store store = Store.openOrCreate(disk, env, root)) {
      Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
      try (Worker worker = claim(store, disk, "node-a")) {
        // Pruned below: a tombstone is left.
        save(worker, null, 1, "{\"pruned\":true}");
        sources.first();
        save(worker, sources.root(), 2, GoldenSources.state(100));
        sources.second();
        save(worker, sources.root(), 3, GoldenSources.state(20_000));
        long first = worker.history().live().firstKey();
        worker.checkpointer().prune(Set.of(first), "golden");
        worker.attempt().log().trimDropped(0);
        worker.release();
      }
      Disk strange = withoutBoot(disk);
      Store small = Worker.store(store.blobs(), strange, env).storing(SMALL_CHUNKS);
      try (Worker worker = claim(small, strange, "node-b")) {
        sources.third();
        save(worker, sources.root(), 4, null);
        save(worker, null, 5, GoldenSources.state(10));
        worker.complete();
      }
      Files.deleteIfExists(root.resolve(".gitignore")); // it would keep the store out of git
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Worker claim(Store store, Disk disk, String node) {
    return Worker.claim(store, disk, env, node, Purpose.WORK, 10);
  }

  static void save(Worker worker, @Nullable Path from, long step, @Nullable String state) {
    var capture =
        new Capture(
            Checkpoint.Kind.PERIODIC,
            CapturedFiles.in(from, _ -> false),
            Progress.NONE.withStep(step),
            Map.of("golden", "é"),
            state,
            List.of());
    try {
      worker.checkpointer().save(capture, Meter.NONE);
    } catch (Changed e) {
      throw new AssertionError("nobody writes there", e);
    }
  }

  /// The same disk, of a machine that does not know when it was started: no file's times are kept.
  private static Disk withoutBoot(Disk disk) {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              if (method.getName().equals("boot")) {
                return "";
              }
              try {
                return method.invoke(disk, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// Every checkpoint of the store, restored below `target`, as sorted lines:
  ///
  /// ```
  /// job@4 file 0644 2026-01-01T00:00:01.123456789Z SHA256 PATH
  /// job@4 directory 0755 2026-01-01T00:00:01.123456789Z PATH
  /// job@4 symlink PATH -> TEXT
  /// job@4 state SHA256
  /// ```
  static List<String> describe(Store store, Path target) {
    var lines = new ArrayList<String>();
    var restorer = new Restorer(store.repository());
    var log = JobLog.existing(store.journal(), new SystemEnv(), Worker.JOB);
    for (Published published : log.history().live().values()) {
      String id = Restorer.id(Worker.JOB, published).toString();
      Path directory = target.resolve(id);
      restorer.restore(Worker.JOB, published, directory, null, Meter.NONE);
      restorer
          .state(Worker.JOB, published)
          .ifPresent(state -> lines.add(id + " state " + sha256(state.getBytes(UTF_8))));
      if (Files.exists(directory)) {
        describeBelow(directory).forEach(line -> lines.add(id + " " + line));
      }
    }
    return lines.stream().sorted().collect(Collectors.toList());
  }

  /// Everything below `directory`, as above without the checkpoint.
  static List<String> describeBelow(Path directory) {
    var lines = new ArrayList<String>();
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.toList()) {
        if (!path.equals(directory)) {
          lines.add(describe(path, directory.relativize(path)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines.stream().sorted().collect(Collectors.toList());
  }

  private static String describe(Path path, Path name) throws IOException {
    var stat = new RealDisk().stat(path).orElseThrow();
    return switch (stat.kind()) {
      case SYMLINK -> "symlink %s -> %s".formatted(name, Files.readSymbolicLink(path));
      case DIRECTORY -> "directory %04o %s %s".formatted(stat.mode(), stat.modified(), name);
      default ->
          "file %04o %s %s %s"
              .formatted(stat.mode(), stat.modified(), sha256(Files.readAllBytes(path)), name);
    };
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
