package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that are missing, strange or changing while they are saved, and targets that a restore
/// must not touch.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BadFilesTest {
  private static final int RECORD = 4096;

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;
  private Path data;

  @BeforeEach
  void a_directory_to_save() {
    cairn = new Cli(directory);
    cairn.write("data/a", "one");
    data = directory.resolve("data");
  }

  // --- what is to be saved

  @ParameterizedTest
  @ValueSource(strings = {"nowhere", "data/nowhere", "data/a/b", "nowhere/at/all"})
  void a_missing_path_is_not_found_and_makes_neither_store_nor_job(String path) {
    cairn.run("save", "--job", "j", path).fails(10, path, "Nothing was saved");
    cairn.run("save", "--job", "j", "data", path).fails(10, path, "Nothing was saved");
    assertThat(cairn.store()).doesNotExist();
  }

  @Test
  void a_directory_that_may_not_be_read_is_denied() throws Exception {
    cairn.write("data/secret/x", "x");
    Path secret = data.resolve("secret");
    assertThat(new ProcessBuilder("chmod", "000", secret.toString()).start().waitFor()).isZero();
    try {
      // Root may read everything, unless it gives up that power.
      List<String> before =
          Files.isReadable(secret)
              ? List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search")
              : List.of();
      assumeTrue(before.isEmpty() || canStart(before));
      cairn
          .runProcess(before, "save", "--job", "j", "data")
          .fails(12, secret.toString(), "permission denied");
      cairn
          .runProcess(before, "save", "--job", "j", "data/secret")
          .fails(12, secret.toString(), "permission denied");
      cairn.run("checkpoints", "show", "j").fails(10, "has no checkpoint");
    } finally {
      assertThat(new ProcessBuilder("chmod", "700", secret.toString()).start().waitFor()).isZero();
    }
    cairn.run("save", "--job", "j", "data").ok();
  }

  private static boolean canStart(List<String> before) throws InterruptedException {
    try {
      var line = new java.util.ArrayList<>(before);
      line.add("true");
      return new ProcessBuilder(line).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void the_store_is_never_saved_into_itself() {
    Cli inside = cairn.withStore(directory.resolve("data/.cairn"));
    inside.run("save", "--job", "j", "data").ok().saying("data/.cairn", "left out");
    inside.run("save", "--job", "j", "data").ok();
    inside
        .run("save", "--job", "k", "data/.cairn")
        .fails(2, "the store itself", "Nothing was saved");
    inside.run("checkpoints", "restore", "--to", "out", "j").ok();
    assertThat(Cli.contents(directory.resolve("out"))).containsOnlyKeys("", "a");
  }

  @Test
  void a_link_to_a_directory_is_saved_by_what_is_in_it() throws Exception {
    Files.createSymbolicLink(directory.resolve("latest"), data);
    for (String name : List.of("latest", "latest/", "./latest")) {
      cairn.run("save", "--job", "j", name).ok();
      assertThat(shownPaths("j")).containsExactly("a");
    }
  }

  @Test
  void a_link_to_a_file_or_to_nothing_is_no_checkpoint_by_itself() throws Exception {
    Files.createSymbolicLink(directory.resolve("latest"), data.resolve("a"));
    Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
    Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
    cairn
        .run("save", "--job", "j", "latest")
        .fails(2, "latest is a symbolic link", data.resolve("a").toString());
    cairn.run("save", "--job", "j", "dangling").fails(10, "nowhere");
    cairn.run("save", "--job", "j", "loop").fails(2, "loop of links");
    assertThat(cairn.store()).doesNotExist();
  }

  @Test
  void links_are_carried_as_they_are_and_never_followed() throws Exception {
    Path secret = cairn.write("secret", "outside");
    Files.createSymbolicLink(data.resolve("out"), secret);
    Files.createSymbolicLink(data.resolve("up"), Path.of("../secret"));
    Files.createSymbolicLink(data.resolve("dangling"), Path.of("no where/at all"));
    Files.createSymbolicLink(data.resolve("loop"), Path.of("loop"));
    Files.createSymbolicLink(data.resolve("self"), Path.of("."));
    Files.createSymbolicLink(data.resolve("a-link"), Path.of("a"));

    cairn.run("save", "--job", "j", "data").ok().saying("out", "up", "link");

    cairn.run("checkpoints", "verify", "j").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "j").ok();
    assertThat(Cli.contents(directory.resolve("out"))).isEqualTo(Cli.contents(data));
    assertThat(secret).hasContent("outside");
    assertThat(Cli.contents(cairn.store()).values()).noneMatch(text -> text.contains("outside"));
  }

  @Test
  void pipes_sockets_and_devices_are_left_out_with_a_word_and_never_block() throws Exception {
    assertThat(new ProcessBuilder("mkfifo", data.resolve("pipe").toString()).start().waitFor())
        .isZero();
    boolean device =
        new ProcessBuilder("mknod", data.resolve("null").toString(), "c", "1", "3")
                .start()
                .waitFor()
            == 0;
    try (var socket =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      socket.bind(java.net.UnixDomainSocketAddress.of(data.resolve("socket")));

      Cli.Result save = cairn.run("save", "--job", "j", "data").ok();

      save.saying("pipe", "socket", "socket, pipe or device");
      if (device) {
        save.saying("null");
      }
      assertThat(shownPaths("j")).containsExactly("a");
      var warnings = cairn.run("save", "--json", "--job", "j", "data").ok().json().get("warnings");
      assertThat(warnings).hasSize(device ? 3 : 2);
      cairn.run("save", "--job", "j", "data/pipe").fails(2, "pipe", "cannot be saved");
      cairn.run("save", "--job", "j", "--state", "data/pipe").fails(2, "pipe", "Nothing was saved");
    }
  }

  @Test
  void hard_links_are_carried_as_files_each() throws Exception {
    Files.createLink(data.resolve("b"), data.resolve("a"));
    cairn.run("save", "--job", "j", "data").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "j").ok();
    assertThat(Cli.contents(directory.resolve("out"))).isEqualTo(Cli.contents(data));
    Files.writeString(directory.resolve("out/b"), "changed");
    assertThat(directory.resolve("out/a")).hasContent("one");
  }

  @Test
  void modes_times_and_empty_directories_are_carried() throws Exception {
    Files.createDirectories(data.resolve("empty/deep"));
    assertThat(
            cairn
                .shell(
                    "chmod 0640 data/a; chmod 1750 data/empty; touch -d '2001-02-03 04:05:06.789 UTC' data/a data/empty")
                .code())
        .isZero();
    cairn.run("save", "--job", "j", "data").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "j").ok();
    String listed = "find . -printf '%p %m %T@\\n' | sort";
    assertThat(cairn.shell("cd out && " + listed.replace("find . ", "find a empty ")).ok().out())
        .isEqualTo(
            cairn.shell("cd data && " + listed.replace("find . ", "find a empty ")).ok().out())
        .contains("640 981173106.789", "1750 981173106.789");
  }

  @Test
  void names_of_every_kind_are_carried_exactly_in_a_process_of_its_own() throws Exception {
    cairn
        .shell(
            """
            cd data
            touch -- 'new
            line' "it's" 'dou"ble' -rf --help ' lead' 'trail ' 'tab	x' '*' '?' '\\' '\\n' '$HOME' '.hidden' '..x'
            touch 'emoji-😀' 'umlaut-ä' 'nfd-a\u0308' 'rtl-\u202egnp' '%s' '@file' '~' '{}'
            printf 'x' > "$(printf 'control\\001\\033[31m')"
            touch "$(head -c 255 /dev/zero | tr '\\0' n)"
            mkdir -p "$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))/😀"
            """)
        .ok();
    cairn.runProcess("save", "--job", "j", "data").ok();
    cairn.runProcess("checkpoints", "verify", "j").ok();
    cairn.runProcess("checkpoints", "restore", "--to", "out", "j").ok();

    String names = "find . -print0 | LC_ALL=C sort -z | tr '\\0\\n' '\\n\\1'";
    assertThat(cairn.shell("cd out && " + names).ok().out())
        .isEqualTo(cairn.shell("cd data && " + names).ok().out())
        .contains("emoji-😀", "rtl-\u202egnp");
    String shown = cairn.runProcess("checkpoints", "show", "j").ok().out();
    assertThat(shown).contains("new\\nline").doesNotContain("\u001b", "\u202e");
    assertThat(
            cairn
                .runProcess("checkpoints", "show", "--json", "j")
                .ok()
                .json()
                .get("contents")
                .findValuesAsString("path"))
        .contains("new\nline", "emoji-😀", "control\u0001\u001b[31m", "-rf", "..x");
  }

  @Test
  void a_name_that_is_no_utf8_is_refused_and_nothing_is_published() throws Exception {
    assumeTrue(cairn.shell("cd data && touch \"$(printf 'b\\377d')\"").code() == 0);
    cairn.runProcess("save", "--job", "j", "data").fails(2, "UTF-8", "ename it");
    assertThat(cairn.run("jobs", "history", "j").ok().out()).contains("released (save_failed)");
    cairn.runProcess("checkpoints", "show", "j").fails(10, "has no checkpoint");
    cairn.runProcess("save", "--job", "j", "data/a").ok();
  }

  @Test
  void a_command_that_leaves_such_a_name_is_paused_and_not_run_again_by_itself() throws Exception {
    String command =
        "echo x > $CAIRN_CHECKPOINT_DIR/x; touch \"$CAIRN_CHECKPOINT_DIR/$(printf 'b\\377')\"";
    Cli.Result run =
        cairn.runProcess("run", "--job", "j", "--watch", "w", "--", "sh", "-c", command);
    assumeTrue(!run.err().contains("Illegal byte sequence"));
    run.ends(130).saying("UTF-8", "job j is paused (not_captured)", "cairn jobs resume j");
    assertThat(directory.resolve("w/x")).exists();
    cairn.run("jobs", "show", "j").ok();
  }

  @Test
  void what_a_command_leaves_that_cannot_be_captured_is_told() throws Exception {
    Cli.Result run =
        cairn.runProcess(
            "run", "--job", "j", "--watch", "w", "--", "sh", "-c", "mkfifo w/pipe; echo x > w/x");
    run.ok().saying("pipe is a socket, pipe or device", "job j is completed");
    assertThat(shownPaths("j")).containsExactly("x");
  }

  @Test
  void a_command_that_removes_its_directory_at_the_end_is_completed() throws Exception {
    Cli.Result run =
        cairn.runProcess(
            "run", "--job", "j", "--watch", "w", "--", "sh", "-c", "rm -rf $CAIRN_CHECKPOINT_DIR");
    run.ok().saying("is gone", "job j is completed");
  }

  // --- changing while it is saved

  @Test
  void a_file_that_grows_is_saved_as_it_was_at_one_moment_or_not_at_all() throws Exception {
    Path log = data.resolve("log");
    var stop = new AtomicBoolean();
    var began = new CountDownLatch(1);
    var writer =
        Thread.ofPlatform()
            .start(() -> {
              try (var file =
                  FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (int i = 0; !stop.get(); i++) {
                  file.write(record(i, RECORD));
                  began.countDown();
                  if (i % 8 == 7) {
                    Thread.sleep(60);
                  }
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    int saved = 0;
    int refused = 0;
    try {
      began.await();
      for (int i = 0; i < 40 && (saved < 3 || refused < 1); i++) {
        Cli.Result result = cairn.run("save", "--json", "--job", "j", "data");
        if (result.code() == 0) {
          saved++;
          requireWholeRecords(result.json().get("id").asString(), "out" + i);
        } else {
          refused++;
          result.fails(14, "kept changing", "log", "Nothing was published");
        }
      }
    } finally {
      stop.set(true);
      writer.join();
    }
    Cli.Result last = cairn.run("save", "--json", "--job", "j", "data").ok();
    requireWholeRecords(last.json().get("id").asString(), "last");
    assertThat(directory.resolve("last/log")).hasSameBinaryContentAs(log);
  }

  private static ByteBuffer record(int number, int sizeBytes) {
    var record = ByteBuffer.allocate(sizeBytes);
    while (record.hasRemaining()) {
      record.putInt(number);
    }
    return record.flip();
  }

  private void requireWholeRecords(String id, String name) throws IOException {
    cairn.run("checkpoints", "restore", "--to", name, id).ok();
    Path log = directory.resolve(name).resolve("log");
    long listed =
        cairn
            .run("checkpoints", "show", "--json", id)
            .ok()
            .json()
            .get("contents")
            .valueStream()
            .filter(file -> file.get("path").asString().equals("log"))
            .mapToLong(file -> file.get("size_bytes").asLong())
            .findFirst()
            .orElse(0);
    if (!Files.exists(log)) {
      return; // it was not there yet
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(log));
    assertThat(bytes.remaining()).isEqualTo((int) listed).matches(size -> size % RECORD == 0);
    while (bytes.hasRemaining()) {
      int number = bytes.position() / RECORD;
      assertThat(bytes.getInt()).isEqualTo(number);
    }
  }

  @Test
  void a_file_that_is_rewritten_in_place_is_never_saved_half_old_half_new() throws Exception {
    Path file = data.resolve("weights");
    Files.write(file, new byte[16 * RECORD]);
    var stop = new AtomicBoolean();
    var writer =
        Thread.ofPlatform()
            .start(() -> {
              try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                for (int generation = 1; !stop.get(); generation++) {
                  channel.write(record(generation, 16 * RECORD), 0);
                  Thread.sleep(40);
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    try {
      int saved = 0;
      for (int i = 0; i < 30 && saved < 5; i++) {
        Cli.Result result = cairn.run("save", "--job", "j", "data");
        assertThat(result.code()).as("%s", result).isIn(0, 14);
        if (result.code() == 0) {
          saved++;
          cairn.run("checkpoints", "restore", "--to", "out" + i, "j").ok();
          ByteBuffer bytes =
              ByteBuffer.wrap(Files.readAllBytes(directory.resolve("out" + i + "/weights")));
          int generation = bytes.getInt(0);
          while (bytes.hasRemaining()) {
            assertThat(bytes.getInt()).isEqualTo(generation);
          }
        }
      }
    } finally {
      stop.set(true);
      writer.join();
    }
  }

  @Test
  void files_that_come_and_go_never_break_a_save() throws Exception {
    var stop = new AtomicBoolean();
    var writer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int i = 0; !stop.get(); i++) {
                  Path file = Files.writeString(data.resolve("passing-" + i % 50), "text " + i);
                  Path folder = Files.createDirectories(data.resolve("d" + i % 7 + "/e"));
                  Files.writeString(folder.resolve("f"), "f");
                  if (i % 20 == 0) {
                    Thread.sleep(30);
                  }
                  Files.delete(file);
                  Files.delete(folder.resolve("f"));
                  Files.delete(folder);
                  Files.delete(folder.getParent());
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    try {
      for (int i = 0; i < 20; i++) {
        Cli.Result result = cairn.run("save", "--job", "j", "data");
        assertThat(result.code()).as("%s", result).isIn(0, 14);
        if (result.code() == 14) {
          result.saying("kept changing", "Nothing was published");
        }
      }
    } finally {
      stop.set(true);
      writer.join();
    }
    cairn.run("save", "--job", "j", "data").ok();
    cairn.run("checkpoints", "verify", "j").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "j").ok();
    assertThat(Cli.contents(directory.resolve("out"))).isEqualTo(Cli.contents(data));
  }

  // --- state

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\":1} {\"b\":2}",
        "{'a':1}",
        "nope",
        "{\"a\":NaN}",
        "[1,]",
        "\u0000",
        "\uFEFF{}x"
      })
  void a_state_that_is_not_one_json_value_is_refused(String text) {
    cairn.write("state.json", text);
    cairn
        .run("save", "--job", "j", "--state", "state.json", "data")
        .fails(2, "state.json", "not one JSON value", "Nothing was saved");
    assertThat(cairn.store()).doesNotExist();
  }

  @Test
  void a_state_that_is_not_utf8_missing_or_a_directory_is_refused() {
    cairn.write("state.json", new byte[] {'"', (byte) 0xff, '"'});
    cairn
        .run("save", "--job", "j", "--state", "state.json")
        .fails(2, "not one JSON value in UTF-8");
    cairn
        .run("save", "--job", "j", "--state", "nowhere.json")
        .fails(10, "nowhere.json", "does not exist");
    cairn.run("save", "--job", "j", "--state", "data").fails(2, "data", "Nothing was saved");
    cairn.run("save", "--job", "j", "--state", "").fails(2, "path is empty");
    assertThat(cairn.store()).doesNotExist();
  }

  @Test
  void a_state_nested_beyond_reason_is_refused_and_one_of_megabytes_is_carried() {
    cairn.write("deep.json", "[".repeat(100_000) + "]".repeat(100_000));
    cairn.run("save", "--job", "j", "--state", "deep.json").fails(2, "deep.json");
    String large = "{\"text\": \"" + "x".repeat(3_000_000) + "\", \"n\": 1.50}";
    cairn.write("large.json", large);
    cairn.run("save", "--job", "j", "--state", "large.json").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "--state-to", "back.json", "j").ok();
    assertThat(directory.resolve("back.json")).hasContent(large);
    assertThat(cairn.run("checkpoints", "show", "j").ok().out().length()).isLessThan(5_000);
  }

  // --- restore

  @Test
  void a_restore_into_what_is_not_empty_is_refused_and_nothing_changes() throws Exception {
    cairn.run("save", "--job", "j", "data").ok();
    cairn.write("full/precious", "precious");
    cairn.write("hidden/.x", "precious");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("full"));
    Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
    var before = Cli.contents(directory);
    for (String target : List.of("full", "hidden", "data", ".", "link")) {
      cairn
          .run("checkpoints", "restore", "--to", target, "j")
          .fails(11, "not empty", "Nothing was changed");
    }
    for (String target : List.of("full/precious", "data/a")) {
      cairn
          .run("checkpoints", "restore", "--to", target, "j")
          .fails(11, target, "not a directory", "Nothing was changed");
    }
    cairn.run("checkpoints", "restore", "--to", "loop", "j").fails(2, "loop of links");
    Cli.Result below = cairn.run("checkpoints", "restore", "--to", "full/precious/deep", "j");
    assertThat(below.code()).as("%s", below).isIn(10, 11, 14);
    assertThat(below.err()).contains("full/precious");
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void a_restore_makes_the_directories_that_lead_to_its_target() {
    cairn.run("save", "--job", "j", "data").ok();
    cairn.run("checkpoints", "restore", "--to", "new/deep/out", "j").ok();
    assertThat(directory.resolve("new/deep/out/a")).hasContent("one");
  }

  @Test
  void a_restore_fills_an_empty_directory_and_one_behind_a_link() throws Exception {
    cairn.run("save", "--job", "j", "data").ok();
    Files.createDirectory(directory.resolve("empty"));
    cairn.run("checkpoints", "restore", "--to", "empty", "j").ok();
    assertThat(directory.resolve("empty/a")).hasContent("one");

    Files.createDirectory(directory.resolve("other"));
    Files.createSymbolicLink(directory.resolve("link"), Path.of("other"));
    cairn.run("checkpoints", "restore", "--to", "link", "j").ok();
    assertThat(directory.resolve("other/a")).hasContent("one");
    assertThat(Files.isSymbolicLink(directory.resolve("link"))).isTrue();
  }

  @Test
  void a_state_is_never_written_over_a_file() {
    cairn.write("state.json", "{\"n\": 1}");
    cairn.run("save", "--job", "j", "--state", "state.json", "data").ok();
    cairn.write("precious.json", "precious");
    cairn
        .run("checkpoints", "restore", "--to", "out", "--state-to", "precious.json", "j")
        .fails(11, "precious.json", "exists", "Nothing was changed");
    assertThat(directory.resolve("precious.json")).hasContent("precious");
    assertThat(directory.resolve("out")).doesNotExist();
    cairn.run("checkpoints", "restore", "--to", "out", "--state-to", "deep/new.json", "j").ok();
    assertThat(directory.resolve("deep/new.json")).hasContent("{\"n\": 1}");
  }

  @Test
  void a_state_that_was_not_saved_cannot_be_restored() {
    cairn.run("save", "--job", "j", "data").ok();
    cairn
        .run("checkpoints", "restore", "--to", "out", "--state-to", "s.json", "j")
        .fails(10, "has no state");
    assertThat(directory.resolve("s.json")).doesNotExist();
  }

  @Test
  void a_checkpoint_of_state_alone_is_restored_too() {
    cairn.write("state.json", "{\"n\": 1}");
    cairn.run("save", "--job", "j", "--state", "state.json").ok();
    cairn.run("checkpoints", "verify", "j").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "--state-to", "s.json", "j").ok();
    assertThat(directory.resolve("s.json")).hasContent("{\"n\": 1}");
  }

  private List<String> shownPaths(String id) {
    return cairn
        .run("checkpoints", "show", "--json", id)
        .ok()
        .json()
        .get("contents")
        .findValuesAsString("path");
  }

  @Test
  void a_watched_file_is_refused() {
    cairn
        .run("run", "--job", "j", "--watch", "data/a", "--", "true")
        .ends(2)
        .saying("data/a", "not a directory");
    assertThat(data.resolve("a")).hasContent("one");
    assertThat(Files.isRegularFile(data.resolve("a"), LinkOption.NOFOLLOW_LINKS)).isTrue();
  }
}
