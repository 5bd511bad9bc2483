package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.journal.JobLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "unpin",
    description = {
      "Take back all pins of a checkpoint, its tags too: retention decides about it again.",
      "It goes with the next checkpoint that is saved, if the retention does not keep it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsUnpinCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N or JOB@TAG.")
  private String id = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsUnpinCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    Named named = Named.checkpoint(id);
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, named.job().value());
      long number = named.in(log.history()).number();
      boolean pinned = log.history().pinned().contains(number);
      if (pinned) {
        log.append(_ -> new Event.Unpinned(context.by(), number));
      }
      if (json.on) {
        Json.print(context.out(), CheckpointsPinCommand.Result.of(log, number));
      } else {
        context
            .out()
            .println("%s %s@%d".formatted(pinned ? "unpinned" : "not pinned:", log.job(), number));
      }
    }
    return 0;
  }
}
