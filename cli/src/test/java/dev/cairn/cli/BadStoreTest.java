package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.SealedJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Places that are no store, or one that is damaged, read-only or full.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BadStoreTest {
  private static final long MIB = 1 << 20;

  static final List<List<String>> READING =
      List.of(
          List.of("jobs", "list"),
          List.of("jobs", "list", "--resumable"),
          List.of("jobs", "show", "a"),
          List.of("jobs", "history", "a"),
          List.of("checkpoints", "list"),
          List.of("checkpoints", "list", "a"),
          List.of("checkpoints", "show", "a"),
          List.of("checkpoints", "verify", "a"),
          List.of("checkpoints", "restore", "--to", "out", "--state-to", "out.json", "a"));

  static final List<List<String>> WRITING =
      List.of(
          List.of("save", "--job", "a", "data"),
          List.of("save", "--job", "b", "data"),
          List.of("jobs", "pause", "a"),
          List.of("jobs", "cancel", "a"),
          List.of("jobs", "delete", "--force", "a"),
          List.of("checkpoints", "delete", "--force", "a@3"));

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void something_to_save() {
    cairn = new Cli(directory);
    cairn.write("data/a", "one");
    cairn.write("state.json", "{\"cursor\": 7}");
  }

  private static Stream<List<String>> every() {
    return Stream.concat(READING.stream(), WRITING.stream());
  }

  static Stream<List<String>> reading() {
    return READING.stream();
  }

  @ParameterizedTest
  @MethodSource("reading")
  void a_store_that_does_not_exist_is_not_found_and_not_made(List<String> line) {
    run(cairn, line).fails(10, "there is no store in " + cairn.store(), "--store", "CAIRN_STORE");
    assertThat(cairn.store()).doesNotExist();
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void a_file_is_no_store_and_stays_as_it_is() {
    Cli wrong = cairn.withStore(cairn.write("file", "precious"));
    READING.forEach(line -> run(wrong, line).fails(10, "there is no store in", "file"));
    wrong.run("save", "--job", "a", "data").fails(2, "file is not a directory", "--store");
    wrong
        .run("run", "--job", "a", "--watch", "w", "--", "true")
        .fails(2, "file is not a directory");
    wrong.run("doctor").ends(1);
    assertThat(directory.resolve("file")).hasContent("precious");
  }

  @Test
  void a_place_below_a_file_is_no_store() {
    Cli wrong = cairn.withStore(cairn.write("file", "precious").resolve("store"));
    READING.forEach(line -> run(wrong, line).fails(10, "there is no store in"));
    Cli.Result save = wrong.run("save", "--job", "a", "data");
    assertThat(save.code()).as("%s", save).isIn(2, 10, 14);
    assertThat(save.err()).contains("file");
    wrong.run("doctor").ends(1);
    assertThat(directory.resolve("file")).hasContent("precious");
  }

  @Test
  void a_directory_with_other_things_is_no_store_and_stays_as_it_is() {
    Cli wrong = cairn.withStore(directory.resolve("data"));
    var before = Cli.contents(directory);
    READING.forEach(line -> run(wrong, line).fails(10, "there is no store in"));
    WRITING
        .subList(0, 2)
        .forEach(line ->
            run(wrong, List.of("save", "state.json"))
                .fails(2, "neither empty nor a store", "--store"));
    wrong
        .run("run", "--job", "a", "--watch", "w", "--", "true")
        .fails(2, "neither empty nor a store");
    wrong.run("doctor").ends(1);
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void an_empty_directory_and_a_link_to_one_become_stores() throws Exception {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    Path other = Files.createDirectory(directory.resolve("other"));
    Files.createSymbolicLink(directory.resolve("link"), other);
    cairn.withStore(empty).run("save", "--job", "a", "data").ok();
    cairn.withStore(directory.resolve("link")).run("save", "--job", "a", "data").ok();
    cairn.withStore(other).run("checkpoints", "verify", "a").ok();
  }

  @Test
  void the_default_store_can_be_made_after_a_job_of_another_store_worked_there() throws Exception {
    cairn
        .runProcess("run", "--job", "r", "--", "sh", "-c", "echo x > $CAIRN_CHECKPOINT_DIR/x")
        .ok();
    assertThat(directory.resolve(".cairn/work/r/x")).exists();
    cairn.withStore(directory.resolve(".cairn")).run("save", "--job", "a", "data").ok();
  }

  static Stream<byte[]> damaged_identities() {
    byte[] good = identity(1);
    byte[] flipped = good.clone();
    flipped[40] ^= 1;
    return Stream.of(
        new byte[0],
        "{}".getBytes(UTF_8),
        "garbage".getBytes(UTF_8),
        Arrays.copyOf(good, good.length - 5),
        flipped,
        new byte[3 << 20]);
  }

  @ParameterizedTest
  @MethodSource("damaged_identities")
  void a_damaged_cairn_json_is_told_by_every_command_and_nothing_changes(byte[] bytes)
      throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    byte[] good = Files.readAllBytes(cairn.store().resolve("cairn.json"));
    Files.write(cairn.store().resolve("cairn.json"), bytes);
    var before = Cli.contents(directory);

    every().forEach(line -> run(cairn, line).fails(13, "cairn.json", "Nothing was changed"));
    assertThat(cairn.run("run", "--job", "a", "--watch", "w", "--", "true").ends(125).err())
        .contains("cairn.json", "Nothing was changed");
    cairn.run("doctor").ends(1);
    assertThat(Cli.contents(directory)).isEqualTo(before);

    Files.write(cairn.store().resolve("cairn.json"), good);
    cairn.run("checkpoints", "verify", "a").ok();
  }

  @Test
  void a_store_of_a_later_version_is_left_alone() throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    Files.write(cairn.store().resolve("cairn.json"), identity(99));
    var before = Cli.contents(directory);
    every()
        .forEach(line ->
            run(cairn, line)
                .fails(2, "format 99", "knows 1", "newer cairn", "Nothing was changed"));
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void a_missing_cairn_json_is_never_made_anew_beside_jobs() throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    Files.delete(cairn.store().resolve("cairn.json"));
    var before = Cli.contents(directory);
    cairn
        .run("save", "--job", "a", "data")
        .fails(2, "no cairn.json", "put the missing cairn.json back");
    READING.forEach(line -> run(cairn, line).fails(10, "there is no store"));
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void a_read_only_store_can_be_read_and_denies_all_else() throws Exception {
    try (Mount mount = Mount.at(directory.resolve("mount"), 16 * MIB)) {
      Cli there = cairn.withStore(mount.place().resolve("store"));
      there.run("save", "--job", "a", "--state", "state.json", "data").ok();
      mount.makeReadOnly();
      var before = Cli.contents(there.store());

      READING.forEach(line -> run(there, line).ok());
      assertThat(directory.resolve("out/a")).hasContent("one");
      assertThat(directory.resolve("out.json")).hasContent("{\"cursor\": 7}");
      WRITING.forEach(line -> run(there, line).fails(12, "read-only", there.store().toString()));
      assertThat(there.run("run", "--job", "a", "--watch", "w", "--", "true").ends(125).err())
          .contains("read-only");
      there.run("doctor").ends(1);
      there
          .run("checkpoints", "restore", "--to", mount.place() + "/out", "a")
          .fails(12, "read-only");
      cairn
          .withStore(mount.place().resolve("new"))
          .run("save", "--job", "a", "data")
          .fails(12, "read-only");

      assertThat(Cli.contents(there.store())).isEqualTo(before);
    }
  }

  @Test
  void a_full_disk_fails_the_save_and_leaves_the_checkpoint_before() throws Exception {
    try (Mount mount = Mount.at(directory.resolve("mount"), 2 * MIB)) {
      Cli there = cairn.withStore(mount.place().resolve("store"));
      there.run("save", "--job", "a", "data").ok();
      cairn.write("data/large", noise(4 * MIB));
      long used = mount.usedBytes();

      for (int i = 0; i < 3; i++) {
        there
            .run("save", "--job", "a", "data")
            .fails(
                14,
                "no space is left",
                there.store().toString(),
                "what was saved before is untouched");
      }

      assertThat(mount.usedBytes() - used).isLessThan(256 << 10);
      assertThat(Cli.contents(there.store()).keySet()).noneMatch(name -> name.contains(".tmp-"));
      assertThat(there.run("checkpoints", "list", "--json", "a").json().findValuesAsString("id"))
          .containsExactly("a@3");
      there.run("checkpoints", "verify", "a").ok();
      there.run("checkpoints", "restore", "--to", "out", "a").ok();
      assertThat(directory.resolve("out/a")).hasContent("one");

      Files.delete(directory.resolve("data/large"));
      cairn.write("data/a", "two");
      there.run("save", "--job", "a", "data").ok();
      there.run("checkpoints", "verify", "a").ok();
    }
  }

  @Test
  void a_disk_that_is_full_to_the_last_byte_fails_a_save_and_can_still_be_read() throws Exception {
    try (Mount mount = Mount.at(directory.resolve("mount"), 2 * MIB)) {
      Cli there = cairn.withStore(mount.place().resolve("store"));
      there.run("save", "--job", "a", "--state", "state.json", "data").ok();
      fill(mount.place().resolve("ballast"));

      READING.forEach(line -> run(there, line).ok());
      there.run("save", "--job", "a", "data").fails(14, "no space is left");
      there.run("save", "--job", "b", "data").fails(14, "no space is left");
      assertThat(there.run("run", "--job", "a", "--watch", "w", "--", "true").ends(125).err())
          .contains("no space is left");
      there.run("doctor").ends(1);
      there.run("checkpoints", "delete", "--force", "a@3").fails(14, "no space is left");

      Files.delete(mount.place().resolve("ballast"));
      there.run("checkpoints", "verify", "a").ok();
      there.run("save", "--job", "a", "data").ok();
    }
  }

  @Test
  void a_restore_onto_a_full_disk_fails_and_removes_what_it_wrote() throws Exception {
    cairn.write("data/large", noise(4 * MIB));
    cairn.run("save", "--job", "a", "data").ok();
    try (Mount mount = Mount.at(directory.resolve("mount"), 2 * MIB)) {
      Path target = mount.place().resolve("out");
      cairn
          .run("checkpoints", "restore", "--to", target.toString(), "a")
          .fails(14, "no space is left", target.toString());
      assertThat(Cli.contents(mount.place()).keySet()).isSubsetOf("", "out");
      cairn.run("checkpoints", "verify", "a").ok();
    }
  }

  @Test
  void a_run_on_a_full_disk_pauses_the_job_and_its_checkpoint_stands() throws Exception {
    try (Mount mount = Mount.at(directory.resolve("mount"), 2 * MIB)) {
      Cli there = cairn.withStore(mount.place().resolve("store"));
      String command =
          "echo good > $CAIRN_CHECKPOINT_DIR/a; echo saved > $CAIRN_NOTIFY; sleep 3;"
              + " head -c 4000000 /dev/urandom > $CAIRN_CHECKPOINT_DIR/large;"
              + " echo saved > $CAIRN_NOTIFY; sleep 60";

      Cli.Result run =
          there.runProcess(
              "run", "--job", "r", "--watch", "w", "--every", "1h", "--", "sh", "-c", command);

      run.ends(130)
          .saying("no space is left", "job r is paused (disk_full)", "cairn jobs resume r");
      var job = there.run("jobs", "show", "--json", "r").ok().json();
      assertThat(job.get("status").asString()).isEqualTo("paused");
      assertThat(job.get("reason").asString()).isEqualTo("disk_full");
      there.run("checkpoints", "verify", "r").ok();
      there.run("checkpoints", "restore", "--to", "out", "r").ok();
      assertThat(directory.resolve("out/a")).hasContent("good");
      assertThat(directory.resolve("out/large")).doesNotExist();
      assertThat(directory.resolve("w/large")).hasSize(4_000_000);
      assertThat(Cli.contents(there.store()).keySet()).noneMatch(name -> name.contains(".tmp-"));
    }
  }

  @Test
  void a_command_whose_last_state_finds_no_space_is_not_taken_for_completed() throws Exception {
    try (Mount mount = Mount.at(directory.resolve("mount"), 2 * MIB)) {
      Cli there = cairn.withStore(mount.place().resolve("store"));
      String command = "head -c 4000000 /dev/urandom > $CAIRN_CHECKPOINT_DIR/large";

      Cli.Result run =
          there.runProcess("run", "--job", "r", "--watch", "w", "--", "sh", "-c", command);

      run.saying("no space is left");
      assertThat(run.code()).isIn(125, 130);
      assertThat(there.run("jobs", "show", "--json", "r").ok().json().get("status").asString())
          .isNotEqualTo("completed");
      assertThat(directory.resolve("w/large")).hasSize(4_000_000);
      there.run("checkpoints", "verify", "r").ok();
    }
  }

  private static byte[] identity(int version) {
    return SealedJson.seal(
        Map.of(
            "version", version,
            "store", "0123456789abcdef0123456789abcdef",
            "created", "2026-01-01T00:00:00Z"));
  }

  private static byte[] noise(long size) {
    var bytes = new byte[(int) size];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static void fill(Path file) throws Exception {
    try (var out = Files.newOutputStream(file)) {
      byte[] page = new byte[4096];
      while (true) {
        out.write(page);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private static Cli.Result run(Cli cli, List<String> line) {
    if (line.contains("--to")) {
      removeTree(cli.directory().resolve("out"));
      removeTree(cli.directory().resolve("out.json"));
    }
    return cli.run(line.toArray(String[]::new));
  }

  private static void removeTree(Path root) {
    try {
      if (!Files.exists(root)) {
        return;
      }
      try (var all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
