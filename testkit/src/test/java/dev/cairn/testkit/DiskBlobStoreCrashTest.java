package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.SystemEnv;
import dev.cairn.testkit.CrashingDisk.Mode;
import dev.cairn.testkit.CrashingDisk.PowerLoss;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// [DiskBlobStore] under power loss and failing calls, at every call (I1, I2).
final class DiskBlobStoreCrashTest {
  private static final Path ROOT = Path.of("/data/store");
  private static final String NAME = "jobs/a/journal/1";
  private static final String OLD = "the old body";
  private static final String NEW = "the new body, which is longer";
  private static final int SEEDS = 30;

  /// What is put over what.
  enum Story {
    PUT_NEW_FOLDER(false, false, false),
    PUT_NEW(true, false, false),
    PUT_OVER_OLD(true, true, false),
    PUT_IF_ABSENT_NEW_FOLDER(false, false, true),
    PUT_IF_ABSENT_NEW(true, false, true),
    PUT_IF_ABSENT_OVER_OLD(true, true, true);

    final boolean folder;
    final boolean old;
    final boolean ifAbsent;

    Story(boolean folder, boolean old, boolean ifAbsent) {
      this.folder = folder;
      this.old = old;
      this.ifAbsent = ifAbsent;
    }

    CrashingDisk begin() {
      var disk = new CrashingDisk();
      disk.createDirectories(ROOT);
      if (folder) {
        store(disk).put("jobs/a/journal/other", Blob.of("other"));
      }
      if (old) {
        store(disk).put(NAME, Blob.of(OLD));
      }
      return disk;
    }

    /// What the store answers: a put always says yes.
    boolean put(BlobStore store) {
      Blob body = Blob.of(List.of(bytes(NEW.substring(0, 5)), bytes(NEW.substring(5))));
      if (ifAbsent) {
        return store.putIfAbsent(NAME, body);
      }
      store.put(NAME, body);
      return true;
    }

    long calls() {
      CrashingDisk disk = begin();
      long before = disk.calls();
      put(store(disk));
      return disk.calls() - before;
    }

