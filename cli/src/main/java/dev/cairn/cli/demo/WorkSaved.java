package dev.cairn.cli.demo;

import dev.cairn.cli.demo.Report.Saving;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/// Measures what Cairn saves: jobs of their own, each of which loses supervisor and training at one
/// point of its work, is started again, and runs to its end.
///
/// They run beside the story, each on a machine of its own.
final class WorkSaved {
  private final Setting setting;
  private final Ledger ledger;
  private final Patience patience;
  private final List<Env.Task> jobs = new ArrayList<>();
  private final List<Saving> savings = new ArrayList<>();
  private final List<byte[]> weights = new ArrayList<>();

  WorkSaved(Setting setting, Ledger ledger, Patience patience) {
    this.setting = setting;
    this.ledger = ledger;
    this.patience = patience;
  }

  /// Starts the jobs that are killed at these points.
  void start(int... percents) {
    for (int percent : percents) {
      jobs.add(setting.env().fork("work-saved-" + percent, () -> measure(percent)));
    }
  }

  /// Waits for all of them.
  ///
  /// @throws Unmet if one of them went wrong
  void finish() {
    jobs.forEach(Env.Task::join);
  }

  private void measure(int percent) {
    var job = JobId.of("digits-" + percent);
    var machine = new Machine(setting, "machine-" + percent, job);
    machine.start();
    await(
        machine,
        "%s reaches %d %%".formatted(job, percent),
        () -> machine.savedEpoch() * 100 >= Setting.EPOCHS * percent);
    machine.kill();
    patience.untilTrue("everything of %s is dead".formatted(job), () -> isDead(machine));
    int killed = machine.savedEpoch();
    int said = machine.said().size();
    machine.start();
    await(
        machine,
        "%s goes on after it was killed".formatted(job),
        () -> machine.wentOnAfter(said).isPresent());
    int resumed = machine.wentOnAfter(said).orElseThrow();
    int code =
        patience.until(
            "%s ends".formatted(job), () -> machine.exitCode().stream().boxed().findFirst());
    Unmet.require(code == 0, "cairn run of %s ended with exit code %d".formatted(job, code));
    add(new Saving(percent, killed, resumed), Reference.weights(setting, machine.watched()));
  }

  /// Waits for something on a machine where `cairn run` must be running.
  private void await(Machine machine, String what, BooleanSupplier look) {
    patience.untilTrue(
        what,
        () -> {
          boolean found = look.getAsBoolean();
          Unmet.require(
              found || machine.exitCode().isEmpty(),
              "cairn run on %s ended before this: %s".formatted(machine.name(), what));
          return found;
        });
  }

  private boolean isDead(Machine machine) {
    return machine.exitCode().isPresent() && ledger.training(machine.job()).isEmpty();
  }

  private synchronized void add(Saving saving, byte[] finalWeights) {
    savings.add(saving);
    weights.add(finalWeights);
    savings.sort((a, b) -> a.percent() - b.percent());
  }

  synchronized List<Saving> savings() {
    return List.copyOf(savings);
  }

  /// The final weights of all these jobs.
  synchronized List<byte[]> weights() {
    return List.copyOf(weights);
  }

  void tell(Story story) {
    story.heading("6  What that saves");
    story.line(
        "Four more jobs, each of which lost `cairn run` and training at one point of its work,");
    story.line("and ended with the same weights, too. Work saved: what of it was not done twice.");
    story.line("");
    story.line("  killed at          went on after   done twice   starting over   work saved");
    for (Saving saving : savings()) {
      story.line(
          String.format(
              Locale.ROOT,
              "  %2d %% (epoch %2d)    epoch %2d         %2d           %2d                %4.0f %%",
              saving.percent(),
              saving.killedAfterEpoch(),
              saving.resumedAfterEpoch(),
              saving.epochsLost(),
              saving.killedAfterEpoch(),
              saving.savedPercent()));
    }
  }
}
