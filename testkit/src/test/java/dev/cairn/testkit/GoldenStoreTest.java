package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.Status;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Manifest;
import dev.cairn.repository.Meter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What an earlier version wrote is read, byte for byte, and gone on from: a store of format 1 that
/// is never changed.
final class GoldenStoreTest {
  private final SystemEnv env = new SystemEnv();
  private final RealDisk disk = new RealDisk();

  private @TempDir Path directory;

  /// How it was made; see the README beside it.
  @Test
  @EnabledIfSystemProperty(named = "cairn.golden", matches = "write")
  void write_it_anew() throws IOException {
    Path made = directory.resolve("store");
    GoldenStore.write(made, directory.resolve("sources"));
    List<String> lines;
    try (Store store = Store.open(disk, env, made)) {
      lines = GoldenStore.describe(store, directory.resolve("restored"));
    }
    if (Files.exists(GoldenStore.STORE)) {
      try (var old = Files.walk(GoldenStore.STORE)) {
        for (Path path : old.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    copy(made, GoldenStore.STORE);
    Files.write(GoldenStore.LIST, lines);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var names = Files.walk(from)) {
      for (Path path : names.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        Files.createDirectories(target.getParent());
        Files.copy(path, target);
      }
    }
  }

  private Path copy() throws IOException {
    Path copy = directory.resolve("copy");
    copy(GoldenStore.STORE, copy);
    return copy;
  }

  private static Map<String, String> hashes(Path root) throws IOException {
    var hashes = new TreeMap<String, String>();
    try (var names = Files.walk(root)) {
      for (Path path : names.filter(Files::isRegularFile).toList()) {
        hashes.put(root.relativize(path).toString(), GoldenStore.sha256(Files.readAllBytes(path)));
      }
    }
    return hashes;
  }

  @Test
  void every_checkpoint_comes_back_as_it_was_saved_and_nothing_is_written() throws IOException {
    Path copy = copy();
    Map<String, String> before = hashes(copy);
    List<Path> folders = folders(copy);
    setModes(folders, "r-xr-xr-x");
    try (Store store = Store.open(disk, env, copy)) {
      assertThat(GoldenStore.describe(store, directory.resolve("restored")))
          .isEqualTo(Files.readAllLines(GoldenStore.LIST));
      for (Published published : history(store).live().values()) {
        assertThat(
                new Restorer(store.repository())
                    .verify(Worker.JOB, published, Meter.NONE)
                    .damaged())
            .isEmpty();
      }
    } finally {
      setModes(folders, "rwxr-xr-x");
    }
    assertThat(hashes(copy)).isEqualTo(before);
  }

  private static List<Path> folders(Path root) throws IOException {
    try (var names = Files.walk(root)) {
      return names.filter(Files::isDirectory).toList();
    }
  }

  private static void setModes(List<Path> folders, String mode) throws IOException {
    for (Path folder : folders) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(mode));
    }
  }

  private dev.cairn.journal.History history(Store store) {
    return JobLog.existing(store.journal(), env, Worker.JOB).history();
  }

  @Test
  void its_journal_tells_the_whole_story() throws IOException {
    try (Store store = Store.open(disk, env, copy())) {
      Worker.requireSoundJournal(store);
      var log = JobLog.existing(store.journal(), env, Worker.JOB);
      assertThat(log.state().status()).isEqualTo(Status.COMPLETED);
      assertThat(log.history().isDamaged()).isFalse();
      assertThat(log.history().live().values())
          .extracting(published -> published.checkpoint().progress().step())
          .containsExactly(2L, 3L, 4L, 5L);
      assertThat(log.history().live().values())
          .allSatisfy(published ->
              assertThat(published.checkpoint().labels()).containsEntry("golden", "é"));
      assertThat(Files.readString(GoldenStore.STORE.resolve(entry(3))))
          .contains("\"type\":\"dropped\"");
      assertThat(Files.readString(GoldenStore.STORE.resolve(entry(4)))).contains("\\\"cursor\\\"");
    }
  }

  private static String entry(long number) {
    return "jobs/job/journal/%020d.json".formatted(number);
  }

  /// So that the store shows what it is kept for.
  @Test
  void every_way_of_storing_contents_is_in_it() throws IOException {
    var codecs = new TreeSet<Integer>();
    Path packs = GoldenStore.STORE.resolve("jobs/job/packs");
    try (var names = Files.list(packs)) {
      for (Path pack : names.toList()) {
        PackFile.read(pack).extents().forEach(extent -> codecs.add(extent.codec()));
      }
    }
    assertThat(codecs).containsExactly(0, 1, 2, 3, 4);
    var cuts = new ArrayList<String>();
    try (Store store = Store.open(disk, env, copy())) {
      for (Published published : history(store).live().values()) {
        ManifestRef ref = published.checkpoint().manifest();
        if (ref != null) {
          for (Manifest.Entry entry : store.repository().manifest(Worker.JOB, ref).entries()) {
            if (entry.path().matches("moving.bin|zeros.bin|w8.bin")) {
              var grid = entry.gridBytes();
              String chunks = grid.isPresent() ? grid.getAsInt() / 1024 + " KiB" : "content";
              String known = entry.origin() == null ? "unknown" : "known";
              cuts.add(
                  "%d %s %s %s"
                      .formatted(
                          published.checkpoint().progress().step(), entry.path(), chunks, known));
            }
          }
        }
      }
    }
    assertThat(cuts)
        .containsExactly(
            "2 moving.bin 256 KiB known",
            "2 w8.bin 256 KiB known",
            "2 zeros.bin 256 KiB known",
            "3 moving.bin content known",
            "3 w8.bin 256 KiB known",
            "3 zeros.bin 256 KiB known",
            "4 moving.bin 64 KiB unknown",
            "4 w8.bin 64 KiB unknown",
            "4 zeros.bin 64 KiB unknown");
  }

  @Test
  void a_job_goes_on_from_it() throws IOException {
    Path copy = copy();
    Map<String, String> before = hashes(copy);
    Path work = directory.resolve("work");
    try (Store store = Store.open(disk, env, copy).storing(GoldenStore.SMALL_CHUNKS);
        Worker worker = Worker.claim(store, disk, env, "node-c", Purpose.MAINTENANCE, 10)) {
      Published from = worker.history().lineage().get(1);
      new Restorer(store.repository()).restore(Worker.JOB, from, work, null, Meter.NONE);
      worker.checkpointer().wentOnFrom(from.number(), java.util.Set.of());
      Files.writeString(work.resolve("more"), "more\n");
      GoldenStore.save(worker, work, 6, null);
      Published saved = worker.history().lineage().getFirst();
      assertThat(saved.checkpoint().newBytes()).isEqualTo(5);
      Path restored = directory.resolve("restored");
      new Restorer(store.repository()).restore(Worker.JOB, saved, restored, null, Meter.NONE);
      assertThat(GoldenStore.describeBelow(restored)).isEqualTo(GoldenStore.describeBelow(work));
    }
    assertThat(
            hashes(copy).entrySet().stream()
                .filter(entry -> before.containsKey(entry.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
        .isEqualTo(before);
  }
}
