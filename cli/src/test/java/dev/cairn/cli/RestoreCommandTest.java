package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.cli.Failpoint.Strike;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// `cairn checkpoints restore` and `cat`, as people type them.
class RestoreCommandTest {
  private static final int MIB = 1 << 20;

  @RegisterExtension private final Machines machines = new Machines();
  private @TempDir Path directory;

  private Cli cairn() {
    var cairn = new Cli(directory);
    cairn.write("data/model-1/weights", noise(9 * MIB, 1));
    cairn.write("data/model-1/small", "one");
    cairn.write("data/model-2", "two");
    cairn.write("data/deep/er/notes.json", "{}");
    cairn.write("data/empty", "");
    cairn.run("save", "--job", "a", "data").ok();
    return cairn;
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private void assertRestored(String to) {
    assertThat(Cli.contents(directory.resolve(to)))
        .isEqualTo(Cli.contents(directory.resolve("data")));
  }

  private static Cli.Result restore(Cli cairn, String to, String... more) {
    var line = new java.util.ArrayList<>(List.of("checkpoints", "restore", "a", "--to", to));
    line.addAll(List.of(more));
    return cairn.run(line.toArray(String[]::new));
  }

  @Test
  void only_the_paths_that_are_named_come_back() {
    Cli cairn = cairn();
    Cli.Result result =
        restore(cairn, "out", "--path", "model*", "--path", "**/*.json", "--json").ok();
    assertThat(Cli.contents(directory.resolve("out")).keySet())
        .containsExactlyInAnyOrder(
            "",
            "model-1",
            "model-1/weights",
            "model-1/small",
            "model-2",
            "deep",
            "deep/er",
            "deep/er/notes.json");
    assertThat(result.json().get("files").asInt()).isEqualTo(4);
    restore(cairn, "out2", "--path", "model*", "--path", "nix*").fails(10, "nix*");
    assertThat(directory.resolve("out2")).doesNotExist();
    restore(cairn, "out2", "--path", "/model").fails(2, "pattern");
  }

  @Test
  void in_place_only_what_differs_is_written_and_the_rest_is_told() throws IOException {
    Cli cairn = cairn();
    restore(cairn, "out").ok();
    byte[] weights = Files.readAllBytes(directory.resolve("out/model-1/weights"));
    weights[5 * MIB] ^= 1;
    cairn.write("out/model-1/weights", weights);
    cairn.write("out/mine", "mine");
    restore(cairn, "out").fails(11, "is not empty", "--in-place");
    String told = restore(cairn, "out", "--in-place").ok().out();
    assertThat(told).contains("256 KiB written", "left alone 1", "mine");
    assertThat(Files.readString(directory.resolve("out/mine"))).isEqualTo("mine");
    Files.delete(directory.resolve("out/mine"));
    assertRestored("out");
  }

  @Test
  void a_symbolic_link_in_the_way_is_named_and_nothing_changes() throws IOException {
    Cli cairn = cairn();
    cairn.write("victim/small", "precious");
    cairn.write("out/empty", "not empty");
    Files.createSymbolicLink(directory.resolve("out/model-1"), directory.resolve("victim"));
    var before = Cli.contents(directory);
    restore(cairn, "out", "--in-place").fails(11, "model-1", "symbolic link");
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void the_current_directory_is_filled_in_place() throws IOException {
    Cli cairn = cairn();
    Path here = Files.createDirectory(directory.resolve("here"));
    Object inode = Files.getAttribute(here, "unix:ino");
    new Cli(here, cairn.store()).run("checkpoints", "restore", "a", "--to", ".").ok();
    assertRestored("here");
    assertThat(Files.getAttribute(here, "unix:ino")).isEqualTo(inode);
  }

  @Test
  void an_empty_directory_keeps_its_mode() throws IOException {
    Cli cairn = cairn();
    Path out = Files.createDirectory(directory.resolve("out"));
    Files.setAttribute(out, "unix:mode", 0700);
    restore(cairn, "out").ok();
    assertRestored("out");
    assertThat((int) Files.getAttribute(out, "unix:mode") & 0777).isEqualTo(0700);
  }

  @Test
  void directories_of_others_that_look_like_ours_are_left_alone() throws IOException {
    Cli cairn = cairn();
    cairn.write("out.cairn-partial/precious", "mine");
    cairn.write("out.cairn-partial-1234/precious", "mine");
    var before = Cli.contents(directory.resolve("out.cairn-partial"));
    restore(cairn, "out").ok();
    assertThat(Cli.contents(directory.resolve("out.cairn-partial"))).isEqualTo(before);
    assertThat(Cli.contents(directory.resolve("out.cairn-partial-1234"))).isEqualTo(before);
  }

  @Test
  void a_command_does_not_start_in_a_half_restored_directory() {
    Cli cairn = cairn();
    cairn.write("w/.cairn-restoring/holder-1", "");
    cairn.run("run", "--job", "new", "--watch", "w", "--", "true").fails(11, "half restored");
    cairn.run("save", "--job", "new2", "w").fails(11, "half restored");
  }

  @Test
  void only_the_same_restore_ends_one_that_was_not_finished() throws Exception {
    Cli cairn = cairn();
    cairn.write("other/x", "another job");
    cairn.run("save", "--job", "b", "other").ok();
    cairn.write("out/model-2", "not two");
    cairn.write("out/model-1/weights", noise(9 * MIB, 2));
    Path pack;
    try (var packs = Files.list(directory.resolve("store/jobs/a/packs"))) {
      pack = packs.max(Comparator.comparingLong(p -> p.toFile().length())).orElseThrow();
    }
    byte[] whole = Files.readAllBytes(pack);
    byte[] damaged = whole.clone();
    damaged[8 * MIB]++;
    Files.write(pack, damaged);
    cairn.runProcess("checkpoints", "restore", "a", "--to", "out", "--in-place").ends(13);
    Files.write(pack, whole);
    for (var id : List.of("a", "b")) {
      String path = id.equals("a") ? "model-2" : "x";
      cairn
          .run("checkpoints", "restore", id, "--to", "out", "--in-place", "--path", path)
          .fails(11, "half restored, by a restore of a@", "nothing was changed");
    }
    cairn.run("checkpoints", "restore", "b", "--to", "out", "--in-place").fails(11, "restore a@");
    cairn.run("save", "--job", "c", "out").fails(11, "nothing was saved", "restore a@");
    restore(cairn, "out", "--in-place").ok();
    assertRestored("out");
  }

  @Test
  void cat_prints_exactly_the_file() throws Exception {
    Cli cairn = cairn();
    assertThat(cairn.run("checkpoints", "cat", "a", "model-2").ok().out()).isEqualTo("two");
    assertThat(cairn.run("checkpoints", "cat", "a", "empty").ok().out()).isEmpty();
    cairn
        .shell("$cairn checkpoints cat a model-1/weights | cmp - data/model-1/weights && echo same")
        .ok();
    cairn.run("checkpoints", "cat", "a", "model-3").fails(10, "model-3");
    cairn.run("checkpoints", "cat", "a", "model-1").fails(2, "is a directory");
    cairn.run("checkpoints", "cat", "a", "../data/model-2").fails(10, "model-2");
  }

  @Test
  void cat_ends_quietly_when_nobody_reads_any_more() throws Exception {
    Cli cairn = cairn();
    Cli.Result result =
        cairn.shell(
            "{ $cairn checkpoints cat a model-1/weights; echo $? >code; } | head -c 10 >/dev/null; cat code");
    assertThat(result.out().strip()).isEqualTo("141");
    assertThat(result.err()).isEmpty();
    Cli.Result full = cairn.shell("$cairn checkpoints cat a model-1/weights >/dev/full");
    assertThat(full.ends(14).err()).contains("standard output");
  }

  @Test
  void cat_stops_before_what_is_damaged() throws Exception {
    Cli cairn = cairn();
    Path pack;
    try (var packs = Files.list(directory.resolve("store/jobs/a/packs"))) {
      pack = packs.max(Comparator.comparingLong(p -> p.toFile().length())).orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(pack);
    for (int at = 6 * MIB; at < 7 * MIB; at++) {
      bytes[at]++;
    }
    Files.write(pack, bytes);
    Cli.Result result =
        cairn.shell(
            "$cairn checkpoints cat a model-1/weights >some; echo $? >code; exit $(cat code)");
    result.ends(13).saying("model-1/weights", "cannot be read back");
    byte[] some = Files.readAllBytes(directory.resolve("some"));
    byte[] whole = Files.readAllBytes(directory.resolve("data/model-1/weights"));
    assertThat(some.length).isBetween(1, 7 * MIB);
    assertThat(some).isEqualTo(java.util.Arrays.copyOf(whole, some.length));
  }

  /// A real process is killed at some of the calls by which it changes the disk.
  @Test
  void a_killed_restore_goes_on() throws Exception {
    Cli cairn = cairn();
    Machines.Node node = machines.node("a");
    Machines.copy(cairn.store(), machines.store());
    Path record = machines.file("record");
    node.start(Failpoint.recording(record), "checkpoints", "restore", "a", "--to", "out")
        .awaitExit();
    List<Boundary> reached =
        Files.readAllLines(record).stream()
            .map(Boundary::parse)
            .filter(boundary -> boundary.place() == Boundary.Place.WATCHED)
            .toList();
    assertThat(reached).hasSizeGreaterThan(20);
    var random = new Random(7);
    for (int i = 0; i < 6; i++) {
      Machines.delete(node.file("out"));
      Boundary boundary = reached.get(random.nextInt(reached.size()));
      CairnProcess killed =
          node.start(
              Failpoint.at(boundary, Strike.KILL), "checkpoints", "restore", "a", "--to", "out");
      assertThat(killed.awaitExit()).as("%s", boundary).isNotZero();
      if (!Files.exists(node.file("out"))) {
        CairnProcess next = node.cairn("checkpoints", "restore", "a", "--to", "out");
        assertThat(next.awaitExit()).as(next::told).isZero();
      }
      assertThat(Cli.contents(node.file("out")))
          .as("%s", boundary)
          .isEqualTo(Cli.contents(directory.resolve("data")));
      try (var names = Files.list(node.file("out").getParent())) {
        assertThat(names.map(Path::getFileName).map(Path::toString))
            .as("%s", boundary)
            .containsExactly("out");
      }
    }
  }
}
