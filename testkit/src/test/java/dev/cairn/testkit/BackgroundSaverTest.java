package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.checkpoint.BackgroundSaver;
import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.StableCopy;
import dev.cairn.checkpoint.StableCopy.How;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Part;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints that are saved while the job works on (I4).
final class BackgroundSaverTest {
  private static final int SIZE = 20_000_000;

  @TempDir private Path root;
  private final SystemEnv env = new SystemEnv();
  private final Disk disk = new RealDisk();
  private Store store;
  private Worker worker;

  /// Told of every file before it is opened for reading.
  private volatile Consumer<Path> opening = _ -> {};

  private Path data;
  private Path copies;

  @BeforeEach
  void setUp() throws IOException {
    data = Files.createDirectories(root.resolve("data"));
    copies = root.resolve("copies");
    Disk watched = before("open", arguments -> opening.accept((Path) arguments[0]));
    store = Store.openOrCreate(watched, env, root.resolve("store"));
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    worker = Worker.claim(store, disk, env, "here");
  }

  @AfterEach
  void tearDown() {
    worker.close();
    store.close();
  }

  private BackgroundSaver saver(Disk over, StableCopy.Writer writer) {
    return new BackgroundSaver(worker.checkpointer(), over, env, copies, writer);
  }

  private static Capture capture(CapturedFiles files) {
    return new Capture(
        Checkpoint.Kind.PERIODIC, files, Progress.NONE, Map.of(), "{\"n\":1}", List.of());
  }

  private Capture capture() {
    return capture(CapturedFiles.in(data, _ -> false));
  }

