package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.JobLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `cairn prune`, the `--keep` rules of saves, and what becomes of completed jobs.
class PruneCommandTest {
  private static final int USAGE = 2;
  private static final int NOT_FOUND = 10;
  private static final int CORRUPT = 13;
  private static final int UNAVAILABLE = 14;

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void a_directory_to_save() {
    cairn = new Cli(directory);
    cairn.write("data/file", "contents");
  }

  /// Saves so many checkpoints with steps from 1, and losses that fall to the third and rise again.
  private List<String> saved(String job, int count) {
    var ids = new ArrayList<String>();
    for (int step = 1; step <= count; step++) {
      cairn.write("data/file", job + step + "x".repeat(2000));
      cairn.write("state.json", "{\"eval\":{\"loss\":%d}}".formatted(Math.abs(step - 3)));
      ids.add(
          cairn
              .run(
                  "save",
                  "--job",
                  job,
                  "--step",
                  String.valueOf(step),
                  "--state",
                  "state.json",
                  "--keep-last",
                  "100",
                  "--json",
                  "data")
              .ok()
              .json()
              .get("id")
              .asString());
    }
    return ids;
  }

  private List<String> there(String job) {
    return cairn.run("checkpoints", "list", "--json", job).ok().json().findValuesAsString("id");
  }

  private JobLog log(String job) {
    var env = new SystemEnv();
    return JobLog.open(
        dev.cairn.checkpoint.Store.open(new RealDisk(), env, cairn.store()).journal(),
        env,
        JobId.of(job));
  }

  @Test
  void a_dry_run_tells_what_would_go_and_what_stays_and_why_and_changes_nothing() {
    List<String> ids = saved("a", 6);
    var before = Cli.contents(cairn.store());
    Cli.Result result = cairn.run("prune", "a", "--keep-best", "1:eval.loss:min", "--dry-run").ok();
    assertThat(result.out())
        .contains("job a: 3 of 6 checkpoints would go, which frees ")
        .containsPattern("drop +%s .*no rule keeps it".formatted(ids.get(0)))
        .containsPattern("keep +%s .*keep-best=1:eval.loss:min".formatted(ids.get(2)))
        .containsPattern("keep +%s .*newest\n".formatted(ids.get(4)))
        .containsPattern("keep +%s .*newest, gone-on-from\n".formatted(ids.get(5)));
    assertThat(Cli.contents(cairn.store())).isEqualTo(before);
  }

  @Test
  void what_no_rule_keeps_goes_with_its_bytes() throws Exception {
    List<String> ids = saved("a", 6);
    long before = packs("a");
    JsonNode told =
        cairn
            .run("prune", "a", "--keep-every", "4", "--keep-best", "1:eval.loss:min", "--json")
            .ok()
            .json()
            .get(0);
    assertThat(told.get("dropped").values())
        .extracting(JsonNode::asString)
        .containsExactly(ids.get(0), ids.get(1), ids.get(3));
    assertThat(told.get("checkpoints").get(2).get("reasons").values())
        .extracting(JsonNode::asString)
        .containsExactly("keep-every=4", "keep-best=1:eval.loss:min");
    assertThat(there("a")).containsExactly(ids.get(2), ids.get(4), ids.get(5));
    assertThat(before - packs("a")).isEqualTo(told.get("frees_bytes").asLong()).isPositive();
    cairn.run("checkpoints", "verify", ids.get(2), ids.get(4), ids.get(5)).ok();
  }

  private long packs(String job) throws Exception {
    try (var files = Files.list(cairn.store().resolve("jobs/%s/packs".formatted(job)))) {
      long sum = 0;
      for (Path file : files.toList()) {
        sum += Files.size(file);
      }
      return sum;
    }
  }

  @Test
  void what_is_old_goes_but_never_the_two_newest_and_never_what_is_pinned() {
    List<String> ids = saved("a", 5);
    log("a").append(_ -> new Event.Pinned("ann", Long.parseLong(ids.get(1).substring(2))));
    cairn.run("prune", "--older-than", "1d").ok();
    assertThat(there("a")).isEqualTo(ids);
    cairn.run("prune", "--older-than", "1ms").ok();
    assertThat(there("a")).containsExactly(ids.get(1), ids.get(3), ids.get(4));
  }

  @Test
  void without_a_rule_no_checkpoint_goes_and_nothing_is_written() {
    List<String> ids = saved("a", 4);
    var before = Cli.contents(cairn.store());
    assertThat(cairn.run("prune").ok().out()).contains("job a: 0 of 4 checkpoints go");
    assertThat(Cli.contents(cairn.store())).isEqualTo(before);
    assertThat(there("a")).isEqualTo(ids);
  }

