package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal.Slot;
import dev.cairn.testkit.CrashingDisk.Mode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The machine of the store loses its power and comes back while those who use it live on: what
/// they have read may be gone. Found by the simulation (I1, I3).
final class StoreWentBackTest {
  private static final Path ROOT = Path.of("/data/store");
  private static final JobId JOB = JobId.of("job");
  private static final String SECOND = "jobs/job/journal/00000000000000000002.json";

  private final SequentialEnv env = new SequentialEnv(1);

  @Test
  void nothing_is_put_above_an_entry_that_is_gone() {
    var memory = new MemoryBlobStore();
    var journal = new BlobJournal(memory, env);
    JobLog writer = JobLog.open(journal, env, JOB);
    writer.append(_ -> new Event.Submitted("sweep", 3, Map.of()));
    writer.append(_ -> new Event.PauseRequested("somebody", ""));
    JobLog reader = JobLog.open(journal, env, JOB);
    memory.delete(SECOND);

    assertThatThrownBy(() -> reader.append(_ -> new Event.CancelRequested("reader", "")))
        .isInstanceOf(CairnException.Unavailable.class)
        .hasMessageContaining("entry 2 of job job is not what it was");
    assertThat(journal.entries(JOB, Entry.FIRST, 10)).hasSize(1);

    reader.append(_ -> new Event.CancelRequested("reader", ""));
    List<Slot> slots = journal.entries(JOB, Entry.FIRST, 10);
    assertThat(slots).hasSize(2);
    assertThat(slots.getLast())
        .isInstanceOfSatisfying(
            Slot.Readable.class,
            slot -> assertThat(slot.entry().event()).isInstanceOf(Event.CancelRequested.class));
  }

  @Test
  void nothing_is_put_above_an_entry_that_became_another() {
    var memory = new MemoryBlobStore();
    var journal = new BlobJournal(memory, env);
    JobLog writer = JobLog.open(journal, env, JOB);
    writer.append(_ -> new Event.Submitted("sweep", 3, Map.of()));
    writer.append(_ -> new Event.PauseRequested("somebody", ""));
    JobLog reader = JobLog.open(journal, env, JOB);
    memory.delete(SECOND);
    JobLog.open(journal, env, JOB).append(_ -> new Event.CancelRequested("somebody else", ""));

    assertThatThrownBy(() -> reader.append(_ -> new Event.Resumed("reader", null)))
        .isInstanceOf(CairnException.Unavailable.class);
    reader.append(_ -> new Event.Resumed("reader", null));
    assertThat(reader.history().last()).isEqualTo(3);
    assertThat(JobLog.open(journal, env, JOB).state()).isEqualTo(reader.state());
  }

  @Test
  void what_was_confirmed_lasts_although_its_writer_died_before_the_force() {
    var disk = new CrashingDisk();
    disk.createDirectories(ROOT);
    var store = new DiskBlobStore(disk, ROOT, env);
    store.put("jobs/other", Blob.of("x"));
    disk.failAt(
        forceAfterLink(disk.calls()),
        When.BEFORE,
        () -> new CairnException.Unavailable("died", "", null));
    assertThatThrownBy(() -> store.putIfAbsent("jobs/a", Blob.of("body")))
        .isInstanceOf(CairnException.Unavailable.class);

    assertThat(new DiskBlobStore(disk, ROOT, env).confirm("jobs/a")).isTrue();
    CrashingDisk later = disk.afterCrash(1, Mode.DROP_ALL);
    assertThat(new DiskBlobStore(later, ROOT, env).sizeBytes("jobs/a")).contains(4L);
  }

  /// Create, write, force, fstat, close, link, delete; then the force of the directory.
  private static long forceAfterLink(long before) {
    return before + 8;
  }

  @Test
  void a_name_that_was_lost_before_its_directory_was_forced_is_not_acknowledged() {
    var disk = new CrashingDisk();
    disk.createDirectories(ROOT);
    new DiskBlobStore(disk, ROOT, env).put("jobs/a", Blob.of("old"));
    for (boolean ifAbsent : new boolean[] {false, true}) {
      CrashingDisk[] now = {disk.afterCrash(1, Mode.KEEP_ALL)};
      var store = new DiskBlobStore(losingNames(now), ROOT, env);
      assertThatThrownBy(
              () -> {
                if (ifAbsent) {
                  store.putIfAbsent("jobs/b", Blob.of("new"));
                } else {
                  store.put("jobs/a", Blob.of("new"));
                }
              })
          .isInstanceOf(CairnException.Unavailable.class)
          .hasMessageContaining("not known whether");
      disk = now[0];
    }
  }

  /// A disk of a server that loses its power after each link and rename.
  private static Disk losingNames(CrashingDisk[] now) {
    return (Disk)
        Proxy.newProxyInstance(
            StoreWentBackTest.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              try {
                Object result = method.invoke(now[0], arguments);
                if (method.getName().equals("link") || method.getName().equals("rename")) {
                  now[0] = now[0].afterCrash(1, Mode.DROP_ALL);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
