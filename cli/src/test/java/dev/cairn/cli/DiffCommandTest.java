package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Forker;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.JobId;
import dev.cairn.repository.Meter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class DiffCommandTest {
  private static final int CHUNK = 256 * 1024;

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void something_saved() {
    cairn = new Cli(directory);
    cairn.write("data/big", noise(12 * CHUNK, 1));
    cairn.write("data/gone", "gone");
    cairn.write("data/script", "echo");
    cairn.write("data/kept", "kept");
    cairn.write("data/kind", "a file");
    link("data/link", "kept");
    save();
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private void link(String name, String target) {
    try {
      Files.createSymbolicLink(directory.resolve(name), Path.of(target));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String save(String... more) {
    var line = new ArrayList<>(List.of("save", "--json", "--job", "a", "data"));
    line.addAll(List.of(more));
    return cairn.run(line.toArray(String[]::new)).ok().json().get("id").asString();
  }

  private void change() throws IOException {
    byte[] big = noise(12 * CHUNK, 1);
    big[10 * CHUNK + 5]++;
    cairn.write("data/big", big);
    Files.delete(directory.resolve("data/gone"));
    Files.setPosixFilePermissions(
        directory.resolve("data/script"), PosixFilePermissions.fromString("rwx------"));
    Files.delete(directory.resolve("data/kind"));
    Files.createDirectory(directory.resolve("data/kind"));
    cairn.write("data/kind/fresh", "fresh");
    Files.delete(directory.resolve("data/link"));
    link("data/link", "script");
    Files.setLastModifiedTime(directory.resolve("data/kept"), FileTime.fromMillis(0));
  }

  private static JsonNode file(JsonNode diff, String path) {
    return named(diff.get("files"), path);
  }

  private static JsonNode named(JsonNode files, String path) {
    for (JsonNode file : files) {
      if (file.get("path").asString().equals(path)) {
        return file;
      }
    }
    throw new AssertionError("no " + path + " in " + files);
  }

  private static void assertChanges(JsonNode diff) {
    assertThat(diff.get("same").asBoolean()).isFalse();
    assertThat(diff.get("files").findValuesAsString("path"))
        .containsExactly("big", "gone", "kind", "kind/fresh", "link", "script");
    assertThat(file(diff, "big").get("changed_bytes").asLong()).isEqualTo(CHUNK);
    assertThat(file(diff, "gone").get("change").asString()).isEqualTo("removed");
    assertThat(file(diff, "kind").at("/before/type").asString()).isEqualTo("file");
    assertThat(file(diff, "kind").at("/after/type").asString()).isEqualTo("directory");
    assertThat(file(diff, "kind/fresh").get("change").asString()).isEqualTo("added");
    assertThat(file(diff, "link").at("/before/target").asString()).isEqualTo("kept");
    assertThat(file(diff, "link").at("/after/target").asString()).isEqualTo("script");
    assertThat(file(diff, "script").at("/after/mode").asString()).isEqualTo("0700");
    assertThat(file(diff, "script").get("changed_bytes").asLong()).isZero();
    assertThat(diff.at("/totals/added").asLong()).isEqualTo(1);
    assertThat(diff.at("/totals/added_bytes").asLong()).isEqualTo(5);
    assertThat(diff.at("/totals/removed_bytes").asLong()).isEqualTo(4);
    assertThat(diff.at("/totals/changed_bytes").asLong()).isEqualTo(CHUNK);
  }

  @Test
  void two_checkpoints_are_told_apart_by_their_lists() throws Exception {
    change();
    String later = save();
    spoilContents();
    assertChanges(cairn.run("diff", "--json", "a@3", later).ends(1).json());
    Cli.Result told = cairn.run("diff", "a@3", "a").ends(1);
    assertThat(told.out())
        .contains(
            "from a@3 to " + later,
            "~ big  256 KiB of 3.0 MiB (3145728 B) changed",
            "- gone  4 B",
            "~ kind  file became directory",
            "~ link  -> script, was -> kept",
            "~ script  mode 0700, was 0644",
            "1 added (5 B), 1 removed (4 B), 4 changed (256 KiB)");
    assertThat(told.out()).doesNotContain("kept  ");
  }

  /// Whoever reads contents now meets damage.
  private void spoilContents() throws IOException {
    JsonNode shown = cairn.run("checkpoints", "show", "--json", "--chunks", "a").ok().json();
    for (JsonNode file : shown.get("contents")) {
      if (file.get("path").asString().equals("big")) {
        JsonNode chunk = file.get("chunks").get(3);
        Path pack = cairn.store().resolve("jobs/a/packs/" + chunk.get("pack").asString());
        byte[] bytes = Files.readAllBytes(pack);
        bytes[chunk.get("pack_offset").asInt()]++;
        Files.write(pack, bytes);
      }
    }
    cairn.run("checkpoints", "verify", "a").ends(1);
  }

  @Test
  void a_directory_is_compared_with_a_checkpoint() throws Exception {
    cairn.run("diff", "a@3", "./data").ok();
    cairn.write("data/.cairn-restoring", "not the job's");
    assertThat(cairn.run("diff", "a@3", "data").ok().out()).contains("hold the same");
    change();
    assertChanges(cairn.run("diff", "--json", "a", "./data").ends(1).json());
  }

  @Test
  void a_file_that_grew_or_shrank_is_counted_from_there() {
    cairn.write("data/big", noise(12 * CHUNK + 7, 1)); // its random bytes begin the same
    JsonNode grown = cairn.run("diff", "--json", "a", "./data").ends(1).json();
    assertThat(file(grown, "big").get("changed_bytes").asLong()).isEqualTo(7);
    cairn.write("data/big", noise(4 * CHUNK, 1));
    JsonNode shrunk = cairn.run("diff", "--json", "a", "./data").ends(1).json();
    assertThat(file(shrunk, "big").get("changed_bytes").asLong()).isZero();
    String later = save();
    assertThat(cairn.run("diff", "--json", "a@3", later).ends(1).json().get("files"))
        .isEqualTo(shrunk.get("files"));
  }

  @Test
  void an_insertion_into_a_file_that_is_cut_by_content_counts_only_what_it_changed()
      throws Exception {
    byte[] moved = noise(24 * CHUNK, 2);
    cairn.write("data/big", moved);
    save();
    insert(moved, "inserted");
    String second = save();
    insert(Files.readAllBytes(directory.resolve("data/big")), "again");
    for (String other : List.of("./data", save())) {
      JsonNode diff = cairn.run("diff", "--json", second, other).ends(1).json();
      assertThat(file(diff, "big").get("changed_bytes").asLong())
          .isBetween(1L, (long) moved.length / 2);
    }
  }

  private void insert(byte[] before, String text) throws IOException {
    try (var out = Files.newOutputStream(directory.resolve("data/big"))) {
      out.write(text.getBytes(US_ASCII));
      out.write(before);
    }
  }

  @Test
  void contents_that_are_only_cut_in_another_way_are_the_same() {
    String small = save("--chunk-size", "64KiB", "--paranoid");
    JsonNode before = cairn.run("checkpoints", "show", "--json", "a@3").ok().json();
    JsonNode after = cairn.run("checkpoints", "show", "--json", small).ok().json();
    assertThat(cairn.run("diff", "a@3", small).ok().out()).contains("hold the same");
    assertThat(named(before.get("contents"), "big").get("root"))
        .isNotEqualTo(named(after.get("contents"), "big").get("root"));
  }

  @Test
  void states_are_compared_value_by_value() {
    cairn.write("one.json", "{\"epoch\": 3, \"lr\": 0.10, \"list\": [1, 2], \"a/b\": null}");
    cairn.write("two.json", "{\"lr\": 0.1, \"list\": [1, 5, 6], \"epoch\": 4, \"new\": {}}");
    String one = save("--state", "one.json");
    String two = save("--state", "two.json");
    JsonNode diff = cairn.run("diff", "--json", one, two).ends(1).json();
    assertThat(diff.get("files")).isEmpty();
    assertThat(diff.get("state").findValuesAsString("path"))
        .containsExactly("/epoch", "/list/1", "/list/2", "/a~1b", "/new");
    assertThat(diff.get("state").findValuesAsString("change"))
        .containsExactly("changed", "changed", "added", "removed", "added");
    assertThat(diff.at("/state/1/before").asInt()).isEqualTo(2);
    assertThat(diff.at("/state/1/after").asInt()).isEqualTo(5);
    assertThat(cairn.run("diff", one, two).ends(1).out())
        .contains("~ /epoch  4, was 3", "5 values of the state");
    assertThat(cairn.run("diff", "a@3", one).ends(1).out()).contains("+ (all of it)  {");
    cairn.run("diff", one, one).ok();
  }

  @Test
  void different_jobs_are_refused_unless_one_is_a_fork_of_the_other() {
    cairn.run("save", "--job", "b", "data").ok();
    cairn.run("diff", "a@3", "b").fails(2, "different jobs", "./DIR");
    Context context =
        cairn.context(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()));
    try (Store store = context.open(null)) {
      new Forker(store, context.env(), context.claimer(store), "here")
          .fork(CheckpointId.parse("a@3"), JobId.of("c"), "tester", (_, _, _) -> false, Meter.NONE);
    }
    cairn.run("diff", "a@3", "c").ok();
    cairn.write("data/kept", "changed");
    String later = save();
    assertThat(cairn.run("diff", "c", later).ends(1).out()).contains("~ kept  7 B of 7 B changed");
  }

  @Test
  void a_name_that_could_be_either_is_refused() {
    cairn.write("a/file", "x");
    cairn.run("diff", "a@3", "a").fails(2, "./a");
    cairn.run("diff", "a@3", "./a").ends(1);
    cairn.run("diff", "a@3", "./nothing").fails(10, "nothing");
    cairn.run("diff", "a@3", "./data/kept").fails(2, "not a directory");
    cairn.run("diff", "a@3", "a@99").fails(10, "a@99");
    cairn.run("diff", "a@3").ends(2);
  }
}
