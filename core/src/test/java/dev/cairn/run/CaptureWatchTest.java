package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Progress;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.repository.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What was judged complete may be something else when it is about to be read.
class CaptureWatchTest {
  @TempDir private Path root;

  @Test
  void what_was_judged_may_be_captured() throws IOException {
    CaptureWatch watch = watch("marker:DONE");
    save("1");

    assertThat(watch.judge()).isInstanceOf(Readiness.Ready.class);
    assertThat(watch.objection(seen(watch))).isEmpty();
  }

  @Test
  void what_is_half_overwritten_since_then_may_not() throws IOException {
    CaptureWatch watch = watch("marker:DONE");
    save("1");
    watch.judge();
    write("model", "2");

    assertThat(watch.objection(seen(watch))).isPresent();
  }

  @Test
  void the_next_save_is_as_good_if_it_is_complete_too() throws IOException {
    CaptureWatch watch = watch("marker:DONE");
    save("1");
    watch.judge();
    save("2");

    assertThat(watch.objection(seen(watch))).isEmpty();
  }

  @Test
  void a_folder_that_is_half_overwritten_since_then_may_not_whatever_is_beside_it()
      throws IOException {
    CaptureWatch watch = watch("marker:step-*/DONE");
    save("step-1/", "1");
    save("step-2/", "2");
    assertThat(watch.judge()).isInstanceOf(Readiness.Ready.class);
    write("step-2/model", "3");

    assertThat(watch.objection(seen(watch))).isPresent();
  }

  @Test
  void a_folder_that_bears_one_time_throughout_is_complete_when_it_is_still_the_same()
      throws IOException {
    CaptureWatch watch = watch("marker:step-*/DONE");
    save("step-1/", "1");
    saveAtOnce("step-2/");

    assertThat(watch.judge()).isInstanceOf(Readiness.NotYet.class);
    assertThat(leftOut(watch.judge())).isEmpty();
    assertThat(watch.objection(seen(watch))).isEmpty();
    watch.published(seen(watch));
    saveAtOnce("step-3/");
    assertThat(watch.judge()).isInstanceOf(Readiness.NotYet.class);
    assertThat(leftOut(watch.judge())).isEmpty();
  }

  @Test
  void it_stays_complete_if_what_is_beside_it_goes_away_before_it_is_read() throws IOException {
    CaptureWatch watch = watch("marker:step-*/DONE");
    save("step-1/", "1");
    saveAtOnce("step-2/");
    watch.judge();
    assertThat(leftOut(watch.judge())).isEmpty();
    Files.delete(root.resolve("step-1/DONE"));
    Files.delete(root.resolve("step-1/model"));
    Files.delete(root.resolve("step-1"));

    assertThat(watch.objection(seen(watch))).isEmpty();
  }

  @Test
  void a_writer_that_always_makes_another_one_keeps_nobody_waiting() throws IOException {
    CaptureWatch watch = watch("marker:step-*/DONE");
    save("step-1/", "1");
    saveAtOnce("step-2/");
    assertThat(watch.judge()).isInstanceOf(Readiness.NotYet.class);
    saveAtOnce("step-3/");

    assertThat(leftOut(watch.judge())).hasSize(1).first().asString().startsWith("step-3/");
  }

  private static List<String> leftOut(Readiness readiness) {
    assertThat(readiness).isInstanceOf(Readiness.Ready.class);
    return ((Readiness.Ready) readiness).leftOut();
  }

  /// A file and its marker that bear the very same times, as they may where the clock is coarse.
  private void saveAtOnce(String folder) throws IOException {
    Files.createDirectories(root.resolve(folder));
    write(folder + "model", "at once");
    Files.createLink(root.resolve(folder + "DONE"), root.resolve(folder + "model"));
  }

  @Test
  void without_a_mark_of_completeness_any_change_is_one_too_many() throws IOException {
    CaptureWatch watch = watch("auto");
    save("1");
    watch.judge();
    save("2");

    assertThat(watch.objection(seen(watch))).isPresent();
  }

  @Test
  void the_same_again_leaves_out_what_was_not_published_and_bears_no_change() throws IOException {
    CaptureWatch watch = watch("dir");
    save("1");
    watch.judge();
    watch.published(seen(watch));
    write("model.tmp", "half");
    assertThat(watch.judge()).isInstanceOf(Readiness.Unchanged.class);
    watch.again();

    assertThat(seen(watch).nodes().stream().map(FileTree.Node::path))
        .containsExactly("DONE", "model");
    assertThat(watch.objection(seen(watch))).isEmpty();
    write("model", "2");
    assertThat(watch.objection(seen(watch))).isPresent();
  }

  @Test
  void the_step_is_that_of_what_was_judged_whatever_is_said_before_it_is_read() throws IOException {
    var steps = new AtomicLong(1);
    CaptureWatch watch = watch("auto", steps::get, () -> Progress.NONE.withStep(steps.get()));
    save("1");
    watch.judge();
    steps.set(2);

    assertThat(watch.progress().step()).isEqualTo(1);
  }

  @Test
  void a_save_while_it_looks_is_looked_at_with_its_own_step() throws IOException {
    var steps = new AtomicLong(1);
    CaptureWatch watch =
        watch(
            "auto",
            steps::get,
            () -> {
              if (steps.compareAndSet(1, 2)) {
                overwrite("2");
              }
              return Progress.NONE.withStep(steps.get());
            });
    save("1");
    assertThat(watch.judge()).isInstanceOf(Readiness.Ready.class);

    assertThat(watch.progress().step()).isEqualTo(2);
    assertThat(watch.objection(seen(watch))).isEmpty();
    assertThat(watch.savedMeanwhile()).isTrue();
    watch.published(seen(watch));
    assertThat(watch.savedMeanwhile()).isFalse();
  }

  private void overwrite(String what) {
    try {
      save(what);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CaptureWatch watch(String layout) {
    return watch(layout, () -> 1L, () -> Progress.NONE);
  }

  private CaptureWatch watch(String layout, Supplier<Long> saved, Supplier<Progress> said) {
    return new CaptureWatch(
        new RealDisk(), new SystemEnv(), root, Layout.parse(layout), saved, said, Map::of);
  }

  private FileTree seen(CaptureWatch watch) {
    return FileTree.scan(new RealDisk(), root, watch.leaveOut());
  }

  private void save(String what) throws IOException {
    save("", what);
  }

  private void save(String folder, String what) throws IOException {
    Files.createDirectories(root.resolve(folder));
    write(folder + "model", what);
    write(folder + "DONE", what);
  }

  /// Never in the same tick of the clock as what was written before.
  private void write(String name, String what) throws IOException {
    Path file = root.resolve(name);
    Instant newest = newest();
    Eventually.until(
        "the clock of the file system goes on",
        () -> {
          try {
            Files.writeString(file, what);
            return changed(file).isAfter(newest);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private Instant newest() throws IOException {
    Instant newest = Instant.EPOCH;
    try (var files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        newest = changed(file).isAfter(newest) ? changed(file) : newest;
      }
    }
    return newest;
  }

  private static Instant changed(Path file) throws IOException {
    return ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
  }
}
