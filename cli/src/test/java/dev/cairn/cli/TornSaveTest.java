package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A command that saves two files which belong together is killed in the middle of it: `pair.sh`.
class TornSaveTest {
  private static final int KILLS = 15;

  /// A kill comes after up to so many steps of the command, five of which are one save.
  private static final int STEPS = 25;

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");

  @ParameterizedTest
  @CsvSource({"in-place, marker:DONE", "folders, marker:step-*/DONE"})
  void no_checkpoint_is_ever_torn(String how, String layout) throws Exception {
    var random = new Random(how.hashCode());
    CountLog log = CountLog.of(node);
    Run run =
        Run.of("sh", Run.program("pair.sh"), Run.WATCHED, how, Run.ENOUGH, Run.LOG)
            .with("--layout", layout)
            .with("--backoff", "1ms")
            .with("--max-failures", "1000");
    CairnProcess cairn = node.start(run);
    int midway = 0;
    for (int kill = 1; kill <= KILLS; kill++) {
      long pid = awaitSteps(log, kill, 1 + random.nextInt(STEPS), kill % 3 == 0);
      boolean everything = kill % 5 == 0;
      if (everything) {
        cairn.kill(pid);
      } else {
        CairnProcess.send("KILL", pid);
      }
      midway += isMidway(log.lines().getLast()) ? 1 : 0;
      if (everything) {
        cairn = node.start(run);
      }
    }
    node.enough(log.awaitCounted(KILLS + 1, 1).last() + 1);

    assertThat(cairn.awaitExit()).as(cairn::told).isZero();
    assertThat(midway).as("kills in the middle of a save").isGreaterThanOrEqualTo(3);
    assertThat(log.lines()).noneMatch(line -> line.startsWith("torn"));
    log.assertCountedOn();
    List<Entry> checkpoints = checkpoints();
    assertThat(checkpoints).isNotEmpty();
    for (Entry checkpoint : checkpoints) {
      assertWhole(machines.restore(Run.JOB, checkpoint.number()));
    }
  }

  /// @param between whether to wait on until a save is whole and the next has not begun, so that
  ///   there is something to go on from, and failures do not add up; else until one is not
  /// @return the process to kill
  private static long awaitSteps(CountLog log, int start, int steps, boolean between) {
    Until.holds(
        "start %d has done %d steps".formatted(start, steps),
        () -> {
          List<String> lines = log.linesOf(start);
          return lines.size() > steps && isMidway(lines.getLast()) != between;
        },
        () -> log.lines().toString());
    return log.starts().get(start - 1).pid();
  }

  private static boolean isMidway(String step) {
    return step.endsWith("half") || step.endsWith("whole");
  }

  private List<Entry> checkpoints() {
    return machines.entries(Run.JOB).stream()
        .filter(e -> e.event() instanceof Event.Checkpointed c && !c.checkpoint().isBaseline())
        .toList();
  }

  /// Every save that a checkpoint holds is whole: both files, twice the same number each.
  private static void assertWhole(Path restored) throws IOException {
    try (Stream<Path> all = Files.walk(restored)) {
      List<Path> saves = all.filter(path -> path.endsWith("DONE")).map(Path::getParent).toList();
      assertThat(saves).isNotEmpty();
      for (Path save : saves) {
        String model = Files.readString(save.resolve("model"));
        assertThat(model).matches("(\\d+)\n\\1\n");
        assertThat(save.resolve("state")).hasContent(model);
      }
    }
    try (Stream<Path> all = Files.walk(restored)) {
      assertThat(all.filter(path -> path.endsWith("model")))
          .allMatch(model -> Files.exists(model.resolveSibling("DONE")));
    }
  }
}
