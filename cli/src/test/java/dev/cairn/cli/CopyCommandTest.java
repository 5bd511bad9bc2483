package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Jobs in another store.
class CopyCommandTest {
  private static final int CHUNK = 256 * 1024;

  private @TempDir Path directory;
  private Cli cairn;
  private Cli other;
  private final byte[] big = new byte[20 * CHUNK];

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    other = cairn.withStore(directory.resolve("other"));
    new Random(1).nextBytes(big);
    saveOne(1);
    saveOne(2);
  }

  private void saveOne(int version) {
    big[version * CHUNK]++;
    cairn.write("data/big", big);
    cairn.write("data/version", "version " + version);
    cairn.run("save", "--job", "j", "--step", String.valueOf(version), "data").ok();
  }

  private JsonNode copy(String... more) {
    var line = new ArrayList<>(List.of("copy", "j", "--to", "other", "--json"));
    line.addAll(List.of(more));
    return cairn.run(line.toArray(String[]::new)).ok().json();
  }

  private List<Long> steps() {
    var steps = new ArrayList<Long>();
    other
        .run("checkpoints", "list", "j", "--json")
        .ok()
        .json()
        .forEach(view -> steps.add(view.get("step").asLong()));
    return steps;
  }

  @Test
  void a_copy_has_all_checkpoints_and_stores_what_they_share_once() throws Exception {
    JsonNode copied = copy();
    assertThat(copied.get("copied")).hasSize(2);
    assertThat(copied.get("stored_bytes").asLong()).isLessThan(23L * CHUNK);
    assertThat(steps()).containsExactly(1L, 2L);
    other.run("checkpoints", "verify", "j").ok();
    cairn.run("jobs", "delete", "j", "--force").ok();
    other.run("checkpoints", "restore", "j", "--to", "out").ok();
    assertThat(Files.readString(directory.resolve("out/version"))).isEqualTo("version 2");
    assertThat(Cli.contents(directory.resolve("out")))
        .isEqualTo(Cli.contents(directory.resolve("data")));
  }

  @Test
  void a_second_copy_brings_what_has_come_since() {
    copy();
    assertThat(copy().get("copied")).isEmpty();
    saveOne(3);
    JsonNode copied = copy();
    assertThat(copied.get("copied")).hasSize(1);
    assertThat(copied.get("stored_bytes").asLong()).isLessThan(2L * CHUNK);
    assertThat(steps()).containsExactly(1L, 2L, 3L);
    assertThat(cairn.run("checkpoints", "list", "j").ok().out()).doesNotContain("pinned");
  }

  @Test
  void what_is_no_copy_is_left_alone() {
    other.run("save", "--job", "j", "data").ok();
    cairn.run("copy", "j", "--to", "other").fails(11, "is no copy of this one", "--as");
    copy("--as", "k");
    other.run("save", "--job", "k", "data").ok();
    cairn.run("copy", "j", "--to", "other", "--as", "k").fails(11, "gone on by itself");
    cairn
        .run("copy", "j", "--to", cairn.store().toString())
        .fails(2, "the store that the job is in");
    cairn.run("copy", "nobody", "--to", "other").fails(10, "there is no job nobody");
  }

  @Test
  void a_damaged_checkpoint_is_not_copied() throws Exception {
    try (var packs = Files.list(cairn.store().resolve("jobs/j/packs"))) {
      Path pack =
          packs.max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length())).orElseThrow();
      byte[] bytes = Files.readAllBytes(pack);
      bytes[10 * CHUNK]++;
      Files.write(pack, bytes);
    }
    cairn.run("copy", "j", "--to", "other").fails(13, "big");
    other.run("checkpoints", "list", "j").ok();
    assertThat(steps()).isEmpty();
  }
}