  @Test
  void one_damaged_job_does_not_keep_the_others_from_being_pruned() throws Exception {
    saved("a", 4);
    List<String> ids = saved("b", 4);
    Files.write(
        cairn.store().resolve("jobs/a/journal/%020d.json".formatted(3)),
        new byte[] {'r', 'o', 't'});
    cairn.run("prune", "--keep-last", "1").ends(CORRUPT).saying("journal of job a is damaged");
    assertThat(there("b")).containsExactly(ids.get(2), ids.get(3));
  }

  @Test
  void a_damaged_checkpoint_takes_no_place() throws Exception {
    List<String> ids = saved("a", 4);
    Path newest;
    try (var files = Files.list(cairn.store().resolve("jobs/a/packs"))) {
      newest = files.max((x, y) -> Long.compare(token(x), token(y))).orElseThrow();
    }
    Files.write(newest, new byte[100]);
    JsonNode told = cairn.run("prune", "--keep-last", "2", "--json", "--dry-run").ok().json();
    assertThat(told.get(0).get("checkpoints").get(3).get("damaged").asBoolean()).isTrue();
    assertThat(told.get(0).get("checkpoints").values())
        .filteredOn(checkpoint -> !checkpoint.get("kept").asBoolean())
        .extracting(checkpoint -> checkpoint.get("id").asString())
        .containsExactly(ids.get(0));
  }

  private static long token(Path pack) {
    String name = pack.getFileName().toString();
    return Long.parseLong(name.substring(0, name.indexOf('-')));
  }

  @Test
  void a_dead_holder_is_not_asked() {
    List<String> ids = saved("a", 4);
    var here = Host.here();
    var dead = new Event.Owner(here.node(), here.boot(), 1L << 30, 1);
    JobLog log = log("a");
    long last = log.append(_ -> new Event.Claimed(Event.Purpose.WORK, dead, null, 30_000)).number();
    cairn.run("prune", "a", "--keep-last", "1").ends(UNAVAILABLE).saying("is dead", "jobs pause a");
    log.refresh();
    assertThat(log.history().last()).isEqualTo(last);
    assertThat(there("a")).isEqualTo(ids);
  }

  @Test
  void saves_keep_by_the_same_rules() {
    for (int step = 1; step <= 6; step++) {
      cairn.write("data/file", "step " + step);
      cairn
          .run("save", "--job", "a", "--step", String.valueOf(step), "--keep-every", "3", "data")
          .ok();
    }
    JsonNode left = cairn.run("checkpoints", "list", "--json", "a").ok().json();
    assertThat(left.values()).extracting(c -> c.get("step").asLong()).containsExactly(2L, 5L, 6L);
  }

  private Cli.Result completed(String job, String onSuccess) throws Exception {
    return cairn
        .runProcess(
            "run",
            "--job",
            job,
            "--watch",
            "out-" + job,
            "--on-success",
            onSuccess,
            "--",
            "sh",
            "-c",
            "echo result >out-%s/result".formatted(job))
        .ok();
  }

  @Test
  void what_a_completed_job_has_saved_is_deleted_if_that_was_asked_for() throws Exception {
    completed("a", "delete").saying("2 checkpoints deleted");
    assertThat(there("a")).isEmpty();
    assertThat(packs("a")).isZero();
    assertThat(cairn.run("jobs", "show", "a").ok().out()).contains("completed");
    assertThat(directory.resolve("out-a/result")).hasContent("result");
    completed("a", "delete").saying("there is nothing to do");
  }

  @Test
  void what_a_completed_job_has_saved_is_gone_once_its_time_is_over() throws Exception {
    completed("long", "keep:1d");
    completed("short", "keep:1ms");
    completed("ever", "keep");
    cairn.run("prune").ok();
    assertThat(there("short")).isEmpty();
    assertThat(there("long")).hasSize(2);
    assertThat(there("ever")).hasSize(2);
  }

  @Test
  void nonsense_is_refused_before_anything_is_done() {
    saved("a", 1);
    for (String rule :
        List.of(
            "--keep-last=0",
            "--keep-every=0",
            "--keep-hourly=-1",
            "--keep-daily=many",
            "--keep-weekly=0",
            "--keep-best=loss",
            "--keep-best=0:loss:min",
            "--keep-best=3:",
            "--keep-within=0s",
            "--older-than=soon")) {
      cairn.run("prune", "a", rule).fails(USAGE);
    }
    cairn.run("prune", "nobody", "--keep-last=1").fails(NOT_FOUND, "nobody");
    for (String wish : List.of("", "drop", "keep:", "keep:x")) {
      cairn.run("run", "--job", "r", "--on-success", wish, "--", "true").fails(USAGE);
    }
  }
}
