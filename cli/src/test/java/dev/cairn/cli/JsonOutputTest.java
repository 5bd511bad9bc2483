package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

/// What `--json` prints: one document, alone on standard output, whatever is said to people.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class JsonOutputTest {
  /// It takes long, and has a test of its own.
  private static final String ELSEWHERE = "demo";

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;
  private final Set<String> covered = new TreeSet<>();

  @BeforeEach
  void one_job() throws Exception {
    cairn = new Cli(directory);
    cairn.write("data/new\nline \"quoted\"", "one");
    cairn.write("state.json", "{\"cursor\": 7}");
    Files.createSymbolicLink(directory.resolve("data/link"), Path.of("../state.json"));
    cairn.run("save", "--job", "a", "data").ok();
  }

  private JsonNode json(int code, String... arguments) {
    var line = new ArrayList<>(List.of(arguments));
    line.add("--json");
    Cli.Result result = cairn.run(line.toArray(String[]::new)).ends(code);
    assertThat(result.out()).as("%s", result).endsWith(System.lineSeparator());
    String first = arguments[0];
    covered.add(Set.of("jobs", "checkpoints").contains(first) ? first + " " + arguments[1] : first);
    return result.json();
  }

  @Test
  void every_command_answers_with_one_document() throws Exception {
    JsonNode saved =
        json(
            0,
            "save",
            "--job",
            "a",
            "--step",
            "7",
            "--state",
            "state.json",
            "--label",
            "k=v",
            "data");
    assertThat(saved.get("id").asString()).isEqualTo("a@6");
    assertThat(saved.get("locations").get(0).asString()).isEqualTo(cairn.store().toString());
    assertThat(saved.get("size_bytes").asLong()).isPositive();
    assertThat(saved.get("duration_ms").isIntegralNumber()).isTrue();
    assertThat(saved.get("warnings")).hasSize(1);

    assertThat(json(0, "jobs", "list").get(0).get("job").asString()).isEqualTo("a");
    assertThat(json(0, "jobs", "list", "--resumable")).hasSize(1);
    JsonNode job = json(0, "jobs", "show", "a");
    assertThat(job.get("status").asString()).isEqualTo("pending");
    assertThat(job.get("newest_checkpoint").asString()).isEqualTo("a@6");
    assertThat(job.get("step").asLong()).isEqualTo(7);
    assertThat(json(0, "jobs", "history", "a")).hasSizeGreaterThanOrEqualTo(6);

    assertThat(json(0, "checkpoints", "list")).hasSize(2);
    assertThat(json(0, "checkpoints", "list", "a").get(1).get("step").asLong()).isEqualTo(7);
    JsonNode shown = json(0, "checkpoints", "show", "a");
    assertThat(shown.get("contents").findValuesAsString("path")).contains("new\nline \"quoted\"");
    assertThat(shown.at("/checkpoint/labels/k").asString()).isEqualTo("v");
    assertThat(json(0, "checkpoints", "verify", "a@3", "a@6")).hasSize(2);
    assertThat(json(1, "diff", "a@3", "a").get("state")).hasSize(1);
    assertThat(json(0, "du").get("jobs")).hasSize(1);
    assertThat(json(0, "export", "a", "a.tar").get("id").asString()).isEqualTo("a@6");
    cairn.write("b.tar", new TarBytes().file("f", "x").whole()); // the link in a.tar leads outside
    assertThat(json(0, "import", "b.tar", "b").get("id").asString()).startsWith("b@");
    assertThat(json(0, "jobs", "delete", "--force", "b").get("deleted").asString()).isEqualTo("b");
    assertThat(cairn.runProcess("scrub", "--json").ok().json().get("packs").asLong()).isPositive();
    covered.add("scrub"); // in a process of its own, whose signals it takes over
    assertThat(json(0, "checkpoints", "restore", "--to", "out", "a").get("id").asString())
        .isEqualTo("a@6");
    assertThat(json(0, "prune", "a", "--keep-last", "1").get(0).get("checkpoints")).hasSize(2);
    assertThat(json(0, "checkpoints", "delete", "a@3").get("deleted").asString()).isEqualTo("a@3");

    assertThat(json(0, "checkpoints", "pin", "a@6").get("pinned").asBoolean()).isTrue();
    assertThat(json(0, "checkpoints", "tag", "a@6", "t").get("tags").get(0).asString())
        .isEqualTo("t");
    assertThat(json(0, "checkpoints", "unpin", "a@t").get("pinned").asBoolean()).isFalse();
    assertThat(json(0, "fork", "a@6", "b").get("from").asString()).isEqualTo("a@6");
    assertThat(json(0, "jobs", "delete", "--force", "b").get("deleted").asString()).isEqualTo("b");
    assertThat(json(0, "jobs", "rollback", "a", "--to", "6").get("status").asString())
        .isEqualTo("pending");
    assertThat(json(0, "copy", "a", "--to", "other").get("copied")).hasSize(1);
    assertThat(json(0, "repair", "a").get(0).get("status").asString()).isEqualTo("whole");
    assertThat(json(0, "jobs", "pause", "a").get("status").asString()).isEqualTo("paused");
    assertThat(json(0, "jobs", "resume", "a").get("status").asString()).isEqualTo("pending");
    assertThat(json(0, "jobs", "cancel", "a").get("status").asString()).isEqualTo("cancelled");
    assertThat(json(0, "jobs", "delete", "--force", "a").get("deleted").asString()).isEqualTo("a");
    assertThat(json(0, "jobs", "list")).isEmpty();
    assertThat(json(0, "doctor").get("ok").asBoolean()).isTrue();

    whileItRuns();
    covered.add(ELSEWHERE);
    assertThat(covered).isEqualTo(commandsWithJson());
  }

  private void whileItRuns() throws Exception {
    Process running =
        cairn
            .process(
                cairn.commandLine(
                    "run",
                    "--job",
                    "r",
                    "--watch",
                    "w",
                    "--",
                    "sh",
                    "-c",
                    "echo x > w/x; exec sleep 60"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(directory.resolve("w/x")));
      String id = json(0, "checkpoint", "r").get("id").asString();
      assertThat(json(0, "jobs", "show", "r").get("status").asString()).isEqualTo("running");
      assertThat(json(0, "checkpoints", "show", id).get("contents").findValuesAsString("path"))
          .containsExactly("x");
      assertThat(json(0, "jobs", "pause", "r").get("status").asString()).isEqualTo("paused");
      assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(running.exitValue()).isEqualTo(130);
    } finally {
      running.destroyForcibly().waitFor();
    }
  }

  private Set<String> commandsWithJson() {
    var names = new TreeSet<String>();
    var none = new PrintWriter(new StringWriter());
    collect(Commands.tree(cairn.context(none, none)), "", names);
    return names;
  }

  private static void collect(CommandLine line, String name, Set<String> names) {
    if (line.getCommandSpec().findOption("--json") != null) {
      names.add(name);
    }
    line.getSubcommands().forEach((word, sub) -> collect(sub, (name + " " + word).strip(), names));
  }

  @Test
  void an_empty_store_is_an_empty_list() {
    cairn.run("jobs", "delete", "--force", "a").ok();
    assertThat(json(0, "jobs", "list")).isEmpty();
    assertThat(json(0, "jobs", "list", "--resumable")).isEmpty();
    assertThat(json(0, "checkpoints", "list")).isEmpty();
  }

  @Test
  void a_negative_answer_is_a_document_too() throws Exception {
    damageAllPacks();
    JsonNode verified = json(1, "checkpoints", "verify", "a");
    assertThat(verified.get(0).get("valid").asBoolean()).isFalse();
    assertThat(verified.get(0).get("damaged").get(0).get("object").asString()).contains("packs/");

    assertThat(json(1, "doctor", "--store", "data").get("ok").asBoolean()).isFalse();
  }

  @Test
  void an_error_prints_nothing_that_could_be_taken_for_an_answer() {
    cairn.run("jobs", "show", "--json", "nobody").fails(10);
    cairn.run("checkpoints", "restore", "--json", "--to", "data", "a").fails(11);
    cairn.run("save", "--json", "--job", "..", "data").fails(2);
    cairn.run("jobs", "list", "--json", "--nonsense").fails(2);
    cairn.run("jobs", "list", "--json", "--store", "nowhere").fails(10);
  }

  @Test
  void what_is_said_to_people_stays_out_of_the_document() throws Exception {
    Set<Path> first = packs();
    cairn.write("data/b", "two");
    cairn.run("save", "--job", "a", "data").ok();
    for (Path pack : packs()) {
      if (!first.contains(pack)) {
        damage(pack);
      }
    }
    Cli.Result restored = cairn.run("checkpoints", "restore", "--json", "--to", "out", "a").ok();
    restored.saying("a@6 is damaged");
    assertThat(restored.json().get("id").asString()).isEqualTo("a@3");
    assertThat(restored.json().get("damaged").get(0).asString()).isEqualTo("a@6");

    Path newest = newestEntry();
    Files.write(newest, "garbage".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    cairn.run("save", "--job", "b", "data").ok();
    Cli.Result list = cairn.run("jobs", "list", "--json").saying("job a is damaged");
    assertThat(list.json().findValuesAsString("job")).contains("b");
  }

  private Set<Path> packs() throws Exception {
    try (var names = Files.list(cairn.store().resolve("jobs/a/packs"))) {
      return new TreeSet<>(names.toList());
    }
  }

  private Path newestEntry() throws Exception {
    try (var names = Files.list(cairn.store().resolve("jobs/a/journal"))) {
      return names.sorted().reduce((_, last) -> last).orElseThrow();
    }
  }

  private void damageAllPacks() throws Exception {
    for (Path pack : packs()) {
      damage(pack);
    }
  }

  private static void damage(Path pack) throws Exception {
    byte[] bytes = Files.readAllBytes(pack);
    for (int i = 0; i < bytes.length; i += 7) {
      bytes[i] ^= 0x55;
    }
    Files.write(pack, bytes);
  }
}
