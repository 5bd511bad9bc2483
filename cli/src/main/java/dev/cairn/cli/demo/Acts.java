package dev.cairn.cli.demo;

import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.env.Posix;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.run.Supervisor;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/// The story: one job, all that happens to it, and that it ends as if nothing had happened.
///
/// Each act says what it breaks, lets Cairn's own words tell what is done about it, and checks the
/// outcome. Not thread-safe.
final class Acts {
  private static final JobId JOB = JobId.of("digits");
  private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));
  private static final int SIGKILL = 9;
  private static final int SIGSTOP = LINUX ? 19 : 17;
  private static final int SIGCONT = LINUX ? 18 : 19;
  private static final int TRIES = 5;
  private static final Duration WATCHDOG = Duration.ofSeconds(10);

  private final Setting setting;
  private final Ledger ledger;
  private final Patience patience;
  private final Story story;
  private final SplitMix random;
  private final Machine a;
  private final Machine b;
  private final Machine c;

  Acts(Setting setting, Ledger ledger, Patience patience, Story story) {
    this.setting = setting;
    this.ledger = ledger;
    this.patience = patience;
    this.story = story;
    this.random = new SplitMix(setting.seed());
    this.a = new Machine(setting, "node-a", JOB);
    this.b = new Machine(setting, "node-b", JOB);
    this.c = new Machine(setting, "node-c", JOB);
  }

  void begin() {
    a.start();
    story.done("started on node-a, and beside it the reference");
    training(a);
    await(a, "the training saves for the first time", () -> atLeast(a, 1));
  }

  void killTheTraining() {
    story.heading("1  Kill the training");
    killAfter(3 + random.below(3));
    killAfter(8 + random.below(3));
  }

  private void killAfter(int epoch) {
    await(a, "the training reaches epoch " + epoch, () -> atLeast(a, epoch));
    Heartbeat.Child training = training(a);
    int said = a.said().size();
    kill(training);
    int done = a.savedEpoch();
    story.broken(
        "SIGKILL to the training (process %d) after epoch %d".formatted(training.group(), done));
    tellGoingOn(a, said, done);
  }

  private Heartbeat.Child training(Machine machine) {
    return await(machine, "the training is known to the store", () -> ledger.training(JOB));
  }

  /// Returns when it is dead.
  private void kill(Heartbeat.Child training) {
    signal(training, SIGKILL);
    patience.untilTrue("the killed training is dead", () -> !ledger.runs(training));
  }

  private static void signal(Heartbeat.Child training, int signal) {
    Posix.kill(-training.group(), signal);
  }

  void killInTheMiddleOfASave() {
    story.heading("2  Kill it in the middle of a save");
    int from = 13 + random.below(3);
    for (int attempt = 0; attempt < TRIES; attempt++) {
      int least = from + attempt;
      await(a, "the training reaches epoch " + least, () -> atLeast(a, least));
      Heartbeat.Child training = training(a);
      int said = a.said().size();
      int torn = patience.until("a save begins", () -> positive(a.tornEpoch()));
      kill(training);
      story.broken("SIGKILL to the training while it saves epoch %d%s".formatted(torn, left(torn)));
      if (tellGoingOn(a, said, torn - 1) < torn) {
        return;
      }
      story.done("that was too late: the save was complete. Once more:");
    }
    throw new Unmet("in %d tries, none hit the middle of a save".formatted(TRIES));
  }

  /// What is in the half-written save, unless it has been moved out of the way already.
  private String left(int torn) {
    String files = a.describe(torn);
    return files.isEmpty() || files.contains(Saves.DONE) ? "" : ": %s, no DONE".formatted(files);
  }

  void killTheSupervisor() {
    story.heading("3  Kill `cairn run` itself, while a second node stands by");
    int from = 19 + random.below(3);
    b.start();
    story.done("the same command started on node-b");
    await(b, "node-b stands by", this::standsBy);
    Heartbeat.Child training = training(a);
    signal(training, SIGCONT);
    await(a, "the training reaches epoch " + from, () -> atLeast(a, from));
    a.kill();
    story.broken("SIGKILL to `cairn run` (process %d) on node-a".formatted(a.pid()));
    new Patience(setting.env(), WATCHDOG)
        .untilTrue("the training dies with its supervisor", () -> !ledger.runs(training));
    int done = a.savedEpoch();
    story.held(
        "its training died with it, after epoch %d: nobody writes on unseen".formatted(done));
    tellGoingOn(b, 0, done);
    Unmet.require(
        ledger.holder(JOB).equals(Optional.of(b.name())), "the job is not held by node-b");
  }

  /// Whether node-b does. Until then the training on node-a is held: a busy machine may take so
  /// long to start node-b that it would be over.
  private Optional<Boolean> standsBy() {
    ledger.training(JOB).ifPresent(training -> signal(training, SIGSTOP));
    return b.saidByCairn(0).stream().anyMatch(line -> line.startsWith("standing by"))
        ? Optional.of(true)
        : Optional.empty();
  }

  /// Hands the job back, spoils its newest checkpoint, and lets a third node find that out.
  void spoilTheNewestCheckpoint() {
    story.heading("4  Stop it, and damage its newest checkpoint");
    int from = 28 + random.below(3);
    await(b, "the training reaches epoch " + from, () -> atLeast(b, from));
    b.stop();
    story.done("SIGTERM to `cairn run` on node-b, as when a cluster wants its machine back");
    int code = patience.until("node-b hands the job back", () -> boxed(b.exitCode()));
    hear(b);
    Unmet.require(
        code == Supervisor.EXIT_HANDED_BACK,
        "after SIGTERM cairn run ended with exit code %d instead of %d"
            .formatted(code, Supervisor.EXIT_HANDED_BACK));
    story.held("exit code 75: handed back, requeue me");
    int done = b.savedEpoch();
    Published victim = ledger.newest(JOB).orElseThrow(() -> new Unmet("there is no checkpoint"));
    Ledger.Flipped flipped = ledger.spoil(JOB, victim, random);
    story.broken(
        "one bit flipped in its newest checkpoint: byte %,d of %,d of %s"
            .formatted(flipped.offset(), flipped.sizeBytes(), flipped.pack()));
    c.start();
    story.done("the same command started on node-c, whose disk is empty");
    int after = tellGoingOn(c, 0, done);
    Unmet.require(after > 0, "it started from nothing although older checkpoints were whole");
    String damaged = "%s@%d is damaged".formatted(JOB, victim.number());
    Unmet.require(
        c.saidByCairn(0).stream().anyMatch(line -> line.contains(damaged)),
        "cairn run did not say that checkpoint " + damaged);
    finish(victim);
  }

  private void finish(Published spoilt) {
    int code =
        patience.until(
            "the job ends",
            () -> {
              hear(c);
              return boxed(c.exitCode());
            });
    hear(c);
    Unmet.require(code == 0, "cairn run ended with exit code " + code);
    History history = ledger.history(JOB);
    Unmet.require(
        history.state().status() == Status.COMPLETED,
        "the job is %s instead of completed".formatted(history.state().status()));
    Unmet.require(
        history.lineage().stream().noneMatch(p -> p.number() == spoilt.number()),
        "it went on from the damaged checkpoint %s@%d".formatted(JOB, spoilt.number()));
    story.held("completed, after %d attempts".formatted(history.state().attempt()));
  }

  /// The final weights as the store has them.
  byte[] weights() {
    var target = setting.directory().resolve("result");
    ledger.restore(JOB, target);
    return Reference.weights(setting, target);
  }

  /// @param done epochs that were done when it was interrupted
  /// @return the epoch that it goes on after
  private int tellGoingOn(Machine machine, int from, int done) {
    int after = await(machine, "the training goes on", () -> boxed(machine.wentOnAfter(from)));
    int again = done - after;
    story.held(
        "the training goes on after epoch %d: %s done twice (starting over: %d epochs)"
            .formatted(
                after,
                again <= 0 ? "nothing is" : again == 1 ? "1 epoch is" : again + " epochs are",
                done));
    return after;
  }

  private static Optional<Boolean> atLeast(Machine machine, int epoch) {
    return machine.savedEpoch() >= epoch ? Optional.of(true) : Optional.empty();
  }

  private static Optional<Integer> positive(int number) {
    return number > 0 ? Optional.of(number) : Optional.empty();
  }

  private static Optional<Integer> boxed(OptionalInt number) {
    return number.stream().boxed().findFirst();
  }

  /// Waits for something on a machine where `cairn run` must be running.
  private <T> T await(Machine machine, String what, Supplier<Optional<T>> look) {
    return patience.until(
        what,
        () -> {
          Optional<T> found = look.get();
          hear(machine);
          if (found.isEmpty() && machine.exitCode().isPresent()) {
            throw new Unmet(
                "cairn run on %s ended with exit code %d before this: %s"
                    .formatted(machine.name(), machine.exitCode().getAsInt(), what));
          }
          return found;
        });
  }

  private void hear(Machine machine) {
    machine.news().forEach(line -> story.quoted(machine.name(), line));
  }
}
