package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.journal.JobLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "rollback",
    description = {
      "Let a job that does not run go on from an older checkpoint, on a branch of its own.",
      "Newer checkpoints stay, beside that branch; what the job has spent stays counted.",
      "A completed job never changes: fork it."
    },
    footer = {
      "",
      "Examples:",
      "  cairn jobs pause train-1",
      "  cairn jobs rollback train-1 --to 42",
      "  cairn jobs rollback train-1 --to before-the-spike"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsRollbackCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(
      names = "--to",
      paramLabel = "CHECKPOINT",
      required = true,
      description = "The checkpoint to go on from: JOB@N, N or a tag.")
  private String to = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsRollbackCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      Named chosen = Named.checkpointOf(log.job(), to);
      log.append(history -> new Event.Resumed(context.by(), chosen.in(history).number()));
      JobStatus.print(context, json.on, log.job(), log.state());
      if (!json.on) {
        context.tell("it goes on with: cairn run --job %s … -- COMMAND".formatted(log.job()));
      }
    }
    return 0;
  }
}
