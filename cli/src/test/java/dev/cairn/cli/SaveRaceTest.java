package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// `cairn save` while others have to do with the same job.
class SaveRaceTest {
  private static final int CONFLICT = 11;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node a = machines.node("a");
  private final Machines.Node b = machines.node("b");

  @Test
  void it_is_refused_while_a_living_holder_runs_the_job() throws Exception {
    a.start(Run.counting());
    machines.awaitCheckpoint(Run.JOB, 1);
    Files.writeString(b.file("mine"), "mine");
    CairnProcess save = b.cairn("save", "--job", Run.JOB, "mine");

    assertThat(save.awaitExit()).as(save::told).isEqualTo(CONFLICT);
    assertThat(save.said()).contains("job job is run by a ").contains("cairn checkpoint job");
    assertThat(machines.entries(Run.JOB))
        .noneMatch(
            e -> e.event() instanceof Event.Checkpointed c && c.checkpoint().node().equals("b"));
  }

  @Test
  void it_works_after_the_holder_has_handed_the_job_back_and_the_job_goes_on_from_it()
      throws Exception {
    CairnProcess cairn = a.start(Run.counting());
    CountLog.of(a).awaitCounted(1, 1);
    cairn.signal("TERM");
    cairn.awaitExit();
    Files.createDirectories(b.file("mine"));
    Files.writeString(b.file("mine").resolve("count"), "1000\n");
    CairnProcess save = b.cairn("save", "--job", Run.JOB, "mine");
    assertThat(save.awaitExit()).as(save::told).isZero();
    assertThat(machines.status(Run.JOB)).isEqualTo(Status.PENDING);

    a.enough(1000);
    assertThat(a.start(Run.counting()).awaitExit()).isZero();
    assertThat(CountLog.of(a).starts().getLast().from()).isEqualTo(1000);
  }

  @Test
  void two_at_once_both_succeed_one_after_the_other() throws Exception {
    Files.writeString(a.file("mine"), "of a");
    Files.writeString(b.file("mine"), "of b");
    CairnProcess first = a.start("save", "--job", Run.JOB, "mine");
    CairnProcess second = b.start("save", "--job", Run.JOB, "mine");

    assertThat(first.awaitExit()).as(first::told).isZero();
    assertThat(second.awaitExit()).as(second::told).isZero();
    List<Entry> saved =
        machines.entries(Run.JOB).stream()
            .filter(e -> e.event() instanceof Event.Checkpointed)
            .toList();
    assertThat(saved).hasSize(2);
    for (Entry entry : saved) {
      var checkpoint = ((Event.Checkpointed) entry.event()).checkpoint();
      assertThat(machines.restore(Run.JOB, entry.number()).resolve("mine"))
          .hasContent("of " + checkpoint.node());
    }
    var newest = ((Event.Checkpointed) saved.getLast().event()).checkpoint();
    assertThat(Objects.requireNonNull(newest.parent())).isEqualTo(saved.getFirst().number());
    JobState state = machines.state(Run.JOB);
    assertThat(state.status()).isEqualTo(Status.PENDING);
    assertThat(state.held()).isFalse();
  }
}
