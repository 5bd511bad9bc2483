package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the command writes to pipes and shells, and what it hands on to the command that it runs.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OutputTest {
  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void some_data() {
    cairn = new Cli(directory);
    cairn.write("data/a", "one");
  }

  @Test
  void a_reader_that_goes_away_is_no_error() throws Exception {
    for (int i = 0; i < 3000; i++) {
      cairn.write("data/a-name-that-makes-the-list-longer-than-a-pipe-holds-" + i, "");
    }
    cairn.run("save", "--job", "j", "data").ok();
    cairn.shell("$cairn checkpoints show --json j | head -1").ok();
    cairn.shell("$cairn completion | head -1").ok();
    cairn.shell("$cairn --help | true").ok();
    Cli.Result closed = cairn.shell("$cairn checkpoints list >&-; $cairn jobs list 2>&-");
    assertThat(closed.err()).doesNotContain("rror");
  }

  @Test
  void the_completion_script_is_valid() throws Exception {
    Path script = cairn.write("completion", cairn.run("completion").ok().out());
    Process bash;
    try {
      bash = new ProcessBuilder("bash", "-n", script.toString()).redirectErrorStream(true).start();
    } catch (java.io.IOException e) {
      assumeTrue(false, "there is no bash");
      return;
    }
    String said =
        new String(bash.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(bash.waitFor()).as(said).isZero();
    assertThat(Files.readString(script)).contains("checkpoints", "--keep-last");
  }

  @Test
  void a_command_gets_its_arguments_exactly() throws Exception {
    cairn.write("file", "expanded");
    cairn.write("show.sh", "for a in \"$@\"; do printf '[%s]' \"$a\"; done > seen\n");
    for (String separator : new String[] {"-- ", ""}) {
      cairn
          .shell(
              "$cairn run --job j$$ --watch w "
                  + separator
                  + "sh show.sh @file '${sys:user.home}' '\"quoted\"' \"it's\" '' ' ' '*' --job x --json --help -h -- --store y '😀' 'a\nb' k=v")
          .ok();
      assertThat(directory.resolve("seen"))
          .hasContent(
              "[@file][${sys:user.home}][\"quoted\"][it's][][ ][*][--job][x][--json][--help][-h][--][--store][y][😀][a\nb][k=v]");
      Files.delete(directory.resolve("seen"));
    }
  }

  @Test
  void what_others_wrote_into_the_store_cannot_steer_a_terminal() throws Exception {
    cairn
        .shell(
            "CAIRN_NODE=$(printf 'n\\033[31m\\rx') $cairn save --job j --label \"k=$(printf '\\033[2J')\" data")
        .ok();
    for (String line :
        new String[] {
          "jobs list", "jobs show j", "jobs history j", "checkpoints list", "checkpoints show j"
        }) {
      Cli.Result result = cairn.run(line.split(" ", -1)).ok();
      assertThat(result.out()).isNotEmpty().doesNotContain("\u001b", "\r");
    }
  }

  @Test
  void colours_and_progress_stay_out_of_what_is_no_terminal() throws Exception {
    cairn.run("save", "--job", "j", "data").ok();
    for (String line :
        new String[] {"--help", "jobs list", "checkpoints verify j", "save --job j data"}) {
      Cli.Result result = cairn.runProcess(line.split(" ", -1)).ok();
      assertThat(result.out() + result.err()).doesNotContain("\u001b", "\r");
    }
  }
}
