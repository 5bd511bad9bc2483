package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `cairn checkpoints verify` at its levels: what it reads, what it claims, what it refuses.
class VerifyLevelsTest {
  private static final int CHUNKS = 20;

  private @TempDir Path directory;
  private Cli cairn;
  private String id;

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    var bytes = new byte[CHUNKS * 256 * 1024];
    new Random(1).nextBytes(bytes);
    cairn.write("data/model", bytes);
    id = cairn.run("save", "--job", "j", "--json", "data").ok().json().get("id").asString();
  }

  private JsonNode verify(int code, String... options) {
    var line = new ArrayList<>(List.of("checkpoints", "verify", id, "--json"));
    line.addAll(List.of(options));
    return cairn.run(line.toArray(String[]::new)).ends(code).json().get(0);
  }

  /// A byte in the middle of the largest pack, which is in a chunk.
  private void spoil() throws Exception {
    try (var packs = Files.list(cairn.store().resolve("jobs/j/packs"))) {
      Path pack = packs.max(Comparator.comparingLong(p -> p.toFile().length())).orElseThrow();
      byte[] bytes = Files.readAllBytes(pack);
      bytes[bytes.length / 2] ^= 1;
      Files.write(pack, bytes);
    }
  }

  @Test
  void each_level_says_how_much_it_has_read_of_how_much() {
    JsonNode full = verify(0);
    assertThat(full.get("level").asString()).isEqualTo("full");
    assertThat(full.get("chunks_read").asLong()).isEqualTo(CHUNKS);
    assertThat(full.get("bytes_read").asLong()).isEqualTo(CHUNKS * 256L * 1024);
    assertThat(full.get("seed").isNull()).isTrue();
    assertThat(verify(0, "--full")).isEqualTo(full);

    JsonNode fast = verify(0, "--fast");
    assertThat(fast.get("level").asString()).isEqualTo("fast");
    assertThat(fast.get("chunks_read").asLong()).isZero();
    assertThat(fast.get("chunks").asLong()).isEqualTo(CHUNKS);

    JsonNode sampled = verify(0, "--sampled", "--share", "10%", "--seed", "7");
    assertThat(sampled.get("level").asString()).isEqualTo("sampled");
    assertThat(sampled.get("seed").asLong()).isEqualTo(7);
    assertThat(sampled.get("share").asDouble()).isEqualTo(0.1);
    assertThat(sampled.get("chunks_read").asLong()).isEqualTo(2);
    assertThat(sampled.get("finds_one").asDouble()).isCloseTo(0.1, within(1e-9));
    assertThat(sampled.get("finds_surely").asLong()).isEqualTo(18);
  }

  @Test
  void people_are_told_what_was_not_read() {
    assertThat(cairn.run("checkpoints", "verify", id, "--fast").ok().out())
        .contains(id + " complete", "contents not read (20 chunks, 5.0 MiB)")
        .doesNotContain("valid");
    assertThat(cairn.run("checkpoints", "verify", id, "--sampled", "--seed", "3").ok().out())
        .contains("valid in a sample: 1 of 20 chunks read (256 KiB of 5.0 MiB), seed 3")
        .contains("finds one damaged chunk with 5.00 %, 20 of them with 99 %");
    assertThat(cairn.run("checkpoints", "verify", id).ok().out())
        .contains(id + " valid, 5.0 MiB checked (all 20 chunks)");
  }

  @Test
  void a_seed_can_be_repeated_and_is_another_one_each_time() {
    JsonNode once = verify(0, "--sampled");
    JsonNode other = verify(0, "--sampled");
    assertThat(once.get("seed")).isNotEqualTo(other.get("seed"));
    assertThat(verify(0, "--sampled", "--seed", once.get("seed").asString())).isEqualTo(once);
  }

  @Test
  void damage_in_contents_is_found_by_those_who_read_them() throws Exception {
    spoil();
    assertThat(verify(0, "--fast").get("valid").asBoolean()).isTrue();
    assertThat(verify(1, "--sampled", "--share", "1").get("valid").asBoolean()).isFalse();
    JsonNode full = verify(1);
    assertThat(full.get("damaged").get(0).get("files").get(0).asString()).isEqualTo("model");
    assertThat(full.get("chunks_read").asLong()).isEqualTo(CHUNKS - 1);
    assertThat(full.get("finds_one").isNull()).isTrue();
  }

  @Test
  void a_journal_entry_that_cannot_be_read_is_a_failure() throws Exception {
    cairn.write("data/more", "more");
    cairn.run("save", "--job", "j", "data").ok();
    Path entry = cairn.store().resolve("jobs/j/journal/%020d.json".formatted(number()));
    byte[] bytes = Files.readAllBytes(entry);
    bytes[bytes.length / 2] ^= 1;
    Files.write(entry, bytes);
    Cli.Result result = cairn.run("checkpoints", "verify", "j").ends(1);
    assertThat(result.out())
        .contains("j DAMAGED", "entry %d of the journal".formatted(number()))
        .contains("if it was a checkpoint, that cannot be checked");
  }

  private long number() {
    return Long.parseLong(id.substring(id.indexOf('@') + 1));
  }

  @Test
  void what_makes_no_sense_is_refused() {
    cairn.run("checkpoints", "verify", id, "--fast", "--full").fails(2, "one level");
    cairn.run("checkpoints", "verify", id, "--share", "5%").fails(2, "--sampled");
    cairn.run("checkpoints", "verify", id, "--fast", "--seed", "1").fails(2, "--sampled");
    for (String share : new String[] {"0", "-1%", "101%", "NaN", "x", "%", ""}) {
      cairn.run("checkpoints", "verify", id, "--sampled", "--share", share).fails(2, "share");
    }
  }
}
