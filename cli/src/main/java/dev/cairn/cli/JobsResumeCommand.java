package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.journal.JobLog;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "resume",
    description = {
      "Say that a paused, failed or cancelled job goes on, from its newest checkpoint or a chosen one.",
      "It becomes pending: whoever runs 'cairn run --job JOB' next goes on with it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsResumeCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(
      names = "--from",
      paramLabel = "CHECKPOINT",
      description =
          "Go on from this one: JOB@N, N or a tag. Newer ones stay, on a branch of their own.")
  private @Nullable String from;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsResumeCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      Named chosen = from == null ? null : Named.checkpointOf(log.job(), from);
      log.append(history ->
          new Event.Resumed(context.by(), chosen == null ? null : chosen.in(history).number()));
      JobStatus.print(context, json.on, log.job(), log.state());
      if (!json.on) {
        context.tell("it goes on with: cairn run --job %s … -- COMMAND".formatted(log.job()));
      }
    }
    return 0;
  }
}