  private static byte[] filled(int value) {
    var bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) value);
    for (int i = 0; i < SIZE; i += 4096) {
      bytes[i] = (byte) (i >> 12);
    }
    return bytes;
  }

  private byte[] restored(Saved saved, String name) throws IOException {
    Path target = root.resolve("restored-" + env.randomHex(4));
    var job = Worker.JOB;
    var published =
        Objects.requireNonNull(
            JobLog.existing(store.journal(), env, job)
                .history()
                .live()
                .get(saved.entry().number()));
    new Restorer(store.repository()).restore(job, published, target, null, Meter.NONE);
    return Files.readAllBytes(target.resolve(name));
  }

  /// Calls `event` before each call of that method of the disk, with its arguments.
  private Disk before(String method, Consumer<Object[]> event) {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (proxy, called, arguments) -> {
              if (called.getName().equals(method)) {
                event.accept(arguments);
              }
              return forward(proxy, called, arguments);
            });
  }

  private Object forward(Object proxy, Method called, Object[] arguments) throws Throwable {
    try {
      if (called.isDefault()) {
        return java.lang.reflect.InvocationHandler.invokeDefault(proxy, called, arguments);
      }
      return called.invoke(disk, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Test
  void a_job_may_overwrite_what_is_being_saved() throws Exception {
    Path file = Files.write(data.resolve("model"), filled(1));
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
      var pending = saver.save(capture(), Meter.NONE);
      Files.write(file, filled(2));
      Saved saved = pending.await();
      assertThat(restored(saved, "model")).isEqualTo(filled(1));
      assertThat(pending.stall()).isPositive();
      Saved second = saver.save(capture(), Meter.NONE).await();
      assertThat(second.checkpoint().parent()).isEqualTo(saved.entry().number());
      assertThat(restored(second, "model")).isEqualTo(filled(2));
    }
    assertThat(disk.list(copies)).isEmpty();
  }

  @Test
  void files_that_are_only_replaced_need_no_copy() throws Exception {
    Path file = Files.write(data.resolve("model"), filled(1));
    Path next = Files.write(root.resolve("next"), filled(2));
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.REPLACES_BY_RENAME)) {
      var pending = saver.save(capture(), Meter.NONE);
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
      assertThat(pending.how()).isIn(How.LINKED, How.SHARED_BLOCKS);
      assertThat(restored(pending.await(), "model")).isEqualTo(filled(1));
      assertThat(restored(saver.save(capture(), Meter.NONE).await(), "model")).isEqualTo(filled(2));
    }
    assertThat(Files.getAttribute(file, "unix:nlink")).isEqualTo(1);
  }

  @Test
  void whoever_writes_during_the_copy_is_noticed() throws Exception {
    Path file = Files.write(data.resolve("model"), filled(1));
    Disk meddling =
        before(
            "shareBlocks",
            _ -> {
              try {
                Files.write(file, filled(3));
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    try (BackgroundSaver saver = saver(meddling, StableCopy.Writer.WRITES_IN_PLACE)) {
      assertThatThrownBy(() -> saver.save(capture(), Meter.NONE)).isInstanceOf(Changed.class);
      assertThat(disk.list(copies)).isEmpty();
    }
    assertThat(JobLog.existing(store.journal(), env, Worker.JOB).history().live()).isEmpty();
  }

  @Test
  void what_a_save_has_failed_with_is_told_once() throws Exception {
    Files.write(data.resolve("model"), filled(1));
    opening =
        path -> {
          if (path.startsWith(copies)) {
            disk.delete(path);
          }
        };
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
      saver.save(capture(), Meter.NONE);
      assertThatThrownBy(() -> saver.save(capture(), Meter.NONE))
          .isInstanceOf(Changed.class)
          .hasMessageContaining("model vanished");
      opening = _ -> {};
      assertThat(restored(saver.save(capture(), Meter.NONE).await(), "model")).isEqualTo(filled(1));
    }
  }

  @Test
  void a_failure_that_was_waited_for_is_not_told_by_the_next_save() throws Exception {
    Files.write(data.resolve("model"), filled(1));
    opening =
        path -> {
          if (path.startsWith(copies)) {
            disk.delete(path);
          }
        };
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
      var pending = saver.save(capture(), Meter.NONE);
      assertThatThrownBy(pending::await).isInstanceOf(Changed.class);
      opening = _ -> {};
      assertThat(restored(saver.save(capture(), Meter.NONE).await(), "model")).isEqualTo(filled(1));
    }
  }

  @Test
  void a_copy_that_a_dead_process_left_is_removed() throws Exception {
    Path left = Files.createDirectories(copies.resolve(".cairn-copy-0011223344556677"));
    Files.write(left.resolve("0"), new byte[10]);
    Path other = Files.write(copies.resolve("mine"), new byte[10]);
    saver(disk, StableCopy.Writer.WRITES_IN_PLACE).close();
    assertThat(left).doesNotExist();
    assertThat(other).exists();
  }

  @Test
  void what_a_link_in_place_of_a_copy_leads_to_is_left_alone() throws Exception {
    Path foreign = Files.createDirectories(root.resolve("foreign"));
    Path file = Files.write(foreign.resolve("thesis"), new byte[10]);
    Files.createDirectories(copies);
    Files.createSymbolicLink(copies.resolve(".cairn-copy-0011223344556677"), foreign);
    saver(disk, StableCopy.Writer.WRITES_IN_PLACE).close();
    assertThat(file).exists();
  }

  @Test
  void only_its_owner_may_look_into_a_copy() throws Exception {
    Files.write(data.resolve("key"), filled(1));
    var modes = new java.util.concurrent.ConcurrentSkipListSet<Integer>();
    opening =
        path -> {
          if (path.startsWith(copies)) {
            modes.add(disk.stat(path.resolveSibling("")).orElseThrow().mode());
          }
        };
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
      saver.save(capture(), Meter.NONE);
    }
    assertThat(modes).containsExactly(0700);
  }

  @Test
  void files_that_cannot_have_second_names_are_copied() throws Exception {
    Path file = Files.write(data.resolve("model"), filled(1));
    Disk plain =
        before(
            "link",
            _ -> {
              throw new CairnException.Denied("no second names here", "", null);
            });
    try (BackgroundSaver saver = saver(plain, StableCopy.Writer.REPLACES_BY_RENAME)) {
      var pending = saver.save(capture(), Meter.NONE);
      Files.write(file, filled(2));
      assertThat(pending.how()).isIn(How.COPIED, How.SHARED_BLOCKS);
      assertThat(restored(pending.await(), "model")).isEqualTo(filled(1));
    }
  }

  @Test
  void a_save_stays_under_way_when_who_waits_for_it_is_interrupted() throws Exception {
    Files.write(data.resolve("model"), filled(1));
    var go = new java.util.concurrent.CountDownLatch(1);
    opening =
        path -> {
          if (path.startsWith(copies)) {
            awaitIt(go);
          }
        };
    try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
      saver.save(capture(), Meter.NONE);
      Thread.currentThread().interrupt();
      assertThatThrownBy(saver::await).isInstanceOf(CairnException.Cancelled.class);
      assertThat(Thread.interrupted()).isTrue();
      go.countDown();
      assertThat(saver.await()).isPresent();
      assertThat(saver.await()).isEmpty();
    } finally {
      go.countDown();
    }
  }

  private static void awaitIt(java.util.concurrent.CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new CairnException.Cancelled("interrupted");
    }
  }

  @Test
  void a_copy_that_cannot_be_removed_is_no_failure_and_goes_with_the_next() throws Exception {
    Files.write(data.resolve("model"), filled(1));
    var stuck = new java.util.concurrent.atomic.AtomicBoolean(true);
    Disk sticky =
        before(
            "delete",
            arguments -> {
              if (stuck.get() && ((Path) arguments[0]).startsWith(copies)) {
                throw new CairnException.Unavailable("busy", "", null);
              }
            });
    try (BackgroundSaver saver = saver(sticky, StableCopy.Writer.REPLACES_BY_RENAME)) {
      assertThat(restored(saver.save(capture(), Meter.NONE).await(), "model")).isEqualTo(filled(1));
      stuck.set(false);
      saver.save(capture(), Meter.NONE);
    }
    assertThat(disk.list(copies)).isEmpty();
  }

  @Test
  void a_file_system_that_shares_blocks_copies_nothing() throws Exception {
    Path image = root.resolve("image");
    Path mount = Files.createDirectories(root.resolve("mount"));
    try (var file = new java.io.RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(400L << 20);
    }
    assumeTrue(run("mkfs.btrfs", "-q", image.toString()), "there is no mkfs.btrfs");
    assumeTrue(
        run("mount", "-o", "loop", image.toString(), mount.toString()), "this user may not mount");
    try {
      data = Files.createDirectories(mount.resolve("data"));
      copies = mount.resolve("copies");
      Path file = Files.write(data.resolve("model"), filled(1));
      try (BackgroundSaver saver = saver(disk, StableCopy.Writer.WRITES_IN_PLACE)) {
        var pending = saver.save(capture(), Meter.NONE);
        Files.write(file, filled(2));
        assertThat(pending.how()).isEqualTo(How.SHARED_BLOCKS);
        assertThat(restored(pending.await(), "model")).isEqualTo(filled(1));
      }
    } finally {
      assertThat(run("umount", "-l", mount.toString())).isTrue();
    }
  }

  private static boolean run(String... line) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    }
  }

  @Test
  void a_program_hands_over_bytes_beside_a_directory() throws Exception {
    Files.write(data.resolve("model"), new byte[] {1, 2, 3});
    var parts =
        List.of(
            Part.of("weights/layer-1", filled(4)),
            Part.of("weights/layer-2", new java.io.ByteArrayInputStream(filled(5))));
    CapturedFiles files = CapturedFiles.in(data, _ -> false).with(parts);
    Saved saved = worker.checkpointer().save(capture(files), Meter.NONE);
    assertThat(restored(saved, "model")).containsExactly(1, 2, 3);
    assertThat(restored(saved, "weights/layer-1")).isEqualTo(filled(4));
    assertThat(restored(saved, "weights/layer-2")).isEqualTo(filled(5));
    assertThat(saved.checkpoint().files()).isEqualTo(3);
    assertThatThrownBy(() -> Part.of("../escape", new byte[1]))
        .isInstanceOf(CairnException.Invalid.class);
    var twice = CapturedFiles.in(data, _ -> false).with(List.of(Part.of("model", new byte[1])));
    assertThatThrownBy(() -> worker.checkpointer().save(capture(twice), Meter.NONE))
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageContaining("twice");
  }
}
