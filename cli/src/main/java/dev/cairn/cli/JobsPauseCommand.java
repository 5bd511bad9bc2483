package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.journal.JobLog;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pause",
    description = "Stop a job until it is resumed: its command saves and ends.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsPauseCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the history.")
  private String reason = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for the holder (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsPauseCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      JobState state =
          new StopRequest(context, opened, log, timeout)
              .send(
                  new Event.PauseRequested(context.by(), reason),
                  () -> new Event.Paused("person", "its holder was dead"));
      JobStatus.print(context, json.on, log.job(), state);
    }
    return 0;
  }
}
