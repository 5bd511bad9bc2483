package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.DiskBlobStore;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// A store that has too little room for what is to be saved.
final class FreeSpaceTest {
  private static final int MIB = 1 << 20;

  private final SequentialEnv env = new SequentialEnv(1);
  private final CrashingDisk sources = new CrashingDisk();
  private final CrashingDisk place = new CrashingDisk();
  private final Path work = Path.of("/work");

  private void write(String name, int size) {
    sources.createDirectories(work);
    var bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    try (DiskFile file = sources.create(work.resolve(name))) {
      file.write(ByteBuffer.wrap(bytes));
    }
  }

  private Map<String, Long> objects(Store store) {
    var names = new TreeMap<String, Long>();
    for (String folder : List.of("journal", "packs")) {
      store
          .blobs()
          .list("jobs/" + Worker.JOB + "/" + folder)
          .forEach(item -> names.put(item.name(), item.sizeBytes()));
    }
    return names;
  }

  private Store store() {
    Path root = Path.of("/store");
    Store.openOrCreate(place, env, root).close();
    Store store = Worker.store(new DiskBlobStore(place, root, env), sources, env);
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    return store;
  }

  private void assertRefused(int room, int size) {
    Store store = store();
    write("small", 1_000);
    try (Worker worker = Worker.claim(store, sources, env, "node-a", Purpose.WORK, 3)) {
      GoldenStore.save(worker, work, 1, null);
      Published before = worker.history().lineage().getFirst();
      write("large", size);
      place.full(room);
      var objects = objects(store);
      long calls = place.calls();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> GoldenStore.save(worker, work, 2, null))
            .isInstanceOfSatisfying(
                CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue())
            .hasMessageContaining("no space is left in /store for ");
      }
      assertThat(place.calls() - calls).as("nothing was even tried").isLessThan(40);
      assertThat(objects(store)).isEqualTo(objects);
      assertThat(worker.history().lineage().getFirst()).isEqualTo(before);
      var restorer = new Restorer(store.repository());
      assertThat(restorer.verify(Worker.JOB, before, Meter.NONE).isWhole()).isTrue();
      restorer.restore(Worker.JOB, before, Path.of("/back"), null, Meter.NONE);
      assertThat(sources.list(Path.of("/back"))).containsExactly(Path.of("small"));
      place.full(100L * MIB);
      GoldenStore.save(worker, work, 2, null);
    }
  }

  @Test
  void what_cannot_fit_is_refused_before_anything_is_written() {
    assertRefused(MIB, 16 * MIB);
  }

  @Test
  void a_pack_that_does_not_fit_is_not_begun() {
    assertRefused(3 * MIB, 16 * MIB);
  }
}
