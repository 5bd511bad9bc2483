package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.journal.JobLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "list",
    description = "List checkpoints, of one job or of all.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsListCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      paramLabel = "JOB",
      arity = "0..1",
      description = "Name of the job (default: all jobs).")
  private @Nullable String job;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsListCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      List<JobId> jobs =
          job != null ? List.of(context.existing(opened, job).job()) : opened.journal().jobs();
      var views = new ArrayList<CheckpointView>();
      for (JobId id : jobs) {
        JobLog log = JobLog.open(opened.journal(), context.env(), id);
        context.warnOfDamage(log.history());
        log.history()
            .live()
            .values()
            .forEach(p -> views.add(CheckpointView.of(id, log.history(), p, opened.location())));
      }
      if (json.on) {
        Json.print(context.out(), views);
      } else {
        print(views, opened);
      }
    }
    return 0;
  }

  private void print(List<CheckpointView> views, Store opened) {
    if (views.isEmpty()) {
      context.tell(
          "no checkpoints%s in %s"
              .formatted(job == null ? "" : " of job " + job, opened.location()));
      return;
    }
    Instant now = context.env().now();
    var table =
        new Table("ID", "STEP", "PROGRESS", "KIND", "AGE", "NODE", "FILES", "SIZE", "STORED", "");
    for (CheckpointView view : views) {
      table.row(
          view.id(),
          JobView.number(view.step()),
          JobView.percent(view.progress()),
          view.kind(),
          JobView.age(view.saved(), now),
          view.node(),
          String.valueOf(view.files()),
          Human.bytes(view.sizeBytes()),
          Human.bytes(view.storedBytes()),
          remarks(view));
    }
    table.print(context.out());
  }

  private static String remarks(CheckpointView view) {
    var remarks = new ArrayList<String>();
    if (!view.tags().isEmpty()) {
      remarks.add(String.join(", ", view.tags()));
    } else if (view.pinned()) {
      remarks.add("pinned");
    }
    if (!view.inLineage()) {
      remarks.add("on an abandoned branch");
    }
    return String.join("; ", remarks);
  }
}
