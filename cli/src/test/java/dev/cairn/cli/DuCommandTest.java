package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What `du` tells, held against what is in the directory, and against what a deletion gives back.
final class DuCommandTest {
  private static final int MIB = 1 << 20;

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void three_checkpoints_that_share() {
    cairn = new Cli(directory);
    for (int i = 0; i < 3; i++) {
      cairn.write("data/kept", noise(2 * MIB, 1));
      cairn.write("data/fresh", noise((i + 1) * MIB, 10 + i));
      cairn.run("save", "--job", "a", "data").ok();
    }
    cairn.write("data/own", noise(MIB, 99));
    cairn.run("save", "--job", "b", "data/own").ok();
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private long onDisk(String folder) throws IOException {
    try (var files = Files.list(cairn.store().resolve(folder))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private JsonNode du(int code, String... jobs) {
    var line = new java.util.ArrayList<>(List.of("du", "--json"));
    line.addAll(List.of(jobs));
    return cairn.run(line.toArray(String[]::new)).ends(code).json();
  }

  @Test
  void the_numbers_are_those_of_the_files() throws Exception {
    JsonNode all = du(0);
    JsonNode a = all.at("/jobs/0");
    assertThat(a.get("job").asString()).isEqualTo("a");
    assertThat(a.get("logical_bytes").asLong()).isEqualTo((3 + 4 + 5) * (long) MIB);
    assertThat(a.get("stored_bytes").asLong()).isEqualTo(onDisk("jobs/a/packs"));
    assertThat(a.get("shared_bytes").asLong())
        .isBetween(2L * MIB, a.get("stored_bytes").asLong() - 5L * MIB + 1);
    assertThat(a.get("orphan_bytes").asLong()).isZero();
    assertThat(a.get("journal_bytes").asLong()).isEqualTo(onDisk("jobs/a/journal"));
    long b = onDisk("jobs/b/packs");
    assertThat(all.at("/total/stored_bytes").asLong()).isEqualTo(onDisk("jobs/a/packs") + b);
    assertThat(cairn.run("du").ok().out()).contains("JOB ", "total", "12 MiB");
    assertThat(cairn.run("du", "a").ok().out()).contains("FREED IF DELETED", "a@3");
  }

  @Test
  void what_a_deletion_gives_back_is_what_was_told() throws Exception {
    for (JsonNode checkpoint : du(0, "a").at("/jobs/0/checkpoints")) {
      String id = checkpoint.get("id").asString();
      JsonNode now = du(0, "a").at("/jobs/0/checkpoints");
      long told = -1;
      for (JsonNode one : now) {
        told = one.get("id").asString().equals(id) ? one.get("freed_bytes").asLong() : told;
      }
      long before = onDisk("jobs/a/packs");
      cairn.run("checkpoints", "delete", "--force", id).ok();
      assertThat(before - onDisk("jobs/a/packs")).as(id).isEqualTo(told);
    }
    assertThat(onDisk("jobs/a/packs")).isZero();
  }

  @Test
  void a_pack_that_nothing_uses_is_an_orphan() throws Exception {
    Path packs = cairn.store().resolve("jobs/b/packs");
    try (var files = Files.list(packs)) {
      Path one = files.findFirst().orElseThrow();
      String name = one.getFileName().toString();
      Files.copy(one, packs.resolve("9" + name));
    }
    JsonNode b = du(0, "b").at("/jobs/0");
    assertThat(b.get("orphan_packs").asLong()).isEqualTo(1);
    assertThat(b.get("orphan_bytes").asLong()).isEqualTo(b.get("stored_bytes").asLong());
  }

  @Test
  void damage_is_told_and_the_rest_is_counted() throws Exception {
    try (var files = Files.list(cairn.store().resolve("jobs/b/packs"))) {
      Files.delete(files.findFirst().orElseThrow());
    }
    JsonNode all = du(13);
    assertThat(all.at("/jobs/1/orphan_bytes").isNull()).isTrue();
    assertThat(all.at("/jobs/1/checkpoints/0/damage").asString()).contains("missing");
    assertThat(all.at("/jobs/0/stored_bytes").asLong()).isEqualTo(onDisk("jobs/a/packs"));
    cairn.run("du").ends(13).saying("b@3 is damaged");
  }

  @Test
  void a_deleted_job_takes_only_its_numbers() {
    cairn.run("jobs", "delete", "--force", "b").ok();
    JsonNode b = du(0).at("/jobs/1");
    assertThat(b.get("deleted").asBoolean()).isTrue();
    assertThat(b.get("stored_bytes").asLong()).isZero();
    assertThat(b.get("journal_bytes").asLong()).isPositive();
    cairn.run("du", "b").fails(10, "no job b");
    new Cli(directory, directory.resolve("none")).run("du").fails(10, "no store");
  }
}
