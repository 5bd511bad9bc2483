package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Checkpoints as they were listed at an earlier time.
final class ListAtTest {
  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void a_store() {
    cairn = new Cli(directory);
  }

  private String save(int step, String... more) {
    cairn.write("data/file", "step " + step);
    var line =
        new java.util.ArrayList<>(
            List.of("save", "--json", "--job", "a", "--keep-last", "2", "--step", "" + step));
    line.addAll(List.of(more));
    line.add("data");
    return cairn.run(line.toArray(String[]::new)).ok().json().get("id").asString();
  }

  /// When it was published.
  private Instant saved(String id) {
    return Instant.parse(
        cairn
            .run("checkpoints", "show", "--json", id)
            .ok()
            .json()
            .at("/checkpoint/saved")
            .asString());
  }

  private JsonNode at(Object time) {
    return cairn.run("checkpoints", "list", "--json", "a", "--at", time.toString()).ok().json();
  }

  @Test
  void what_retention_has_dropped_since_is_listed_as_it_was() {
    String one = save(1);
    String two = save(2);
    Instant then = saved(two);
    String before = cairn.run("checkpoints", "list", "--json", "a").ok().out();
    assertThat(at(then).findValuesAsString("id")).containsExactly(one, two);
    assertThat(at(then).findValuesAsString("dropped")).containsOnly("false");
    String three = save(3);
    String four = save(4);
    assertThat(before).contains(one, two);
    JsonNode past = at(then);
    assertThat(past.findValuesAsString("id")).containsExactly(one, two);
    assertThat(past.findValuesAsString("step")).containsExactly("1", "2");
    assertThat(past.findValuesAsString("gone")).containsOnly("true");
    assertThat(at(saved(three)).findValuesAsString("id")).containsExactly(two, three);
    assertThat(at(saved(three)).findValuesAsString("dropped")).containsExactly("true", "false");
    assertThat(at("0s ago").findValuesAsString("id")).containsExactly(three, four);
    assertThat(cairn.run("checkpoints", "list", "a", "--at", then.toString()).ok().out())
        .contains(one, two, "gone")
        .doesNotContain(three);
    assertThat(at(saved(three).minusMillis(1)).findValuesAsString("id"))
        .doesNotContain(three, four);
  }

  @Test
  void of_a_trimmed_entry_the_number_is_left() {
    cairn.write("big.json", "\"" + "x".repeat(4000) + "\"");
    String one = save(1, "--state", "big.json");
    Instant then = saved(one);
    cairn.run("jobs", "delete", "--force", "a").ok();
    JsonNode past = at(then);
    assertThat(past.findValuesAsString("id")).containsExactly(one);
    assertThat(past.get(0).get("gone").asBoolean()).isTrue();
    assertThat(past.get(0).get("size_bytes").isNull()).isTrue();
    assertThat(at("0s ago")).isEmpty();
    assertThat(cairn.run("checkpoints", "list", "--at", then.toString()).ok().out())
        .contains(one, "gone");
  }

  @Test
  void before_the_job_there_is_nothing() {
    save(1);
    cairn.run("checkpoints", "list", "a", "--at", "1d ago").fails(10, "there was no job a at");
    cairn.run("checkpoints", "list", "--at", "1d ago").ok().saying("no checkpoints at");
    cairn.run("checkpoints", "list", "none", "--at", "1d ago").fails(10, "there is no job none");
    cairn.run("checkpoints", "list", "a", "--at", "noon").fails(2, "'noon' is not a time");
    cairn.run("checkpoints", "list", "a", "--at", "99x ago").fails(2, "not a duration");
  }

  @Test
  void times_are_written_in_several_ways() {
    Instant now = Instant.parse("2026-11-26T12:00:00Z");
    ZoneId here = ZoneId.systemDefault();
    assertThat(TimeText.parse("90m ago", now)).isEqualTo(now.minus(Duration.ofMinutes(90)));
    assertThat(TimeText.parse("2026-11-26T12:30:00Z", now))
        .isEqualTo(now.plus(Duration.ofMinutes(30)));
    assertThat(TimeText.parse("2026-11-26T12:30+01:00", now))
        .isEqualTo(now.minus(Duration.ofMinutes(30)));
    assertThat(TimeText.parse("2026-11-26T12:30", now))
        .isEqualTo(ZonedDateTime.of(2026, 11, 26, 12, 30, 0, 0, here).toInstant());
    assertThat(TimeText.parse("2026-11-26", now))
        .isEqualTo(ZonedDateTime.of(2026, 11, 26, 0, 0, 0, 0, here).toInstant());
    assertThatThrownBy(() -> TimeText.parse("2026-13-26", now))
        .isInstanceOf(CairnException.Invalid.class);
  }
}
