package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.repository.HookedDisk.Moment;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Subject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ChangedTest {
  private static final int SIZE = 3 * 1024 * 1024;

  private @TempDir Path root;
  private Sandbox box;
  private Path model = Path.of("");

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
    model = box.write("model.bin", Sandbox.noise(SIZE, 1));
  }

  private interface Event {
    void happen() throws IOException;
  }

  private void assertNoticed(Moment moment, Event event, String sentence) {
    FileTree tree = box.scan();
    var disk =
        new HookedDisk(
            box.disk,
            moment,
            () -> {
              try {
                event.happen();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    Repository repository = box.repository(disk, Compression.AUTO);
    assertThatThrownBy(() -> repository.save(Sandbox.JOB, 1, null, Subject.of(tree), Meter.NONE))
        .isInstanceOf(Changed.class)
        .message()
        .matches(sentence);
  }

  @ParameterizedTest
  @EnumSource(Moment.class)
  void growing_is_noticed(Moment moment) {
    assertNoticed(
        moment,
        () -> Files.write(model, new byte[1], java.nio.file.StandardOpenOption.APPEND),
        "model.bin grew from 3145728 to 3145729 bytes");
  }

  @ParameterizedTest
  @EnumSource(Moment.class)
  void shrinking_is_noticed(Moment moment) {
    assertNoticed(
        moment,
        () -> {
          try (var file = new RandomAccessFile(model.toFile(), "rw")) {
            file.setLength(SIZE / 2);
          }
        },
        "model.bin shrank from 3145728 to 1572864 bytes");
  }

  @ParameterizedTest
  @EnumSource(Moment.class)
  void writing_in_place_is_noticed_even_if_the_time_is_put_back(Moment moment) throws Exception {
    FileTime time = Files.getLastModifiedTime(model);
    Thread.sleep(20); // The kernel's clock for files is coarse.
    assertNoticed(
        moment,
        () -> {
          try (var file = new RandomAccessFile(model.toFile(), "rw")) {
            file.seek(SIZE / 2);
            file.write(1);
          }
          Files.setLastModifiedTime(model, time);
        },
        "model.bin was touched");
  }

  @ParameterizedTest
  @EnumSource(Moment.class)
  void replacing_is_noticed(Moment moment) {
    Path other = root.resolve("other");
    assertNoticed(
        moment,
        () -> {
          Files.write(other, Sandbox.noise(SIZE, 2));
          Files.move(other, model, StandardCopyOption.ATOMIC_MOVE);
        },
        "model.bin was (replaced|touched)");
  }

  @Test
  void vanishing_is_noticed() {
    assertNoticed(Moment.BEFORE_OPEN, () -> Files.delete(model), "model.bin vanished");
  }

  @Test
  void an_empty_file_that_got_contents_is_noticed() {
    Path empty = box.write("b.empty", new byte[0]);
    assertNoticed(
        Moment.BEFORE_OPEN,
        () -> Files.write(empty, new byte[1]),
        "b.empty grew from 0 to 1 bytes");
  }

  @Test
  void nothing_is_named_by_anyone_after_a_change() throws Exception {
    FileTree tree = box.scan();
    Files.write(model, new byte[1]);
    assertThatThrownBy(
            () -> box.repository.save(Sandbox.JOB, 1, null, Subject.of(tree), Meter.NONE))
        .isInstanceOf(Changed.class);
    long freed = box.repository.sweep(Sandbox.JOB, 1, java.util.Set.of());
    assertThat(box.packObjects()).isEmpty();
    assertThat(freed).isGreaterThanOrEqualTo(0);
  }

  @Test
  void an_interrupted_save_is_cancelled() {
    FileTree tree = box.scan();
    Thread.currentThread().interrupt();
    assertThatThrownBy(
            () -> box.repository.save(Sandbox.JOB, 1, null, Subject.of(tree), Meter.NONE))
        .isInstanceOf(CairnException.Cancelled.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
