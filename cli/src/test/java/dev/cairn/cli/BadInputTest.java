package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Ids, options and arguments that are wrong: the documented exit code, a sentence that says what
/// to do, and nothing changed.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BadInputTest {
  private static final String LONG = "x".repeat(200);
  static final List<String> BAD_IDS =
      List.of("../x", "", LONG, "a/b", ".hidden", "-a", "a b", "a\nb", "é", "a\u0000b", "..", "@1");

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void one_job_with_two_checkpoints() {
    cairn = new Cli(directory);
    cairn.write("data/a", "one");
    cairn.run("save", "--job", "a", "--step", "1", "data").ok();
    cairn.write("data/a", "two");
    cairn.run("save", "--job", "a", "--step", "2", "data").ok();
  }

  /// Every command that takes a job, with `id` in its place.
  private static Stream<List<String>> withJob(String id) {
    return Stream.of(
        List.of("jobs", "show", id),
        List.of("jobs", "history", id),
        List.of("jobs", "pause", id),
        List.of("jobs", "cancel", id),
        List.of("jobs", "resume", id),
        List.of("jobs", "delete", "--force", id),
        List.of("checkpoint", id),
        List.of("checkpoints", "list", id),
        List.of("checkpoints", "show", id),
        List.of("checkpoints", "show", id + "@3"),
        List.of("checkpoints", "verify", id),
        List.of("checkpoints", "verify", id + "@3"),
        List.of("checkpoints", "restore", "--to", "out", id),
        List.of("checkpoints", "restore", "--to", "out", id + "@3"),
        List.of("checkpoints", "delete", "--force", id + "@3"));
  }

  static Stream<List<String>> on_an_unknown_job() {
    return withJob("nobody");
  }

  @ParameterizedTest
  @MethodSource("on_an_unknown_job")
  void an_unknown_job_is_not_found_and_nothing_changes(List<String> line) {
    var before = Cli.contents(directory);
    run(line).fails(10, "there is no job nobody", cairn.store().toString(), "cairn jobs list");
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @ParameterizedTest
  @FieldSource("BAD_IDS")
  void a_bad_id_is_refused_by_every_command_and_nothing_changes(String id) {
    var before = Cli.contents(directory);
    withJob(id)
        .filter(line -> !id.startsWith("-")) // that is an unknown option
        .forEach(line -> run(line).fails(2, "is not a job id", "Use 1 to 128 letters"));
    cairn.run("save", "--job=" + id, "data").fails(2, "is not a job id");
    cairn.run("run", "--job=" + id, "--watch", "out", "--", "true").fails(2, "is not a job id");
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a@0",
        "a@-1",
        "a@x y",
        "a@",
        "a@ 3",
        "a@99999999999999999999",
        "a@3@3",
        "a@3.0",
        "a@+3"
      })
  void a_malformed_checkpoint_id_is_refused(String id) {
    for (var line :
        List.of(
            List.of("checkpoints", "show", id),
            List.of("checkpoints", "verify", id),
            List.of("checkpoints", "restore", "--to", "out", id),
            List.of("checkpoints", "delete", "--force", id))) {
      Cli.Result result = run(line).ends(2);
      assertThat(result.err()).containsAnyOf("checkpoint id", "checkpoint number", "job id");
    }
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a@1", "a@2", "a@999", "a@999999999999999999"})
  void a_number_that_published_no_checkpoint_is_not_found(String id) {
    var before = Cli.contents(directory);
    cairn.run("checkpoints", "show", id).fails(10, id, "cairn checkpoints list a");
    cairn.run("checkpoints", "verify", id).fails(10, id);
    cairn.run("checkpoints", "restore", "--to", "out", id).fails(10, id);
    cairn.run("checkpoints", "delete", "--force", id).fails(10, id);
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void a_job_is_no_checkpoint_to_delete() {
    cairn.run("checkpoints", "delete", "--force", "a").fails(2, "names a job", "JOB@N");
    cairn.run("checkpoints", "verify", "a").ok();
  }

  @Test
  void jobs_with_similar_names_do_not_see_each_other() {
    List<String> neighbours = List.of("a_2", "a.b", "a-1", "aa", "a.json");
    for (String id : neighbours) {
      cairn.write("data/a", id);
      cairn.run("save", "--job", id, "data").ok();
    }
    assertThat(cairn.run("jobs", "list", "--json").json().findValuesAsString("job"))
        .containsExactly("a", "a-1", "a.b", "a.json", "a_2", "aa");
    assertThat(cairn.run("checkpoints", "list", "--json", "a").json().findValuesAsString("id"))
        .containsExactly("a@3", "a@6");

    cairn.run("jobs", "delete", "--force", "a").ok();

    cairn.run("jobs", "show", "a").fails(10, "there is no job a in");
    for (String id : neighbours) {
      cairn.run("checkpoints", "verify", id).ok();
      cairn.run("checkpoints", "restore", "--to", "out-" + id, id).ok();
      assertThat(directory.resolve("out-" + id).resolve("a")).hasContent(id);
    }
  }

  @Test
  void a_command_that_cannot_be_executed_has_the_codes_of_a_shell() {
    Path file = cairn.write("program", "#!/bin/sh\n");
    cairn
        .run("run", "--job", "r", "--", "no-such-command")
        .fails(127, "no-such-command", "not found", "PATH");
    cairn.run("run", "--job", "r", "--", "./nowhere").fails(127, "./nowhere", "not found");
    cairn
        .run("run", "--job", "r", "--", "./program")
        .fails(126, file.getFileName().toString(), "chmod +x");
    cairn.run("run", "--job", "r", "--", "./data").fails(126, "data is a directory");
    cairn.run("jobs", "show", "r").fails(10);
  }

  @Test
  void a_mistyped_command_makes_no_store() {
    Cli elsewhere = cairn.withStore(directory.resolve("elsewhere"));
    elsewhere.run("run", "--", "no-such-command").ends(127);
    assertThat(elsewhere.store()).doesNotExist();
  }

  static Stream<List<String>> wrong_usage() {
    return Stream.of(
        List.of("run"),
        List.of("run", "--"),
        List.of("run", "--", ""),
        List.of("run", "--watch", "out"),
        List.of("run", "--layout", "foo", "--", "true"),
        List.of("run", "--layout", "", "--", "true"),
        List.of("run", "--layout", "marker:", "--", "true"),
        List.of("run", "--layout", "marker:[", "--", "true"),
        List.of("run", "--layout", "marker:/etc/DONE", "--", "true"),
        List.of("run", "--layout", "marker:../DONE", "--", "true"),
        List.of("run", "--keep-last", "0", "--", "true"),
        List.of("run", "--keep-last", "-1", "--", "true"),
        List.of("run", "--keep-last", "many", "--", "true"),
        List.of("run", "--keep-last", "99999999999", "--", "true"),
        List.of("run", "--max-failures", "0", "--", "true"),
        List.of("run", "--heartbeat", "10s", "--lease", "19s", "--", "true"),
        List.of("run", "--heartbeat", "0s", "--", "true"),
        List.of("run", "--every", "0s", "--", "true"),
        List.of("run", "--label", "x", "--", "true"),
        List.of("run", "--label", "cairn.baseline=true", "--", "true"),
        List.of("run", "--watch", "", "--", "true"),
        List.of("run", "--watch", "a\u0000b", "--", "true"),
        List.of("run", "--nonsense", "--", "true"),
        List.of("save", "--keep-last", "0", "data"),
        List.of("save", "--step", "many", "data"),
        List.of("save", "--step", "9223372036854775808", "data"),
        List.of("save", "--label", "=x", "data"),
        List.of("save", "--label", "cairn.x=1", "data"),
        List.of("save", "--label", "k=" + "v".repeat(257), "data"),
        List.of("save", "--label", "k".repeat(64) + "=v", "data"),
        List.of("save"),
        List.of("save", ""),
        List.of("save", "--store", "", "data"),
        List.of("save", "--store", "a\u0000b", "data"),
        List.of("jobs", "show"),
        List.of("jobs", "show", "a", "b"),
        List.of("jobs", "nonsense"),
        List.of("jobs", "pause", "--timeout", "soon", "a"),
        List.of("checkpoints", "restore", "a"),
        List.of("checkpoints", "restore", "--to", "", "a"),
        List.of("checkpoints", "verify"),
        List.of("checkpoint"),
        List.of("nonsense"),
        List.of("--nonsense"));
  }

  @ParameterizedTest
  @MethodSource("wrong_usage")
  void wrong_usage_is_told_and_nothing_changes(List<String> line) {
    var before = Cli.contents(directory);
    run(line).fails(2);
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5",
        "5x",
        "-5s",
        "",
        "s",
        "1.5s",
        "1h 30m",
        "5 s",
        "1e3s",
        "5S",
        "0x5s",
        "99999999999s",
        "٣s",
        "999999999d",
        "110000d"
      })
  void what_is_no_duration_is_refused_with_examples(String text) {
    for (String option : List.of("--every", "--lease", "--grace", "--backoff")) {
      cairn
          .run("run", "--job", "r", option + "=" + text, "--", "true")
          .fails(2, "duration", "30s, 10m, 1h30m");
    }
    cairn.run("jobs", "pause", "--timeout=" + text, "a").fails(2, "duration", "1h30m");
  }

  @Test
  void more_labels_than_a_person_gives_are_refused() {
    var line = Stream.<String>builder().add("save").add("--job").add("b").add("data");
    for (int i = 0; i <= 64; i++) {
      line.add("--label").add("k" + i + "=v");
    }
    run(line.build().toList()).fails(2, "more than 64 labels");
    cairn.run("jobs", "show", "b").fails(10);
  }

  @Test
  void a_label_may_say_anything_short() {
    String value = "a=b \"'\\\n\t\u001b[31m é 😀";
    cairn.run("save", "--job", "b", "--label", "k=" + value, "--label", "empty=", "data").ok();
    var labels =
        cairn.run("checkpoints", "show", "--json", "b").ok().json().at("/checkpoint/labels");
    assertThat(labels.get("k").asString()).isEqualTo(value);
    assertThat(labels.get("empty").asString()).isEmpty();
    assertThat(cairn.run("checkpoints", "show", "b").ok().out()).doesNotContain("\u001b");
    assertThat(cairn.run("jobs", "show", "b").ok().out()).doesNotContain("\u001b");
  }

  @Test
  void the_store_and_the_watched_directory_must_not_contain_each_other() throws Exception {
    Path data = directory.resolve("data");
    Files.createSymbolicLink(directory.resolve("link"), data);
    for (var line :
        List.of(
            List.of("--store", "data/store", "--watch", "data"),
            List.of("--store", "data", "--watch", "data"),
            List.of("--store", "data", "--watch", "data/deep/er"),
            List.of("--store", "data/x/../store", "--watch", "./data/"),
            List.of("--store", "file:" + data + "/store", "--watch", "data"),
            List.of("--store", "data/store", "--watch", "link"),
            List.of("--store", "link/store", "--watch", "data"))) {
      var arguments = Stream.of(Stream.of("run"), line.stream(), Stream.of("--", "true"));
      run(arguments.flatMap(part -> part).toList()).fails(2, "contain each other", "--store");
    }
    assertThat(Cli.contents(data)).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3://key:pa55word@bucket/prefix",
        "s3://bucket/prefix?secret=pa55word",
        "https://user:pa55word@host/x",
        "https://host/x?token=pa55word#pa55word",
        "postgresql:user:pa55word@host/jobs",
        "postgresql://host/jobs?password=pa55word",
        "sqlite:pa55word",
        "file://user:pa55word@host/x",
        "file:///x y?pa55word"
      })
  void a_store_of_another_kind_is_refused_without_showing_its_password(String uri) {
    var before = Cli.contents(directory);
    for (var line :
        List.of(
            List.of("jobs", "list", "--store", uri),
            List.of("save", "--job", "a", "--store", uri, "data"),
            List.of("doctor", "--store", uri),
            List.of("run", "--job", "a", "--watch", "data", "--store", uri, "--", "true"))) {
      Cli.Result result = run(line).fails(2, "does not know", "--store /");
      assertThat(result.err()).doesNotContain("pa55word");
    }
    assertThat(Cli.contents(directory)).isEqualTo(before);
  }

  @Test
  void resuming_what_is_not_stopped_is_a_conflict_that_names_the_job() {
    cairn.run("jobs", "resume", "a").fails(11, "job a is pending", "cairn run --job a");
    cairn.run("jobs", "pause", "a").ok();
    cairn.run("jobs", "pause", "a").fails(11, "job a is paused already");
    cairn
        .run("run", "--job", "a", "--watch", "w", "--", "true")
        .fails(11, "job a is paused", "--resume");
    cairn.run("jobs", "resume", "a").ok();
    cairn.run("jobs", "cancel", "a").ok();
    cairn.run("jobs", "pause", "a").fails(11, "job a is cancelled");
    cairn.run("jobs", "resume", "a").ok();
  }

  @Test
  void resuming_from_what_is_no_checkpoint_of_the_job_is_refused() {
    cairn.run("save", "--job", "b", "data").ok();
    cairn.run("jobs", "pause", "a").ok();
    var before = Cli.contents(cairn.store());
    cairn.run("jobs", "resume", "--from", "a@999", "a").fails(10, "a@999");
    cairn.run("jobs", "resume", "--from", "999", "a").fails(10, "a@999");
    cairn.run("jobs", "resume", "--from", "1", "a").fails(10, "a@1");
    cairn.run("jobs", "resume", "--from", "b@3", "a").fails(2, "b@3", "another job");
    cairn.run("jobs", "resume", "--from", "x", "a").fails(10, "no tag 'x'");
    cairn.run("jobs", "resume", "--from", "", "a").fails(2, "checkpoint id");
    cairn.run("jobs", "resume", "--from", "b@x", "a").fails(2, "another job");
    assertThat(Cli.contents(cairn.store())).isEqualTo(before);
  }

  @Test
  void resuming_from_an_older_checkpoint_goes_on_there_and_loses_nothing() {
    cairn.run("jobs", "pause", "a").ok();
    cairn.run("jobs", "resume", "--from", "3", "a").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "a").ok();
    assertThat(directory.resolve("out/a")).hasContent("one");
    cairn.run("checkpoints", "verify", "a@6").ok();
  }

  @Test
  void the_newest_valid_checkpoint_is_deleted_by_force_only_and_then_the_older_one_is_used() {
    var before = Cli.contents(cairn.store());
    cairn
        .run("checkpoints", "delete", "a@6")
        .fails(11, "a@6 is the newest valid checkpoint", "--force");
    assertThat(Cli.contents(cairn.store())).isEqualTo(before);

    cairn.run("checkpoints", "delete", "--force", "a@6").ok();

    cairn.run("checkpoints", "show", "a@6").fails(10, "a@6");
    cairn.run("checkpoints", "delete", "--force", "a@6").fails(10, "a@6");
    assertThat(cairn.run("jobs", "show", "--json", "a").json().get("newest_checkpoint").asString())
        .isEqualTo("a@3");
    cairn.run("checkpoints", "restore", "--to", "out", "a").ok();
    assertThat(directory.resolve("out/a")).hasContent("one");
  }

  @Test
  void an_older_checkpoint_is_deleted_without_force() {
    cairn.run("checkpoints", "delete", "a@3").ok();
    cairn.run("checkpoints", "verify", "a").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "a").ok();
    assertThat(directory.resolve("out/a")).hasContent("two");
  }

  @Test
  void the_last_checkpoint_can_be_deleted_and_the_job_saved_again() {
    cairn.run("checkpoints", "delete", "a@3").ok();
    cairn.run("checkpoints", "delete", "--force", "a@6").ok();
    cairn.run("checkpoints", "restore", "--to", "out", "a").fails(10, "job a has no checkpoint");
    cairn.run("checkpoints", "verify", "a").fails(10, "job a has no checkpoint");
    cairn.run("save", "--job", "a", "data").ok();
    cairn.run("checkpoints", "verify", "a").ok();
  }

  @Test
  void a_job_with_checkpoints_is_deleted_by_force_only_and_its_numbers_stay_taken() {
    cairn.run("jobs", "delete", "a").fails(11, "job a is pending", "2 checkpoints", "--force");
    cairn.run("jobs", "delete", "--force", "a").ok();
    cairn.run("jobs", "delete", "--force", "a").fails(10, "there is no job a");
    assertThat(cairn.run("checkpoints", "list", "--json").ok().json()).isEmpty();
    cairn.run("save", "--job", "a", "data").ok();
    assertThat(cairn.run("jobs", "show", "--json", "a").json().get("newest_checkpoint").asString())
        .isNotIn("a@3", "a@6");
    cairn.run("checkpoints", "show", "a@3").fails(10);
  }

  @Test
  void a_running_job_is_left_to_its_holder_and_a_completed_one_never_changes() {
    var env = new SystemEnv();
    try (Store store = Store.open(new RealDisk(), env, cairn.store())) {
      var claimer =
          new Claimer(
              store.journal(), env, Host.here(), Duration.ofSeconds(5), Duration.ofSeconds(30));
      JobLog log = JobLog.existing(store.journal(), env, JobId.of("a"));
      try (Attempt attempt =
          claimer.claim(log, Event.Purpose.WORK, (_, _, _) -> false).orElseThrow().attempt()) {
        refusesWhileRunning();
        attempt.refresh();
        attempt.append(_ -> new Event.Completed("exit code 0"));
      }
    }
    refusesOnceCompleted();
    cairn.run("checkpoints", "verify", "a").ok();
    cairn.run("jobs", "delete", "a").ok();
  }

  private void refusesWhileRunning() {
    cairn.run("jobs", "resume", "a").fails(11, "job a is running", "cairn jobs pause a");
    cairn
        .run("jobs", "delete", "--force", "a")
        .fails(11, "job a is running", "cairn jobs cancel a");
    cairn.run("save", "--job", "a", "data").fails(11, "job a is run by", "cairn checkpoint a");
    cairn
        .run("run", "--job", "a", "--no-wait", "--watch", "w", "--", "true")
        .fails(11, "job a is held by");
    for (var line :
        List.of(
            List.of("checkpoint", "a"),
            List.of("checkpoints", "delete", "--force", "a@3"),
            List.of("jobs", "pause", "a"),
            List.of("jobs", "cancel", "a"))) {
      var arguments = new ArrayList<>(line);
      arguments.add("--timeout=300ms");
      run(arguments).fails(14, "no answer", "The request stands", "cairn jobs history a");
    }
    cairn.run("checkpoints", "verify", "a").ok();
  }

  private void refusesOnceCompleted() {
    cairn.run("jobs", "resume", "a").fails(11, "job a is completed", "never changes");
    cairn.run("jobs", "cancel", "a").fails(11, "job a is completed");
    cairn.run("jobs", "pause", "a").fails(11, "job a is completed");
    cairn.run("checkpoint", "a").fails(11, "job a is completed");
    cairn.run("save", "--job", "a", "data").fails(11, "job a is completed", "--job");
    cairn
        .run("run", "--job", "a", "--watch", "w", "--", "touch", "started")
        .fails(0, "job a is completed", "nothing to do");
    assertThat(directory.resolve("started")).doesNotExist();
  }

  private Cli.Result run(List<String> line) {
    return cairn.run(line.toArray(String[]::new));
  }
}
