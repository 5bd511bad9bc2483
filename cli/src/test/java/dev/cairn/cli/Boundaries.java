package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// One job whose `cairn run` is struck at boundaries: which there are, and the same start for each.
///
/// The job counts by `parts.sh`. A run of it goes on for a few numbers, captures nothing until its
/// command ends, and then publishes the last checkpoint and that the job is completed; so every run
/// reaches the same boundaries, as long as it starts from the same. Two checkpoints are kept, so
/// that each publication also lets packs go.
final class Boundaries {
  static final String JOB = "job";

  private static final int NUMBERS = 2;
  private static final int SEEDED = 27;
  private static final long SEED = Long.getLong("cairn.boundaries.seed", 1);
  private static final boolean ALL = System.getProperty("cairn.boundaries", "").equals("all");

  /// Those of heartbeats come again and again; later ones only if time permits.
  private static final int HEARTBEATS = 3;

  private final Machines machines;
  private final Machines.Node node;
  private final Path template;
  private int records;
  private int enough;

  Boundaries(Machines machines, Machines.Node node) {
    this.machines = machines;
    this.node = node;
    this.template = machines.file("template");
  }

  /// All of `always`, and so many of `others`, no two of them alike; or all.
  static List<Boundary> chosen(List<Boundary> always, List<Boundary> others, int some) {
    var shuffled = new ArrayList<>(others);
    Collections.shuffle(shuffled, new Random(SEED));
    var kinds = new HashSet<String>();
    var sample =
        shuffled.stream().filter(b -> kinds.add(b.act() + " " + b.place())).limit(some).toList();
    var chosen = new ArrayList<>(always);
    chosen.addAll(ALL ? shuffled : sample);
    System.out.printf("%d boundaries, seed %d: %s%n", chosen.size(), SEED, chosen);
    return chosen;
  }

  /// What is reached by a run that goes on from a checkpoint and ends, in order.
  List<Boundary> ofNextRun() {
    if (!Files.exists(template)) {
      makeTemplate();
    }
    restart();
    return ofEndingRun();
  }

  /// What is reached by a run in a place where nothing is yet.
  List<Boundary> ofFirstRun() {
    restartWithNothing();
    return ofEndingRun();
  }

  private List<Boundary> ofEndingRun() {
    spoilDirectory();
    Path file = machines.file("record-" + ++records);
    CairnProcess cairn = start(Failpoint.recording(file));
    assertThat(cairn.awaitExit()).as(cairn::told).isZero();
    return recorded(file);
  }

  /// What is reached by a run that goes on from what [#seed] saved until it has published twice.
  List<Boundary> ofEndlessRun() {
    restartWithNothing();
    seed(JOB);
    long last = machines.state(JOB).token() + 1; // the claim was followed by what it released
    Path file = machines.file("record-" + ++records);
    CairnProcess cairn = node.start(Failpoint.recording(file), endless(JOB));
    machines.awaitEntry("two are published", JOB, e -> e.number() > last + 3);
    cairn.kill(-command(cairn));
    return recorded(file);
  }

  private static List<Boundary> recorded(Path file) {
    Set<Boundary> found = new HashSet<>();
    return CairnProcess.contents(file)
        .lines()
        .map(Boundary::parse)
        .filter(b -> b.place() != Boundary.Place.HEARTBEAT || b.number() <= HEARTBEATS)
        .filter(found::add)
        .toList();
  }

  /// Gives a job some checkpoints of several parts, made by hand and on another machine.
  void seed(String job) {
    var elsewhere = new Cli(machines.file("elsewhere"), machines.store());
    for (int number = SEEDED - 2; number <= SEEDED; number++) {
      Path directory = elsewhere.directory().resolve(job);
      Parts.write(directory, job, number);
      elsewhere.run("save", "--job", job, "--keep-last", "2", directory.toString()).ok();
    }
  }

  /// A store whose job has been killed in the middle, with some checkpoints of several parts.
  private void makeTemplate() {
    restartWithNothing();
    seed(JOB);
    CairnProcess cairn = startEndless(List.of(Main.class.getName()));
    machines.awaitCheckpoint(JOB, 1);
    cairn.kill(-command(cairn));
    Machines.copy(machines.store(), template);
    Machines.copy(watched(), template.resolveSibling("template-watched"));
  }

  /// Sets the job back to where it was killed in the middle.
  void restart() {
    begin(template);
    Machines.copy(template.resolveSibling("template-watched"), watched());
    enough = Parts.whole(watched(), JOB);
  }

  /// Sets everything back to before the first run.
  void restartWithNothing() {
    begin(machines.file("nothing"));
    enough = 0;
  }

  private void begin(Path store) {
    machines.newStore(store);
    Machines.delete(watched());
    Machines.delete(node.file(Parts.watched(JOB) + ".cairn-previous"));
    Machines.delete(node.file(Parts.log(JOB)));
  }

  private Path watched() {
    return node.file(Parts.watched(JOB));
  }

  /// The number at which the run that was started last ends.
  int enough() {
    return enough;
  }

  /// Starts a run that counts a few numbers more than any before.
  CairnProcess start(List<String> program) {
    enough += NUMBERS;
    Parts.enough(node, JOB, enough);
    return node.start(program, endless(JOB).with("--every", "1h"));
  }

  /// Starts a run that counts and saves until it is ended.
  CairnProcess startEndless(List<String> program) {
    Parts.enough(node, JOB, Integer.MAX_VALUE);
    return node.start(program, endless(JOB));
  }

  /// Counts and saves until it is ended, as long as nothing says how much is enough.
  static Run endless(String job) {
    return Parts.run(job)
        .with("--every", "100ms")
        .with("--keep-last", "2")
        .with("--max-failures", "1000");
  }

  /// Leaves in the directory what a dead command left: it must not be gone on from.
  void spoilDirectory() {
    if (Files.isDirectory(watched())) {
      try {
        Files.writeString(watched().resolve("count"), "1000000\nhalf of it");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /// The process group of the command that this supervisor runs.
  long command(CairnProcess cairn) {
    var found = new ArrayList<Long>();
    Until.holds(
        "its command runs",
        () -> {
          cairn.command(Parts.SCRIPT).ifPresent(found::add);
          return !found.isEmpty();
        },
        cairn::told);
    return found.getFirst();
  }

  /// Waits until the command has counted a number after its next start.
  void awaitNextStart() {
    log().awaitCounted(log().starts().size() + 1, 1);
  }

  private CountLog log() {
    return new CountLog(node.file(Parts.log(JOB)));
  }
}
