package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `cairn scrub` in processes of its own: it takes the process's signals over.
class ScrubCommandTest {
  private static final int SAVES = 4;

  private @TempDir Path directory;
  private Cli cairn;
  private Path memory;

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    memory = cairn.store().resolve("jobs/j/scrub.json");
    var random = new Random(1);
    for (int i = 0; i < SAVES; i++) {
      var bytes = new byte[300_000];
      random.nextBytes(bytes);
      cairn.write("data/part-" + i, bytes);
      cairn.run("save", "--job", "j", "data").ok();
    }
  }

  private JsonNode scrub(String... options) throws Exception {
    var line = new ArrayList<>(List.of("scrub", "--json"));
    line.addAll(List.of(options));
    return cairn.runProcess(line.toArray(String[]::new)).ok().json();
  }

  private long packs() throws Exception {
    try (var packs = Files.list(cairn.store().resolve("jobs/j/packs"))) {
      return packs.count();
    }
  }

  private CairnProcess start(String... arguments) {
    return CairnProcess.start(
        List.of(Main.class.getName()),
        List.of(arguments),
        directory,
        Map.of("CAIRN_STORE", cairn.store().toString()),
        directory.resolve("scrub"));
  }

  @Test
  void it_reads_everything_once_and_remembers_that() throws Exception {
    JsonNode first = scrub();
    assertThat(first.get("packs").asLong()).isEqualTo(packs());
    assertThat(first.get("bytes").asLong()).isGreaterThan(SAVES * 300_000L);
    assertThat(first.get("complete").asBoolean()).isTrue();
    assertThat(first.get("proof").asString()).isEqualTo("sha256");
    assertThat(scrub("j").get("fresh_packs").asLong()).isEqualTo(packs());
    assertThat(scrub("--every", "0s", "--crc-only").get("packs").asLong()).isEqualTo(packs());
  }

  @Test
  void damage_is_told_with_what_it_spoils_and_what_to_do() throws Exception {
    try (var packs = Files.list(cairn.store().resolve("jobs/j/packs"))) {
      Path pack = packs.max(Comparator.comparingLong(p -> p.toFile().length())).orElseThrow();
      byte[] bytes = Files.readAllBytes(pack);
      bytes[100_000] ^= 1;
      Files.write(pack, bytes);
      Cli.Result result = cairn.runProcess("scrub").ends(1);
      assertThat(result.out())
          .contains("DAMAGED jobs/j/packs/" + pack.getFileName() + ": is damaged at byte 4096")
          .contains("needed by j@", "affects part-", "1 damaged");
      result.saying("nothing was changed", "cairn checkpoints verify j");
      assertThat(Files.readAllBytes(pack)).isEqualTo(bytes);
    }
  }

  @Test
  void sigterm_stops_it_and_the_next_goes_on_there() throws Exception {
    CairnProcess slow = start("scrub", "--rate", "100KB/s");
    Until.holds("it remembers the first pack", () -> Files.exists(memory), slow::told);
    slow.signal("TERM");
    assertThat(slow.awaitExit()).as(slow::told).isEqualTo(130);
    assertThat(slow.output()).contains("stopped, goes on there next time");

    JsonNode next = scrub();
    assertThat(next.get("fresh_packs").asLong()).isPositive();
    assertThat(next.get("packs").asLong()).isPositive();
    assertThat(next.get("fresh_packs").asLong() + next.get("packs").asLong()).isEqualTo(packs());
  }

  @Test
  void after_sigkill_the_next_goes_on_there_too() throws Exception {
    CairnProcess slow = start("scrub", "--rate", "100KB/s");
    Until.holds("it remembers the first pack", () -> Files.exists(memory), slow::told);
    slow.kill();
    assertThat(scrub().get("fresh_packs").asLong()).isPositive();
  }

  @Test
  void forever_means_until_it_is_stopped() {
    CairnProcess service = start("scrub", "--forever");
    Until.holds("a pass", () -> service.output().contains("scrubbed: "), service::told);
    service.signal("TERM");
    assertThat(service.awaitExit()).as(service::told).isZero();
  }

  @Test
  void what_makes_no_sense_is_refused() throws Exception {
    cairn.runProcess("scrub", "nobody").fails(10, "nobody");
    for (String rate : new String[] {"0", "fast", "50XB/s", "-1MB/s", "0.0001KB/s"}) {
      cairn.runProcess("scrub", "--rate", rate).fails(2, "rate");
    }
  }
}
