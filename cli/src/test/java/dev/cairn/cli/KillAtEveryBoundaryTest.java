package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.cli.Boundary.Act;
import dev.cairn.cli.Boundary.Place;
import dev.cairn.cli.Failpoint.Strike;
import dev.cairn.domain.Status;
import dev.cairn.testkit.When;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// `cairn run` is killed by SIGKILL before or after a call by which it changes the disk; then its
/// command is, or both; each time the next `cairn run` goes on.
///
/// The boundaries are those that a recorded run reaches. Every one of a publication is struck in
/// each build, of the others some; all with `-Dcairn.boundaries=all`.
class KillAtEveryBoundaryTest {
  private static final int STRUCK_BESIDES = 3;
  private static final int STRUCK_AT_FIRST = 2;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");
  private final Boundaries boundaries = new Boundaries(machines, node);

  @Test
  void a_run_that_goes_on_from_a_checkpoint() {
    List<Boundary> reached = boundaries.ofNextRun();
    List<Boundary> publication = reached.stream().filter(this::isOfPublication).toList();
    assertThat(publication).hasSizeGreaterThan(8);
    List<Boundary> others = reached.stream().filter(b -> !isOfPublication(b)).toList();
    var aftermath = new Aftermath(machines);
    boundaries.restart();
    for (Boundary boundary : Boundaries.chosen(publication, others, STRUCK_BESIDES)) {
      boolean struck = strike(boundary);
      if (!struck) {
        // What the last one left made this one take another way.
        boundaries.restart();
        aftermath = new Aftermath(machines);
        assertThat(strike(boundary)).as("%s is reached", boundary).isTrue();
      }
      aftermath.check(Boundaries.JOB, List.of(node));
      if (machines.status(Boundaries.JOB) == Status.COMPLETED) {
        assertThat(boundaries.start(List.of(Main.class.getName())).awaitExit()).isZero();
        boundaries.restart();
        aftermath = new Aftermath(machines);
      }
    }
    completes(aftermath);
  }

  /// The last checkpoint, whose entry is the second after the claim: all that is done to packs and
  /// journal for it, and for the packs that it lets go.
  private boolean isOfPublication(Boundary boundary) {
    return boundary.when() == When.AFTER
        && boundary.act() != Act.CREATE_DIRECTORIES
        && (boundary.place() == Place.PACKS
            || boundary.place() == Place.JOURNAL && boundary.number() == 2);
  }

  private boolean strike(Boundary boundary) {
    boundaries.spoilDirectory();
    CairnProcess cairn = boundaries.start(Failpoint.at(boundary, Strike.KILL));
    boolean struck = cairn.awaitExit() != 0;
    if (struck) {
      cairn.awaitKilled();
      assertNothingRuns();
    }
    return struck;
  }

  private void assertNothingRuns() {
    Until.holds("nothing outlives its supervisor", () -> machines.left().isEmpty());
  }

  private void completes(Aftermath aftermath) {
    CairnProcess last = boundaries.start(List.of(Main.class.getName()));
    assertThat(last.awaitExit()).as(last::told).isZero();
    assertThat(machines.status(Boundaries.JOB)).isEqualTo(Status.COMPLETED);
    int saved = aftermath.check(Boundaries.JOB, List.of(node));
    assertThat(Parts.whole(node.file(Parts.watched(Boundaries.JOB)), Boundaries.JOB))
        .isEqualTo(saved)
        .isGreaterThanOrEqualTo(boundaries.enough());
  }

  @Test
  void the_first_run_of_all() {
    List<Boundary> reached = boundaries.ofFirstRun();
    for (Boundary boundary : Boundaries.chosen(List.of(), reached, STRUCK_AT_FIRST)) {
      boundaries.restartWithNothing();
      var aftermath = new Aftermath(machines);
      assertThat(strike(boundary)).as("%s is reached", boundary).isTrue();
      completes(aftermath);
    }
  }

  @Test
  void its_command_dies_too_or_alone() {
    List<Boundary> publication =
        boundaries.ofNextRun().stream()
            .filter(this::isOfPublication)
            .filter(b -> Set.of(Act.LINK, Act.FORCE_DIRECTORY).contains(b.act()))
            .toList();
    boundaries.restart();
    var aftermath = new Aftermath(machines);
    boolean alone = false;
    int struck = 0;
    for (Boundary boundary : publication) {
      alone = !alone;
      CairnProcess cairn = boundaries.startEndless(Failpoint.at(boundary, Strike.STOP));
      cairn.awaitStopped();
      OptionalLong running = cairn.command(Parts.SCRIPT);
      if (running.isEmpty()) { // that call came before the command was started this time
        cairn.kill();
        continue;
      }
      struck++;
      long command = running.getAsLong();
      if (alone) {
        CairnProcess.send("KILL", -command);
        cairn.signal("CONT");
        boundaries.awaitNextStart();
        cairn.kill(-boundaries.command(cairn));
      } else {
        cairn.kill(-command);
      }
      assertNothingRuns();
      aftermath.check(Boundaries.JOB, List.of(node));
    }
    assertThat(struck).as("commands that died").isPositive();
    completes(aftermath);
  }
}
