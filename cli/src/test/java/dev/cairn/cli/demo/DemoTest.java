package dev.cairn.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Plays the whole demo with the classes under test, in real processes.
class DemoTest {
  @Test
  @Timeout(value = 90, unit = TimeUnit.SECONDS)
  void everything_that_the_demo_promises_holds_and_nothing_is_left_behind() throws Exception {
    var out = new StringWriter();
    var story = new StringWriter();
    int code =
        new CommandLine(new DemoCommand())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(story, true))
            .execute("--json");

    assertThat(code).as("%s", story).isZero();
    JsonNode report = JsonMapper.shared().readTree(out.toString());
    assertThat(report.get("problem").isNull()).isTrue();
    assertThat(report.get("identical").asBoolean()).isTrue();
    assertThat(report.get("accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(
            StreamSupport.stream(report.get("work_saved").spliterator(), false)
                .map(saving -> saving.get("percent").asInt()))
        .containsExactly(25, 50, 75, 90);
    assertThat(ProcessHandle.current().descendants()).isEmpty();
    assertThat(story.toString()).contains("bit for bit").doesNotContain("\u001b");
  }
}
