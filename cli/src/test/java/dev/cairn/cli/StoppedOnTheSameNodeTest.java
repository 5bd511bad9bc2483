package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.cli.Failpoint.Strike;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A supervisor is stopped in the middle of a restore, and another one on the same machine takes
/// the job and the directory over.
class StoppedOnTheSameNodeTest {
  private static final int SIGKILLED = 137;
  private static final String JOB = "job";

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");
  private final Boundaries boundaries = new Boundaries(machines, node);

  private CairnProcess stoppedAt(String boundary) throws Exception {
    machines.newStore(machines.file("nothing"));
    boundaries.seed(JOB);
    CairnProcess first = node.start(Boundaries.endless(JOB));
    machines.awaitCheckpoint(JOB, 1);
    first.kill(-boundaries.command(first));
    CairnProcess stopped =
        node.start(
            Failpoint.at(Boundary.parse(boundary), Strike.STOP),
            Boundaries.endless(JOB).with("--lease", "3s"));
    stopped.awaitStopped();
    return stopped;
  }

  @ParameterizedTest
  @ValueSource(strings = {"delete:watched:1:before", "rename:watched:1:before"})
  void its_successor_ends_it_before_it_touches_the_directory(String boundary) throws Exception {
    CairnProcess stopped = stoppedAt(boundary);
    CairnProcess successor = node.start(Boundaries.endless(JOB).with("--lease", "3s"));
    machines.awaitCheckpoint(JOB, 3);

    assertThat(stopped.awaitExit()).isEqualTo(SIGKILLED);
    assertThat(successor.told()).contains("that stood still in the middle of it");
    successor.signal("TERM");
    assertThat(successor.awaitExit()).isEqualTo(75);
    new Aftermath(machines).check(JOB, List.of(node));
  }
}
