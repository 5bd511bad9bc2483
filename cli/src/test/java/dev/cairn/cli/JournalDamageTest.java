package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// The entry of the newest checkpoint is damaged: whoever gets an older one is told.
class JournalDamageTest {
  private @TempDir Path directory;
  private Cli cairn;
  private Path newest;

  enum How {
    CHANGED,
    EMPTIED,
    REMOVED
  }

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    for (int i = 1; i <= 3; i++) {
      cairn.write("data/file", "version " + i);
      cairn.run("save", "--job", "q", "data").ok();
    }
    newest = cairn.store().resolve("jobs/q/journal/00000000000000000009.json");
  }

  private void damage(How how) throws IOException {
    switch (how) {
      case CHANGED -> {
        byte[] bytes = Files.readAllBytes(newest);
        bytes[30]++;
        Files.write(newest, bytes);
      }
      case EMPTIED -> Files.write(newest, new byte[0]);
      case REMOVED -> Files.delete(newest);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everybody_is_told(How how) throws Exception {
    damage(how);
    String entry = "entry 9 of the journal of job q is damaged";
    Cli.Result restored = cairn.run("checkpoints", "restore", "q", "--to", "out").ok();
    assertThat(restored.out()).contains("restored q@6, the newest that is whole");
    assertThat(restored.err()).contains(entry);
    JsonNode json = cairn.run("checkpoints", "restore", "q", "--to", "out2", "--json").ok().json();
    assertThat(json.get("damaged").get(0).asString()).isEqualTo("entry 9 of the journal of job q");
    assertThat(cairn.run("checkpoints", "list", "q").ok().err()).contains(entry);
    assertThat(cairn.run("jobs", "show", "q").ok().err()).contains(entry);
    assertThat(cairn.run("checkpoints", "show", "q@9").ends(13).err()).contains(entry);
    assertThat(cairn.run("jobs", "history", "q").ok().out()).contains("damaged: ", "10 ");
    Cli.Result verified = cairn.run("checkpoints", "verify", "q").ends(1);
    assertThat(verified.out()).contains("entry 9 of the journal of job q: is damaged");
    assertThat(cairn.runProcess("scrub").ends(1).out()).contains("entry 9 of the journal of job q");
    assertThat(cairn.runProcess("run", "--job", "q", "--watch", "w", "--", "true").ok().err())
        .contains(entry, "restored q@6");
  }
}
