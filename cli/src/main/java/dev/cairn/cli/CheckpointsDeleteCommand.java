package dev.cairn.cli;

import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "delete",
    description = {
      "Delete a checkpoint and the bytes that only it needs.",
      "The newest valid one of a job is refused without --force."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsDeleteCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N.")
  private String id = "";

  @Option(names = "--force", description = "Also the newest valid one, or a pinned one.")
  private boolean force;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for the holder of a running job (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsDeleteCommand(Context context) {
    this.context = context;
  }

  record Result(String deleted) {}

  @Override
  public Integer call() {
    Named named = Named.checkpoint(id);
    long number;
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, named.job().value());
      Published published = named.in(log.history());
      number = published.number();
      if (!force) {
        refuseNeeded(opened, log, published);
      }
      if (log.state().status() == Status.RUNNING) {
        askHolder(opened, log, number);
      } else {
        prune(opened, log, number);
      }
    }
    if (json.on) {
      Json.print(context.out(), new Result(named.job() + "@" + number));
    } else {
      context.out().println("deleted %s@%d".formatted(named.job(), number));
    }
    return 0;
  }

  private void refuseNeeded(Store opened, JobLog log, Published published) {
    JobId job = log.job();
    if (log.history().pinned().contains(published.number())) {
      throw new CairnException.Conflict(
          "%s@%d is pinned".formatted(job, published.number()),
          "To delete it all the same: --force");
    }
    var restorer = new Restorer(opened.repository());
    for (Published candidate : log.history().lineage()) {
      boolean valid = restorer.verify(job, candidate, Meter.NONE).isWhole();
      if (valid && candidate.number() == published.number()) {
        throw new CairnException.Conflict(
            "%s@%d is the newest valid checkpoint of the job".formatted(job, published.number()),
            "Without it the job loses what it did since the one before. To delete it all the same: --force");
      }
      if (valid || candidate.number() == published.number()) {
        return;
      }
    }
  }

  private void askHolder(Store opened, JobLog log, long number) {
    log.append(_ -> new Event.PruneRequested(context.by(), List.of(number)));
    try {
      new Answer(context, opened, log, timeout)
          .await(
              history -> history.live().containsKey(number) ? Optional.empty() : Optional.of(true));
    } catch (Answer.Dead e) {
      throw new CairnException.Unavailable(
          "the attempt that runs job %s is dead: %s".formatted(log.job(), e.getMessage()),
          "Its successor deletes it. Or stop the job first: cairn jobs pause " + log.job(),
          e);
    }
  }

  private void prune(Store opened, JobLog log, long number) {
    Claimer.Claimed claimed =
        context
            .claimer(opened)
            .claim(log, Event.Purpose.MAINTENANCE, context.patience())
            .orElseThrow();
    try (Attempt attempt = claimed.attempt()) {
      new Checkpointer(
              opened.repository(),
              context.disk(),
              context.env(),
              attempt,
              Retention.DEFAULTS,
              context.host().node())
          .prune(Set.of(number), "deleted by " + context.by());
      attempt.append(_ -> new Event.Released("done", "cairn checkpoints delete", false, null, 0));
    }
  }
}
