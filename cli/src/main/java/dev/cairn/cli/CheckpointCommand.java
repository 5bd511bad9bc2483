package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cairn checkpoint`: asks whoever runs a job to save now.
@Command(
    name = "checkpoint",
    description = "Ask whoever runs a job for a checkpoint now, and wait for it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long (default: 5m).")
  private Duration timeout = Duration.ofMinutes(5);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointCommand(Context context) {
    this.context = context;
  }

  record Result(String id) {}

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      Entry request =
          log.append(_ -> new Event.CheckpointRequested(context.by(), Checkpoint.Kind.MANUAL));
      long answer = await(opened, log, request.number());
      String id = log.job() + "@" + answer;
      if (json.on) {
        Json.print(context.out(), new Result(id));
      } else {
        context.out().println("saved " + id);
      }
      return 0;
    }
  }

  private long await(Store opened, JobLog log, long request) {
    try {
      return new Answer(context, opened, log, timeout)
          .await(history ->
              history.live().tailMap(request).values().stream()
                  .filter(p -> p.checkpoint().answers().contains(request))
                  .map(History.Published::number)
                  .findFirst());
    } catch (Answer.Dead e) {
      throw new CairnException.Unavailable(
          "the attempt that runs job %s is dead: %s".formatted(log.job(), e.getMessage()),
          "What it saved before is safe. Go on with 'cairn run' as it was started.",
          e);
    }
  }
}
