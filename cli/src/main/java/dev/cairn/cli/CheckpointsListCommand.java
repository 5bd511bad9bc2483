package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Past;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "list",
    description = "List checkpoints, of one job or of all.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn checkpoints list train-1",
      "  cairn checkpoints list train-1 --at '2h ago'     as it was then",
      "  cairn checkpoints list --at 2026-11-26T12:30:00Z"
    })
final class CheckpointsListCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      paramLabel = "JOB",
      arity = "0..1",
      description = "Name of the job (default: all jobs).")
  private @Nullable String job;

  @Option(
      names = "--at",
      paramLabel = "TIME",
      description = {
        "List what was kept then: 2026-11-26T12:30:00Z, 2026-11-26T12:30, '2h ago'.",
        "What was dropped since is marked, and 'gone' where its bytes are too."
      })
  private @Nullable String at;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsListCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (at != null) {
      return listAt(TimeText.parse(at, context.env().now()));
    }
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

  private int listAt(Instant time) {
    try (Store opened = context.open(store.place)) {
      List<JobId> jobs = job != null ? List.of(JobId.of(job)) : opened.journal().jobs();
      var views = new ArrayList<PastView>();
      for (JobId id : jobs) {
        JobLog log = JobLog.open(opened.journal(), context.env(), id);
        Past past = Past.at(opened.journal(), id, log.history().last(), time);
        if (past.history().last() == 0 && job != null) {
          throw new CairnException.NotFound(
              log.history().last() == 0
                  ? "there is no job %s in %s".formatted(id, opened.location())
                  : "there was no job %s at %s".formatted(id, time),
              "See: cairn jobs list");
        }
        if (past.history().isDamaged()) {
          context.tell("entries of job %s cannot be read; some may be missing here".formatted(id));
        }
        views.addAll(PastView.of(opened, log.history(), past));
      }
      if (json.on) {
        Json.print(context.out(), views);
      } else {
        printPast(views, time);
      }
    }
    return 0;
  }

  private void printPast(List<PastView> views, Instant time) {
    if (views.isEmpty()) {
      context.tell("no checkpoints%s at %s".formatted(job == null ? "" : " of job " + job, time));
      return;
    }
    var table =
        new Table("ID", "STEP", "PROGRESS", "KIND", "AGE", "NODE", "FILES", "SIZE", "STORED", "");
    for (PastView view : views) {
      Long size = view.sizeBytes();
      Long stored = view.storedBytes();
      table.row(
          view.id(),
          JobView.number(view.step()),
          JobView.percent(view.progress()),
          Objects.requireNonNullElse(view.kind(), ""),
          JobView.age(view.saved(), time),
          Objects.requireNonNullElse(view.node(), ""),
          JobView.number(view.files()),
          size == null ? "" : Human.bytes(size),
          stored == null ? "" : Human.bytes(stored),
          (view.pinned() ? "pinned " : "")
              + (view.inLineage() ? "" : "on an abandoned branch ")
              + (view.gone() ? "gone" : view.dropped() ? "dropped since" : ""));
    }
    table.print(context.out());
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
