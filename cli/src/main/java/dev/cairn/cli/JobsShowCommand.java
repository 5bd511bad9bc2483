package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "show",
    description = "Show one job.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsShowCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsShowCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      context.warnOfDamage(log.history());
      log.history()
          .broken()
          .ifPresent(slot -> {
            throw slot.error();
          });
      JobView view = new JobReader(context, opened).view(log.job()).orElseThrow();
      if (json.on) {
        Json.print(context.out(), view);
      } else {
        print(view, log.history());
      }
    }
    return 0;
  }

  private void print(JobView view, History history) {
    PrintWriter out = context.out();
    Instant now = context.env().now();
    out.printf("job          %s%n", view.job());
    out.printf("status       %s%n", JobView.shown(view.statusText()));
    if (view.node() != null) {
      out.printf(
          "held by      %s (pid %d), token %d%n",
          JobView.shown(view.node()), view.pid(), view.fencingToken());
    }
    out.printf("attempts     %d%n", view.attempt());
    if (view.failures() > 0) {
      out.printf("failures     %d in a row without a new checkpoint%n", view.failures());
    }
    if (view.progress() != null || view.step() != null) {
      out.printf(
          "progress     %s%s%n",
          JobView.percent(view.progress()), view.step() == null ? "" : " step " + view.step());
    }
    if (view.message() != null) {
      out.printf("message      %s%n", dev.cairn.domain.Text.printable(view.message(), 200));
    }
    if (view.costUsd().compareTo(BigDecimal.ZERO) > 0 || view.tokens() > 0) {
      out.printf("spent        $%s, %d tokens%n", view.costUsd().toPlainString(), view.tokens());
    }
    out.printf(
        "checkpoints  %d%s%n",
        history.live().size(),
        view.newestCheckpoint() == null ? "" : ", newest " + view.newestCheckpoint());
    if (!view.requests().isEmpty()) {
      out.printf("asked for    %s%n", String.join(", ", view.requests()));
    }
    history
        .submitted()
        .filter(submitted -> !submitted.labels().isEmpty())
        .ifPresent(
            submitted -> out.printf("labels       %s%n", JobView.labels(submitted.labels())));
    out.printf("updated      %s ago%n", JobView.age(view.updated(), now));
  }
}
