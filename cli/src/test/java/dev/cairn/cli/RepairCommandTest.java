package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Damaged packs, and where the bytes can be had again.
class RepairCommandTest {
  private static final int CHUNK = 256 * 1024;

  private @TempDir Path directory;
  private Cli cairn;

  enum How {
    CHANGED_CHUNK,
    CHANGED_HEADER,
    CHANGED_FOOTER,
    CUT,
    REMOVED
  }

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    cairn.write("data/big", noise(200 * CHUNK, 1)); // more chunks than stand in the list of files
    cairn.write("data/text", "the same words, ".repeat(100_000));
    cairn.write("data/empty", "");
    cairn.run("save", "--job", "j", "data").ok();
    byte[] big = noise(200 * CHUNK, 1);
    System.arraycopy(noise(CHUNK, 2), 0, big, 70 * CHUNK, CHUNK);
    cairn.write("data/big", big);
    cairn.run("save", "--job", "j", "data").ok();
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private List<Path> packs() throws IOException {
    try (var packs = Files.list(cairn.store().resolve("jobs/j/packs"))) {
      return packs.sorted().toList();
    }
  }

  private static void damage(Path pack, How how) throws IOException {
    byte[] bytes = Files.readAllBytes(pack);
    int middle = Math.min(bytes.length / 2, 5 * CHUNK);
    switch (how) {
      case CHANGED_CHUNK -> bytes[middle]++;
      case CHANGED_HEADER -> bytes[3]++;
      case CHANGED_FOOTER -> bytes[bytes.length - 40]++;
      case CUT -> bytes = java.util.Arrays.copyOf(bytes, middle);
      case REMOVED -> {
        Files.delete(pack);
        return;
      }
    }
    Files.write(pack, bytes);
  }

  private void copyStore(String to) throws Exception {
    cairn.shell("cp -r \"%s\" \"%s\"".formatted(cairn.store(), directory.resolve(to))).ok();
  }

  private void assertWhole() {
    cairn.run("checkpoints", "verify", "j").ok();
    cairn.run("checkpoints", "restore", "j", "--to", "out").ok();
    assertThat(Cli.contents(directory.resolve("out")))
        .isEqualTo(Cli.contents(directory.resolve("data")));
  }

  @ParameterizedTest
  @EnumSource
  void each_pack_is_mended_from_a_copy_of_the_store(How how) throws Exception {
    copyStore("sibling");
    int count = packs().size();
    for (int i = 0; i < count; i++) {
      cairn.shell("rm -rf store out && cp -r sibling store").ok();
      damage(packs().get(i), how);
      cairn.run("checkpoints", "verify", "j").ends(1);
      JsonNode results = cairn.run("repair", "j", "--from", "sibling", "--json").ok().json();
      assertThat(results).hasSize(2);
      assertThat(results.findValuesAsString("status")).contains("repaired").doesNotContain("lost");
      assertWhole();
      assertThat(cairn.run("repair", "j", "--json").ok().json().findValuesAsString("status"))
          .containsOnly("whole");
    }
  }

  @Test
  void chunks_come_from_a_fork_and_from_the_files_themselves() throws Exception {
    cairn.run("fork", "j", "k").ok();
    var large = new ArrayList<Path>();
    for (Path pack : packs()) {
      if (Files.size(pack) > 10L * CHUNK) {
        large.add(pack);
      }
    }
    assertThat(large).hasSize(1);
    damage(large.getFirst(), How.CHANGED_CHUNK);
    cairn.run("repair", "j").ok();
    assertWhole();
    cairn.run("jobs", "delete", "k", "--force").ok();
    cairn.shell("rm -rf out").ok();
    for (Path pack : packs()) {
      if (Files.size(pack) > CHUNK) {
        damage(pack, How.CHANGED_CHUNK);
      }
    }
    cairn.run("repair", "j", "--from", "data").ok();
    assertWhole();
  }

  @Test
  void what_nobody_has_is_told_by_file_and_nothing_is_taken_away() throws Exception {
    for (Path pack : packs()) {
      if (Files.size(pack) > 10L * CHUNK) {
        damage(pack, How.CHANGED_CHUNK);
      }
    }
    int before = packs().size();
    Cli.Result result = cairn.run("repair", "j").ends(13);
    assertThat(result.out()).contains("j@3 LOST: big", "j@6 LOST: big").doesNotContain("text");
    assertThat(packs()).hasSizeGreaterThanOrEqualTo(before);
    cairn.run("checkpoints", "cat", "j", "text").ok();
    cairn.run("repair", "j", "--from", "nowhere").fails(10, "there is no ", "Nothing was changed");
    cairn.run("repair", "nobody").fails(10, "there is no job nobody");
  }
}
