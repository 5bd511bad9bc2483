package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "list",
    description = "List jobs.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsListCommand implements Callable<Integer> {
  private final Context context;

  @Option(
      names = "--resumable",
      description = "Only jobs that can go on from a checkpoint and that nobody runs.")
  private boolean resumable;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsListCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      var reader = new JobReader(context, opened);
      List<JobView> jobs =
          opened.journal().jobs().stream()
              .flatMap(job -> reader.view(job).stream())
              .filter(view -> !resumable || view.resumable())
              .toList();
      if (json.on) {
        Json.print(context.out(), jobs);
      } else {
        print(jobs, opened);
      }
    }
    return 0;
  }

  private void print(List<JobView> jobs, Store opened) {
    if (jobs.isEmpty()) {
      context.tell("no %sjobs in %s".formatted(resumable ? "resumable " : "", opened.location()));
      return;
    }
    Instant now = context.env().now();
    var table =
        new Table("JOB", "STATUS", "PROGRESS", "STEP", "ATTEMPT", "NEWEST", "UPDATED", "NODE");
    for (JobView view : jobs) {
      table.row(
          view.job(),
          view.statusText(),
          JobView.percent(view.progress()),
          JobView.number(view.step()),
          String.valueOf(view.attempt()),
          view.newestCheckpoint() == null ? "" : view.newestCheckpoint(),
          JobView.age(view.updated(), now) + " ago",
          view.node() == null ? "" : view.node());
    }
    table.print(context.out());
  }
}
