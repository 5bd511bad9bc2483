package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Subject;
import dev.cairn.testkit.CrashingDisk.Mode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What the times of a file tell is not believed across a loss of power.
final class AnotherBootTest {
  private static final Path WORK = Path.of("/work");

  private final SequentialEnv env = new SequentialEnv(1);
  private final MemoryBlobStore blobs = new MemoryBlobStore();
  private final AtomicInteger reads = new AtomicInteger();

  /// Counts what is read from files of `disk`.
  private Disk counting(Disk disk) {
    return proxy(
        Disk.class,
        disk,
        (name, result) ->
            name.equals("open")
                ? proxy(DiskFile.class, (DiskFile) result, this::countRead)
                : result);
  }

  private Object countRead(String method, Object result) {
    if (method.equals("read")) {
      reads.incrementAndGet();
    }
    return result;
  }

  private interface Answer {
    Object of(String method, Object result);
  }

  private static <T> T proxy(Class<T> type, T real, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              try {
                return answer.of(method.getName(), method.invoke(real, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private Saved save(CrashingDisk disk, @Nullable ManifestRef parent) {
    reads.set(0);
    Disk counted = counting(disk);
    try {
      return new Repository(blobs, counted, env)
          .save(
              Worker.JOB,
              1,
              parent,
              Subject.of(FileTree.scan(counted, WORK, _ -> false)),
              Meter.NONE);
    } catch (Changed e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_file_is_read_again_after_a_loss_of_power_and_only_then() {
    var disk = new CrashingDisk();
    disk.createDirectories(WORK);
    try (DiskFile file = disk.create(WORK.resolve("f"))) {
      file.write(ByteBuffer.allocate(1_000));
      file.force();
    }
    disk.forceDirectory(WORK);
    env.sleep(Duration.ofMinutes(2)); // what was just written is read again
    Saved first = save(disk, null);
    assertThat(reads.get()).isPositive();
    Saved second = save(disk, first.manifest());
    assertThat(reads).hasValue(0);
    CrashingDisk after = disk.afterCrash(1, Mode.KEEP_ALL);
    assertThat(after.stat(WORK.resolve("f"))).isPresent();
    Saved third = save(after, second.manifest());
    assertThat(reads.get()).isPositive();
    assertThat(third.newBytes()).isZero();
    save(after, third.manifest());
    assertThat(reads).hasValue(0);
  }
}
