package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.journal.History;
import dev.cairn.journal.Journal.Slot;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "history",
    description = "Show a job's journal: everything that happened to it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class JobsHistoryCommand implements Callable<Integer> {
  private static final int PAGE = 500;

  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  JobsHistoryCommand(Context context) {
    this.context = context;
  }

  record Row(
      long number,
      @Nullable Instant at,
      @Nullable String status,
      @Nullable Integer attempt,
      @Nullable Long fencingToken,
      String what,
      @Nullable Object event) {}

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      List<Row> rows = rows(opened, context.existing(opened, job).history());
      if (json.on) {
        Json.print(context.out(), rows);
        return 0;
      }
      var table = new Table("NUMBER", "AT", "ATTEMPT", "STATUS", "WHAT");
      for (Row row : rows) {
        table.row(
            String.valueOf(row.number()),
            row.at() == null ? "" : row.at().truncatedTo(ChronoUnit.SECONDS).toString(),
            row.attempt() == null ? "" : row.attempt().toString(),
            row.status() == null ? "" : row.status(),
            row.what());
      }
      table.print(context.out());
    }
    return 0;
  }

  private static List<Row> rows(Store opened, History history) {
    var rows = new ArrayList<Row>();
    while (rows.size() < history.last()) {
      long next = Entry.FIRST + rows.size();
      List<Slot> page = opened.journal().entries(history.job(), next, PAGE);
      if (page.isEmpty()) {
        rows.add(damaged(new Slot.Unreadable(history.job(), next, "it is missing")));
      }
      for (Slot slot : page) {
        rows.add(
            switch (slot) {
              case Slot.Readable(Entry e) ->
                  new Row(
                      e.number(),
                      e.at(),
                      e.after().status().toString(),
                      e.after().attempt(),
                      e.after().token(),
                      JobView.event(e),
                      e.event());
              case Slot.Unreadable u -> damaged(u);
            });
      }
    }
    return rows;
  }

  private static Row damaged(Slot.Unreadable slot) {
    return new Row(slot.number(), null, null, null, null, "damaged: " + slot.why(), null);
  }
}
