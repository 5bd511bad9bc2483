package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What the exit code of a command means, and what `cairn run` makes of it.
class ExitCodeTest {
  /// Notes each of its starts in the watched directory and outside, and ends as it is told for that
  /// start.
  private static final String ENDS_WITH =
      """
      read -r start <out/start || start=0
      start=$((start + 1))
      echo $start >out/new.tmp
      SAVES
      echo "$start $CAIRN_ATTEMPT" >>starts
      shift $start
      exit $1
      """;

  private static final String SAVES = "mv out/new.tmp out/start";
  private static final String SAVES_NOTHING = "start=$CAIRN_ATTEMPT";

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");

  @Test
  void zero_completes_the_job_and_it_is_never_run_again() {
    assertThat(run(saving("0"))).isZero();
    assertState(Status.COMPLETED, "");
    CairnProcess again = node.start(saving("0"));
    assertThat(again.awaitExit()).as(again::told).isZero();
    assertThat(again.said()).contains("job job is completed; there is nothing to do");
    assertThat(starts()).containsExactly("1 1");
  }

  @Test
  void any_other_code_starts_it_again_until_it_has_failed_too_often() {
    assertThat(run(failing("1", "1", "1").with("--max-failures", "2"))).isEqualTo(1);
    assertState(Status.FAILED, "crash_loop");
    assertThat(starts()).hasSize(2);
    assertThat(run(failing("0", "0", "0"))).isEqualTo(11);
    assertThat(run(failing("9", "9", "0").with("--resume"))).isZero();
    assertState(Status.COMPLETED, "");
  }

  @Test
  void failures_with_a_new_checkpoint_between_them_are_not_counted_together() {
    assertThat(run(saving("1", "1", "1", "1", "0").with("--max-failures", "2"))).isZero();
    assertThat(starts()).containsExactly("1 1", "2 2", "3 3", "4 4", "5 5");
  }

  @Test
  void the_code_of_a_command_that_a_signal_killed_tells_which_one() {
    Run run = Run.of("sh", "-c", "kill -9 $$").with("--max-failures", "1");
    assertThat(run(run)).isEqualTo(128 + 9);
    assertState(Status.FAILED, "crash_loop");
  }

  @Test
  void code_75_means_try_again_later_and_is_no_failure() {
    assertThat(run(failing("75", "75", "75", "0").with("--max-failures", "1"))).isZero();
    assertThat(starts()).hasSize(4);
    assertThat(released()).hasSize(3).allMatch(e -> e.reason().equals("child_retry"));
  }

  @Test
  void code_78_means_never_again() {
    assertThat(run(failing("78", "0"))).isEqualTo(78);
    assertState(Status.FAILED, "child_refused");
    assertThat(starts()).hasSize(1);
  }

  @Test
  void code_85_means_saved_and_start_me_again_at_once() {
    assertThat(run(saving("85", "85", "0").with("--backoff", "1h"))).isZero();
    assertThat(starts()).containsExactly("1 1", "2 2", "3 3");
    assertThat(released()).hasSize(2).allMatch(e -> e.reason().equals("child_restart"));
  }

  @Test
  void what_cannot_be_executed_is_told_as_a_shell_tells_it() throws Exception {
    assertThat(run(Run.of("no-such-program"))).isEqualTo(127);
    Path text = Files.writeString(node.file("text"), "no program");
    assertThat(run(Run.of(text.toString()))).isEqualTo(126);
    CairnProcess jobs = node.cairn("jobs", "show", Run.JOB);
    assertThat(jobs.awaitExit()).as(jobs::told).isEqualTo(10); // no job was made of it
  }

  private static Run saving(String... codes) {
    return ending(SAVES, codes);
  }

  private static Run failing(String... codes) {
    return ending(SAVES_NOTHING, codes);
  }

  private static Run ending(String how, String... codes) {
    var command =
        new java.util.ArrayList<>(List.of("sh", "-c", ENDS_WITH.replace("SAVES", how), "sh", ""));
    command.addAll(List.of(codes));
    return Run.of(command.toArray(String[]::new)).with("--backoff", "1ms");
  }

  private int run(Run run) {
    return node.start(run).awaitExit();
  }

  private List<String> starts() {
    return CairnProcess.contents(node.file("starts")).lines().toList();
  }

  private void assertState(Status status, String reason) {
    JobState state = machines.state(Run.JOB);
    assertThat(state.status()).isEqualTo(status);
    assertThat(state.reason()).isEqualTo(reason);
  }

  private List<Event.Released> released() {
    return machines.entries(Run.JOB).stream()
        .map(Entry::event)
        .filter(Event.Released.class::isInstance)
        .map(Event.Released.class::cast)
        .toList();
  }
}
