package dev.cairn.cli;

import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.JobLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "delete",
    description = {
      "Delete a job with all its checkpoints.",
      "Its journal keeps small tombstones, so that no late copy of it can come back."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsDeleteCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(names = "--force", description = "Also if it has checkpoints and is not completed.")
  private boolean force;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsDeleteCommand(Context context) {
    this.context = context;
  }

  record Result(String deleted) {}

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      if (log.state().status() == Status.RUNNING) {
        throw new CairnException.Conflict(
            "job %s is running".formatted(job), "Cancel it first: cairn jobs cancel " + job);
      }
      if (!force && log.state().status() != Status.COMPLETED && !log.history().live().isEmpty()) {
        throw new CairnException.Conflict(
            "job %s is %s and has %d checkpoints to go on from"
                .formatted(job, log.state().status(), log.history().live().size()),
            "To delete it all the same: --force");
      }
      delete(opened, log);
    }
    if (json.on) {
      Json.print(context.out(), new Result(job));
    } else {
      context.out().println("deleted job " + job);
    }
    return 0;
  }

  private void delete(Store opened, JobLog log) {
    try (Attempt attempt =
        context
            .claimer(opened)
            .claim(log, Event.Purpose.MAINTENANCE, context.patience())
            .orElseThrow()
            .attempt()) {
      new Checkpointer(
              opened.repository(),
              context.disk(),
              context.env(),
              attempt,
              Retention.DEFAULTS,
              context.host().node())
          .delete(context.by());
    }
  }
}
