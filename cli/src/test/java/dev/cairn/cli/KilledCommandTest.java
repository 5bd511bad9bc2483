package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The command is killed by SIGKILL, over and over, while its supervisor lives.
class KilledCommandTest {
  private static final int KILLED = 128 + 9;

  @RegisterExtension private final Machines machines = new Machines();
  private final Random random = new Random(1);

  @Test
  void it_goes_on_from_its_newest_checkpoint_until_the_result_is_right() {
    survives(Run.counting(), 6);
  }

  @Test
  void it_goes_back_to_the_last_state_that_it_called_saved() {
    survives(Run.counting().with("--layout", "auto").variable("SAY_SAVED", "yes"), 5);
  }

  @Test
  void a_python_program_survives_as_well() throws Exception {
    assumeTrue(hasPython(), "python3 is here");
    survives(Run.of("python3", Run.program("count.py"), Run.WATCHED, Run.ENOUGH, Run.LOG), 3);
  }

  private void survives(Run run, int kills) {
    Machines.Node node = machines.node("a");
    CountLog log = CountLog.of(node);
    CairnProcess cairn = node.start(run.with("--max-failures", "100"));
    for (int kill = 1; kill <= kills; kill++) {
      CairnProcess.send("KILL", log.awaitCounted(kill, 2 + random.nextInt(8)).pid());
    }
    int limit = log.awaitCounted(kills + 1, 1).last() + 5;
    node.enough(limit);

    assertThat(cairn.awaitExit()).as(cairn::told).isZero();
    List<CountLog.Start> starts = log.starts();
    assertThat(starts).hasSize(kills + 1);
    assertThat(starts.getLast().end()).isEqualTo("end " + limit);
    log.assertCountedOn();
    log.assertStartedFromNewestCheckpoints(machines);
    assertThat(CountLog.number(node.watched().resolve("count"))).isEqualTo(limit);
    JobState state = machines.state(Run.JOB);
    assertThat(state.status()).isEqualTo(Status.COMPLETED);
    assertThat(state.attempt()).isEqualTo(kills + 1);
    long result = machines.newestCheckpoint(Run.JOB);
    assertThat(CountLog.number(machines.restore(Run.JOB, result).resolve("count")))
        .isEqualTo(limit);
    assertThat(machines.entries(Run.JOB).stream().map(Entry::event))
        .filteredOn(Event.Released.class::isInstance)
        .hasSize(kills)
        .allMatch(event -> event instanceof Event.Released e && isKill(e));
  }

  private static boolean isKill(Event.Released event) {
    return event.reason().equals("child_failed")
        && event.exitCode() != null
        && event.exitCode() == KILLED;
  }

  private static boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
