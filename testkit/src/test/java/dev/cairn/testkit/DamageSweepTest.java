package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.RealDisk;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.Damages.Damage;
import dev.cairn.testkit.Damages.How;
import dev.cairn.testkit.Workload.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every object of a store is damaged at many places, one at a time (I4, I5): whatever is restored
/// is what was saved, and whoever gets something older, or nothing, is told why. In each build a
/// part of them; all with `-Dcairn.damages=all`.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class DamageSweepTest {
  private static final long SEED = 20_261_121;
  private static final Path TARGET = Path.of("/data/target");
  private static final boolean ALL = System.getProperty("cairn.damages", "").equals("all");

  private final CrashingDisk memory = new CrashingDisk();
  private final List<Step> steps = Workload.large(memory, Path.of("/data/sources"), SEED);

  private @TempDir Path directory;
  private Path root = Path.of("");
  private final SortedMap<String, byte[]> objects = new TreeMap<>();
  private NavigableMap<Long, Published> published = new TreeMap<>();
  private final Map<String, Published> owners = new HashMap<>();
  private List<Damage> damages = List.of();

  /// Two attempts, seven checkpoints, all of them kept.
  @BeforeEach
  void save() throws IOException {
    root = directory.resolve("store");
    var env = new SequentialEnv(SEED);
    Store.openOrCreate(new RealDisk(), env, root).close();
    Store store = Worker.store(new DiskBlobStore(new RealDisk(), root, env), memory, env);
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    for (List<Step> part : List.of(steps.subList(0, 4), steps.subList(4, 7))) {
      try (Worker worker = Worker.claim(store, memory, env, "node-a", Purpose.WORK, steps.size())) {
        part.forEach(worker::save);
        worker.release();
      }
    }
    History history = JobLog.existing(store.journal(), env, Worker.JOB).history();
    published = new TreeMap<>(history.live());
    assertThat(published).hasSize(steps.size());
    for (String name : names(store.blobs(), "")) {
      objects.put(name, Files.readAllBytes(root.resolve(name)));
    }
    for (Published owner : published.values()) {
      if (owner.checkpoint().manifest() != null) {
        for (String pack : store.repository().packs(Worker.JOB, owner.checkpoint().manifest())) {
          owners.putIfAbsent("jobs/" + Worker.JOB + "/packs/" + pack, owner);
        }
      }
    }
    damages = some(new Damages(SEED, objects, manifests()).all());
  }

  /// Of the flipped bytes that are like many others, every third.
  private static List<Damage> some(List<Damage> all) {
    return IntStream.range(0, all.size())
        .filter(i -> ALL || i % 3 == 0 || all.get(i).how() != How.FLIP || all.get(i).isSample())
        .mapToObj(all::get)
        .toList();
  }

  private List<ManifestRef> manifests() {
    return published.values().stream()
        .flatMap(p -> Stream.ofNullable(p.checkpoint().manifest()))
        .toList();
  }

  private static List<String> names(BlobStore blobs, String folder) {
    var names = new ArrayList<String>();
    for (BlobStore.Item item : blobs.list(folder)) {
      if (item.folder()) {
        names.addAll(names(blobs, item.name()));
      } else {
        names.add(item.name());
      }
    }
    return names;
  }

  @Test
  void nothing_wrong_is_ever_restored() {
    var copies = new ConcurrentLinkedQueue<Path>();
    Sweep.over(
        damages,
        damage -> {
          Path copy = copies.poll();
          if (copy == null) {
            copy = copy();
          }
          byte[] body = Objects.requireNonNull(objects.get(damage.object()));
          write(copy.resolve(damage.object()), damage.of(body));
          read(damage, copy);
          write(copy.resolve(damage.object()), body);
          copies.add(copy);
        });
  }

  private Path copy() {
    try {
      Path copy = Files.createTempDirectory(directory, "copy");
      for (var object : objects.entrySet()) {
        Files.createDirectories(copy.resolve(object.getKey()).getParent());
        Files.write(copy.resolve(object.getKey()), object.getValue());
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, byte @Nullable [] bytes) {
    try {
      if (bytes == null) {
        Files.delete(file);
      } else {
        Files.write(file, bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Damage damage, Path copy) {
    var env = new SequentialEnv(SEED);
    try (Store opened = Store.open(new RealDisk(), env, copy)) {
      assertThat(damage.object()).isNotEqualTo("cairn.json");
      JobLog log = JobLog.existing(opened.journal(), env, Worker.JOB);
      requireTold(damage, log.history());
      Restorer.Outcome outcome = restoreNewest(damage, opened, env, log.history());
      requireSaid(damage, log.history(), outcome);
      if (damage.isOfPack()) {
        checkOwner(damage, opened, env);
      }
    } catch (CairnException.Corrupt | CairnException.NotFound e) {
      assertThat(e).hasMessageContaining(damage.namedAs(copy));
    }
  }

  /// A journal is never read wrong: what is there is what was appended, and a hole is noticed.
  private void requireTold(Damage damage, History history) {
    history.live().forEach((number, found) -> assertThat(found).isEqualTo(published.get(number)));
    boolean cutShort = damage.isOfEntry(12) && damage.how() == How.REMOVE;
    assertThat(history.isDamaged()).isEqualTo(damage.isOfJournal() && !cutShort);
    if (!damage.isOfJournal()) {
      assertThat(history.live().keySet()).isEqualTo(published.keySet());
    }
  }

  private Restorer.Outcome restoreNewest(Damage damage, Store opened, Env env, History history) {
    if (!damage.isOfPack() && !damage.isSample()) {
      // The packs are whole, and so is everything in the lineage: that was restored before.
      return new Restorer.Outcome(history.lineage().getFirst(), Map.of());
    }
    var disk = new CrashingDisk();
    Store store = Worker.store(opened.blobs(), disk, env);
    var restorer = new Restorer(store.repository());
    Restorer.Outcome outcome =
        restorer.newestValid(Worker.JOB, history.lineage(), TARGET, null, Meter.NONE);
    Published found = outcome.checkpoint();
    if (found != null) {
      Step saved = Worker.stepOf(found, steps);
      Worker.requireFiles(DirectoryContents.of(disk, TARGET), saved);
      Worker.requireState(restorer, found, saved);
    }
    return outcome;
  }

  private void requireSaid(Damage damage, History history, Restorer.Outcome outcome) {
    Published found = outcome.checkpoint();
    if (found == null) {
      throw new AssertionError("nothing is whole: " + outcome.damaged());
    }
    if (found.number() != published.lastKey()) {
      assertThat(history.isDamaged() || !outcome.damaged().isEmpty()).isTrue();
    }
    outcome.damaged().forEach((_, e) -> assertThat(e).hasMessageContaining(damage.namedAs(root)));
  }

  /// The checkpoint that a pack was written for needs all that is in it: a check finds the damage,
  /// and a restore gives the right bytes or none.
  private void checkOwner(Damage damage, Store opened, Env env) {
    Published owner = Objects.requireNonNull(owners.get(damage.object()));
    var disk = new CrashingDisk();
    Store store = Worker.store(opened.blobs(), disk, env);
    var restorer = new Restorer(store.repository());
    var verified = restorer.verify(Worker.JOB, owner, Meter.NONE);
    switch (damage.use()) {
      case NONE -> assertThat(verified.isWhole()).isTrue();
      case ALL -> assertThat(verified.isWhole()).isFalse();
      case FRAME -> {} // if it is whole, so is what is restored
    }
    verified.damaged().forEach(d -> assertThat(d.object()).isEqualTo(damage.object()));
    try {
      restorer.restore(Worker.JOB, owner, TARGET, null, Meter.NONE);
      Worker.requireFiles(DirectoryContents.of(disk, TARGET), Worker.stepOf(owner, steps));
    } catch (CairnException.Corrupt e) {
      requireFound(damage, verified, e);
      assertThat(disk.stat(TARGET)).as("what was written is removed again").isEmpty();
    }
    try {
      Worker.requireState(restorer, owner, Worker.stepOf(owner, steps));
    } catch (CairnException.Corrupt e) {
      requireFound(damage, verified, e);
    }
  }

  private void requireFound(
      Damage damage, Repository.Verified verified, CairnException.Corrupt error) {
    assertThat(error).hasMessageContaining(damage.namedAs(root));
    assertThat(verified.isWhole()).isFalse();
  }

  @Test
  void a_worker_that_goes_on_from_a_damaged_store_saves_what_is_whole() {
    Sweep.over(samples(), damage -> saveOn(damage, true));
  }

  @Test
  void whoever_saves_without_looking_is_not_told_that_damaged_bytes_are_whole() {
    Sweep.over(samples(), damage -> saveOn(damage, false));
  }

  private List<Damage> samples() {
    return damages.stream()
        .filter(damage -> damage.isSample() && !damage.object().equals("cairn.json"))
        .toList();
  }

  private void saveOn(Damage damage, boolean restoreFirst) {
    var blobs = new MemoryBlobStore();
    objects.forEach((name, bytes) -> {
      byte[] body = name.equals(damage.object()) ? damage.of(bytes) : bytes;
      if (body != null) {
        blobs.put(name, Blob.of(body));
      }
    });
    var before = contents(blobs);
    var env = new SequentialEnv(SEED + 1);
    var disk = new CrashingDisk();
    Store store = Worker.store(blobs, disk, env);
    Step step = Workload.next(disk, Path.of("/data/more"), SEED, steps.size() + 1L);
    long number;
    try (Worker worker = Worker.claim(store, disk, env, "node-b", Purpose.WORK, 2)) {
      Published from = null;
      if (restoreFirst) {
        from = worker.restore(TARGET).checkpoint();
      }
      number = worker.save(step);
      if (from != null) {
        requireKept(store, disk, worker, from);
      }
      requireNothingDeleted(damage, before, store, worker);
    } catch (CairnException.Corrupt e) {
      assertThat(e).hasMessageContaining(damage.namedAs(root));
      assertThat(contents(blobs).entrySet()).containsAll(before.entrySet());
      return;
    }
    requireSaved(damage, store, disk, number, step, restoreFirst);
  }

  private void requireKept(Store store, Disk disk, Worker worker, Published from) {
    Published still = worker.history().checkpoint(from.number());
    Worker.requireExact(store, disk, still, Path.of("/data/kept"), Worker.stepOf(still, steps));
  }

  /// While the journal or a kept list of files cannot be read, all packs stay.
  private void requireNothingDeleted(
      Damage damage, SortedMap<String, ByteBuffer> before, Store store, Worker worker) {
    boolean readable = !worker.history().isDamaged();
    for (Published kept : worker.history().live().values()) {
      ManifestRef manifest = kept.checkpoint().manifest();
      try {
        if (manifest != null) {
          store.repository().manifest(Worker.JOB, manifest);
        }
      } catch (CairnException.Corrupt e) {
        readable = false;
      }
    }
    Set<String> packs = Worker.packs(store);
    if (!readable) {
      Set<String> expected =
          before.keySet().stream()
              .filter(name -> name.contains("/packs/"))
              .map(name -> name.substring(name.lastIndexOf('/') + 1))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(packs).containsAll(expected);
    } else {
      assertThat(packs.size()).as("%s: old packs are swept", damage).isLessThan(before.size());
    }
  }

  private void requireSaved(
      Damage damage, Store store, Disk disk, long number, Step step, boolean restoredFirst) {
    Published saved =
        JobLog.existing(store.journal(), new SequentialEnv(SEED), Worker.JOB)
            .history()
            .checkpoint(number);
    boolean whole =
        new Restorer(store.repository()).verify(Worker.JOB, saved, Meter.NONE).isWhole();
    try {
      Worker.requireExact(store, disk, saved, Path.of("/data/saved"), step);
    } catch (CairnException.Corrupt e) {
      // Only whoever did not look, and only bytes that are there but not what they were.
      assertThat(restoredFirst || damage.how() != How.FLIP).isFalse();
      assertThat(whole).as("a check shows it").isFalse();
    }
  }

  /// Its list of files is the same as its parent's, and it has no chunk that would be missed.
  @Test
  void a_save_of_the_same_empty_files_does_not_rest_on_a_lost_list() {
    for (How how : List.of(How.REMOVE, How.CUT, How.FLIP)) {
      var env = new SequentialEnv(SEED);
      var disk = new CrashingDisk();
      var blobs = new MemoryBlobStore();
      Store store = Worker.store(blobs, disk, env);
      Step step = Workload.small(disk, Path.of("/data/sources"), SEED).get(5);
      Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
      try (Worker worker = Worker.claim(store, disk, env, "node-a")) {
        worker.save(step);
        String pack = Worker.packs(store).iterator().next();
        spoil(blobs, "jobs/" + Worker.JOB + "/packs/" + pack, how);
        Published again = worker.history().checkpoint(worker.save(step));
        Worker.requireExact(store, disk, again, TARGET, step);
      }
    }
  }

  /// The middle of the object, which is in the list of files.
  private static void spoil(MemoryBlobStore blobs, String name, How how) {
    byte[] body = blobs.readSmall(name, Integer.MAX_VALUE - 1).orElseThrow();
    byte[] spoilt = new Damage(name, how, 40, Damages.Use.ALL, false).of(body);
    blobs.delete(name);
    if (spoilt != null) {
      blobs.put(name, Blob.of(spoilt));
    }
  }

  private static SortedMap<String, ByteBuffer> contents(BlobStore blobs) {
    var contents = new TreeMap<String, ByteBuffer>();
    for (String name : names(blobs, "")) {
      contents.put(name, blobs.read(name, 0, Integer.MAX_VALUE).orElseThrow());
    }
    return contents;
  }
}
