package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.journal.JobLog;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "pin",
    description = "Keep a checkpoint whatever the retention says, until it is unpinned.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsPinCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N or JOB@TAG.")
  private String id = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsPinCommand(Context context) {
    this.context = context;
  }

  /// @param tags all tags that the checkpoint has now
  record Result(String checkpoint, boolean pinned, List<String> tags) {
    static Result of(JobLog log, long number) {
      return new Result(
          log.job() + "@" + number,
          log.history().pinned().contains(number),
          log.history().tags(number));
    }
  }

  @Override
  public Integer call() {
    Named named = Named.checkpoint(id);
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, named.job().value());
      long number = named.in(log.history()).number();
      if (!log.history().pinned().contains(number)) {
        log.append(history -> new Event.Pinned(context.by(), history.checkpoint(number).number()));
      }
      Result result = Result.of(log, number);
      if (json.on) {
        Json.print(context.out(), result);
      } else {
        context.out().println("pinned " + result.checkpoint());
      }
    }
    return 0;
  }
}
