package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.Tag;
import dev.cairn.journal.JobLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "tag",
    description = {
      "Give a checkpoint a name: JOB@TAG then means the same as JOB@N, and it is kept.",
      "A tag that the job has already moves to this checkpoint."
    },
    footer = {
      "",
      "Examples:",
      "  cairn checkpoints tag train-1@42 best",
      "  cairn checkpoints restore train-1@best --to best",
      "  cairn checkpoints tag train-1@best best --delete"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsTagCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(index = "0", paramLabel = "CHECKPOINT", description = "JOB@N or JOB@TAG.")
  private String id = "";

  @Parameters(
      index = "1",
      paramLabel = "TAG",
      description = "A letter, then letters, digits, dots, underscores and hyphens.")
  private String tag = "";

  @Option(names = "--delete", description = "Take the tag away; without another one the pin goes.")
  private boolean delete;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsTagCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    Tag.require(tag);
    Named named = Named.checkpoint(id);
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, named.job().value());
      long number = named.in(log.history()).number();
      if (delete) {
        requireOn(log, number);
        log.append(history -> new Event.Unpinned(context.by(), number, history.pinOf(tag)));
      } else if (!log.history().tags(number).contains(tag)) {
        log.append(
            history -> new Event.Pinned(context.by(), history.checkpoint(number).number(), tag));
      }
      if (json.on) {
        Json.print(context.out(), CheckpointsPinCommand.Result.of(log, number));
      } else {
        context
            .out()
            .println(
                "%s@%d %s %s"
                    .formatted(log.job(), number, delete ? "is no longer" : "is now", tag));
      }
    }
    return 0;
  }

  private void requireOn(JobLog log, long number) {
    if (log.history().tagged(tag).number() != number) {
      throw new CairnException.Conflict(
          "the tag '%s' is on %s@%d".formatted(tag, log.job(), log.history().tagged(tag).number()),
          "");
    }
  }
}
