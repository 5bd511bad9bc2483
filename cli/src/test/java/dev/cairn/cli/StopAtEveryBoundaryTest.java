package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cairn.cli.Failpoint.Strike;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A supervisor is stopped by SIGSTOP before or after a call by which it changes the disk, for
/// longer than its lease, so that another machine takes over; when it wakes up, it goes on exactly
/// where it stood, and publishes nothing more.
///
/// Every boundary after the claim with `-Dcairn.boundaries=all`, else a few.
class StopAtEveryBoundaryTest {
  private static final String LEASE = "3s";
  private static final int CONFLICT = 11;
  private static final int HANDED_BACK = 75;
  private static final String WATCHDOG = "cairn-watchdog";
  private static final int AT_ONCE = 4;
  private static final int BESIDES = 2;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node a = machines.node("a");
  private final Machines.Node b = machines.node("b");
  private final Boundaries boundaries = new Boundaries(machines, a);

  @BeforeEach
  void can_tell_who_is_stopped() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "/proc is here");
  }

  @Test
  void the_one_that_wakes_up_publishes_nothing_more() {
    List<Boundary> reached = boundaries.ofEndlessRun();
    int claimed = reached.indexOf(Boundary.parse("link:journal:1:after"));
    List<Boundary> holding = reached.subList(claimed, reached.size());
    List<Boundary> links =
        List.of(
            Boundary.parse("link:packs:1:before"),
            Boundary.parse("link:journal:2:before"),
            Boundary.parse("link:journal:2:after"));
    List<Boundary> others = holding.stream().filter(b -> !links.contains(b)).toList();
    List<Boundary> chosen = Boundaries.chosen(links, others, BESIDES);
    machines.newStore(machines.file("nothing"));
    for (int i = 0; i < chosen.size(); i += AT_ONCE) {
      strike(chosen.subList(i, Math.min(chosen.size(), i + AT_ONCE)), i);
    }
  }

  /// One job, whose first holder is stopped.
  private record Zombie(String job, Boundary boundary, CairnProcess cairn) {}

  private void strike(List<Boundary> chosen, int first) {
    var aftermath = new Aftermath(machines);
    var zombies = new ArrayList<Zombie>();
    for (Boundary boundary : chosen) {
      String job = "job-" + (first + zombies.size());
      boundaries.seed(job);
      zombies.add(
          new Zombie(job, boundary, a.start(Failpoint.at(boundary, Strike.STOP), run(job))));
    }
    zombies.forEach(zombie -> zombie.cairn.awaitStopped());
    List<CairnProcess> successors = zombies.stream().map(z -> b.start(run(z.job))).toList();
    for (int i = 0; i < zombies.size(); i++) {
      String job = zombies.get(i).job;
      successors.get(i).awaitSaid("took job %s over from attempt".formatted(job));
      machines.awaitEntry("b publishes", job, StopAtEveryBoundaryTest::isCheckpointOfB);
    }
    zombies.forEach(zombie -> zombie.cairn.signal("CONT"));
    for (Zombie zombie : zombies) {
      assertThat(zombie.cairn.awaitExit())
          .as("stopped at %s%s", zombie.boundary, zombie.cairn.told())
          .isEqualTo(CONFLICT);
      assertThat(zombie.cairn.said()).contains("nothing more is published from here");
      assertThat(zombie.cairn.left())
          .as("its command is over before it; only the watchdog may still be reading that")
          .allMatch(left -> left.info().commandLine().orElse(WATCHDOG).contains(WATCHDOG));
      Until.holds("its watchdog ends", () -> zombie.cairn.left().isEmpty());
    }
    successors.forEach(cairn -> cairn.signal("TERM"));
    for (int i = 0; i < zombies.size(); i++) {
      CairnProcess successor = successors.get(i);
      assertThat(successor.awaitExit()).as(successor::told).isEqualTo(HANDED_BACK);
      aftermath.check(zombies.get(i).job, List.of(a, b));
      assertOnlyPublishes(zombies.get(i));
    }
  }

  private static Run run(String job) {
    return Boundaries.endless(job).with("--lease", LEASE);
  }

  private static boolean isCheckpointOfB(Entry entry) {
    return entry.event() instanceof Event.Checkpointed c && c.checkpoint().node().equals("b");
  }

  /// From the takeover on.
  private void assertOnlyPublishes(Zombie zombie) {
    List<Entry> entries = machines.entries(zombie.job);
    long claim =
        entries.stream()
            .filter(e -> e.event() instanceof Event.Claimed c && c.owner().node().equals("b"))
            .findFirst()
            .orElseThrow()
            .number();
    assertThat(entries)
        .as("stopped at %s", zombie.boundary)
        .allMatch(e ->
            e.number() <= claim
                || e.after().token() >= claim
                    && (!(e.event() instanceof Event.Checkpointed) || isCheckpointOfB(e)));
  }
}
