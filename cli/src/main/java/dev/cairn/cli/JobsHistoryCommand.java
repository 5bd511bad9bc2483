package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.domain.JobId;
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
      JobId id = context.existing(opened, job).job();
      List<Row> rows = rows(opened, id);
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

  private static List<Row> rows(Store opened, JobId id) {
    var rows = new ArrayList<Row>();
    List<Slot> page;
    do {
      page = opened.journal().entries(id, Entry.FIRST + rows.size(), PAGE);
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
              case Slot.Unreadable u ->
                  new Row(u.number(), null, null, null, null, "damaged: " + u.why(), null);
            });
      }
    } while (page.size() == PAGE);
    return rows;
  }
}