    /// What an answer promises; without an answer all is open, as long as it is whole.
    void check(Optional<Boolean> answer, Optional<String> body) {
      if (answer.isPresent()) {
        assertThat(answer.get()).isEqualTo(!(ifAbsent && old));
        assertThat(body).contains(answer.get() ? NEW : OLD);
      } else if (old) {
        assertThat(body).isPresent();
        assertThat(body.get()).isIn(ifAbsent ? List.of(OLD) : List.of(OLD, NEW));
      } else if (body.isPresent()) {
        assertThat(body).contains(NEW);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_object_survives_power_loss_at_every_call_whole_or_not_at_all(Story story) {
    long calls = story.calls();
    assertThat(calls).isGreaterThan(5);
    for (long call = 1; call <= calls + 1; call++) {
      for (When when : When.values()) {
        for (Mode mode : Mode.values()) {
          int seeds = mode == Mode.RANDOM ? SEEDS : 1;
          for (int seed = 0; seed < seeds; seed++) {
            loseOnePower(story, call, when, mode, seed);
          }
        }
      }
    }
  }

  private static void loseOnePower(Story story, long call, When when, Mode mode, int seed) {
    CrashingDisk disk = story.begin();
    disk.crashAt(disk.calls() + call, when);
    Optional<Boolean> answer;
    try {
      answer = Optional.of(story.put(store(disk)));
    } catch (PowerLoss _) {
      answer = Optional.empty();
    }
    CrashingDisk after = disk.afterCrash(seed, mode);
    story.check(answer, read(after));
    if (story.folder) {
      assertThat(store(after).sizeBytes("jobs/a/journal/other")).contains(5L);
    }
    assertThat(store(after).list("jobs/a/journal"))
        .allSatisfy(item -> assertThat(item.name()).isIn(NAME, "jobs/a/journal/other"));
    story.put(store(after));
    assertThat(read(after)).isPresent();
  }

  @ParameterizedTest
  @EnumSource
  void a_failing_call_never_leads_to_a_wrong_answer(Story story) {
    long calls = story.calls();
    for (long call = 1; call <= calls; call++) {
      for (When when : When.values()) {
        CrashingDisk disk = story.begin();
        disk.failAt(disk.calls() + call, when, DiskBlobStoreCrashTest::unavailable);
        Optional<Boolean> answer = answer(story, disk);
        story.check(answer, read(disk));

        // Asked again, it is the same put: its own body or the one that was there stands for good.
        boolean again = story.put(store(disk));
        Optional<String> body = read(disk);
        assertThat(body).contains(story.ifAbsent && story.old ? OLD : NEW);
        assertThat(again || answer.isEmpty() || story.ifAbsent).isTrue();
        assertThat(read(disk.afterCrash(call, Mode.DROP_ALL))).isEqualTo(body);
      }
    }
  }

  private static Optional<Boolean> answer(Story story, CrashingDisk disk) {
    try {
      return Optional.of(story.put(store(disk)));
    } catch (CairnException.Unavailable _) {
      return Optional.empty();
    }
  }

  @Test
  void an_object_costs_two_forces_once_its_folder_is_known() {
    for (Story story : List.of(Story.PUT_NEW, Story.PUT_OVER_OLD, Story.PUT_IF_ABSENT_NEW)) {
      CrashingDisk disk = story.begin();
      BlobStore store = store(disk);
      store.put("jobs/a/journal/first", Blob.of("x"));
      long files = disk.fileForces();
      long directories = disk.directoryForces();
      story.put(store);
      assertThat(disk.fileForces() - files).isEqualTo(1);
      assertThat(disk.directoryForces() - directories).isEqualTo(1);
    }
  }

  @Test
  void a_folder_that_somebody_removes_is_made_again() {
    CrashingDisk disk = Story.PUT_NEW.begin();
    BlobStore store = store(disk);
    store.put("b/x", Blob.of("x"));
    store.delete("b/x");
    disk.delete(ROOT.resolve("b"));
    store.put("b/x", Blob.of("y"));
    assertThat(store(disk.afterCrash(0, Mode.DROP_ALL)).sizeBytes("b/x")).contains(1L);
  }

  @Test
  void nothing_temporary_is_left_behind() {
    for (Story story : Story.values()) {
      CrashingDisk disk = story.begin();
      story.put(store(disk));
      assertThat(disk.list(ROOT.resolve("jobs/a/journal")))
          .noneMatch(name -> name.toString().startsWith("."));
    }
  }

  /// The winner died between its link and the force of the directory. Whoever lost against it goes
  /// on from what stands there, so that must last.
  @Test
  void what_a_loser_was_told_of_is_durable() {
    CrashingDisk disk = Story.PUT_IF_ABSENT_NEW.begin();
    disk.failAt(disk.calls() + callsUpTo("link"), When.AFTER, DiskBlobStoreCrashTest::unavailable);
    assertThatThrownBy(() -> store(disk).putIfAbsent(NAME, Blob.of(OLD)))
        .isInstanceOf(CairnException.Unavailable.class);
    assertThat(store(disk).putIfAbsent(NAME, Blob.of(NEW))).isFalse();
    assertThat(read(disk.afterCrash(0, Mode.DROP_ALL))).contains(OLD);
  }

  private static long callsUpTo(String name) {
    CrashingDisk disk = Story.PUT_IF_ABSENT_NEW.begin();
    int before = disk.log().size();
    Story.PUT_IF_ABSENT_NEW.put(store(disk));
    return disk.log().subList(before, disk.log().size()).indexOf(name) + 1L;
  }

  @Test
  void a_full_disk_leaves_the_old_body_and_no_rest() {
    CrashingDisk disk = Story.PUT_OVER_OLD.begin();
    disk.full(OLD.length() + 5 + 10);
    assertThatThrownBy(() -> store(disk).put(NAME, Blob.of(NEW)))
        .isInstanceOfSatisfying(
            CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue());
    assertThat(read(disk)).contains(OLD);
    assertThat(disk.list(ROOT.resolve("jobs/a/journal"))).hasSize(2);
  }

  /// A file server that repeats a link whose answer was lost says that the name is taken: by
  /// itself.
  @Test
  void a_link_that_was_answered_wrongly_is_still_a_win() {
    CrashingDisk disk = Story.PUT_IF_ABSENT_NEW.begin();
    BlobStore store = new DiskBlobStore(withLyingLinks(disk), ROOT, new ManualEnv(7));
    assertThat(store.putIfAbsent(NAME, Blob.of(NEW))).isTrue();
    assertThat(store.putIfAbsent(NAME, Blob.of(OLD))).isFalse();
    assertThat(read(disk.afterCrash(0, Mode.DROP_ALL))).contains(NEW);
  }

  private static Disk withLyingLinks(Disk disk) {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              try {
                Object answer = method.invoke(disk, arguments);
                return method.getName().equals("link") ? false : answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void stray_files_in_the_store_are_not_listed() {
    CrashingDisk disk = Story.PUT_NEW.begin();
    Path folder = ROOT.resolve("jobs/a/journal");
    for (String stray : List.of(".tmp-0123456789abcdef", ".nfs1", "with space", "ä")) {
      disk.create(folder.resolve(stray)).close();
    }
    disk.symlink(folder.resolve("link"), "other");
    var names = new ArrayList<String>();
    store(disk).list("jobs/a/journal").forEach(item -> names.add(item.leaf()));
    assertThat(names).containsExactly("other");
  }

  private static BlobStore store(Disk disk) {
    return new DiskBlobStore(disk, ROOT, new SystemEnv());
  }

  private static Optional<String> read(Disk disk) {
    return store(disk)
        .read(NAME, 0, 100_000)
        .map(bytes -> StandardCharsets.ISO_8859_1.decode(bytes).toString());
  }

  private static ByteBuffer bytes(String text) {
    return StandardCharsets.ISO_8859_1.encode(text);
  }

  private static CairnException unavailable() {
    return new CairnException.Unavailable("planned", "", null);
  }
}
