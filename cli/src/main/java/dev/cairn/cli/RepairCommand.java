package dev.cairn.cli;

import dev.cairn.checkpoint.Mender;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Donor;
import dev.cairn.repository.Repository.Mended;
import dev.cairn.run.CairnExit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "repair",
    description = {
      "Make the damaged checkpoints of a job whole again.",
      "What is damaged is looked for, by its hash, in other checkpoints of the job, in other jobs of",
      "the store, and in the places given. Exit code 13 if something is lost."
    },
    footer = {
      "",
      "Examples:",
      "  cairn repair train-1",
      "  cairn repair train-1 --from /mnt/backup/cairn",
      "  cairn repair train-1 --from out/"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RepairCommand implements Callable<Integer> {
  private static final int MOST_FILES = 20;

  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(
      names = "--from",
      paramLabel = "STORE|DIR",
      description = {
        "Another store, or a directory with the files that were saved.",
        "May be given several times."
      })
  private List<String> from = List.of();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for somebody who holds the job (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  RepairCommand(Context context) {
    this.context = context;
  }

  /// @param status `whole` if nothing was wrong, `repaired`, or `lost`
  /// @param pieces number of chunks that were stored anew
  /// @param lost paths of files that nobody has whole
  record Result(String id, String status, long pieces, long bytes, List<String> lost) {
    static Result of(JobId job, Mender.Report report) {
      Mended mended = report.mended();
      String status =
          !mended.lost().isEmpty() ? "lost" : mended.saved() == null ? "whole" : "repaired";
      return new Result(
          job + "@" + report.checkpoint(), status, mended.chunks(), mended.bytes(), mended.lost());
    }
  }

  @Override
  public Integer call() {
    var others = new ArrayList<Store>();
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      context.warnOfDamage(log.history());
      return report(
          mend(opened, log, donors(opened, log.job(), others)).stream()
              .map(report -> Result.of(log.job(), report))
              .toList());
    } finally {
      others.forEach(Store::close);
    }
  }

  private List<Mender.Report> mend(Store opened, JobLog log, List<Donor> donors) {
    var mender =
        new Mender(
            opened, context.disk(), context.env(), context.claimer(opened), context.host().node());
    try (ProgressLine progress = context.progress("repairing")) {
      return mender.mend(log, donors, context.by(), context.patience(timeout), progress);
    }
  }

  /// The same job elsewhere first: it may be a copy that holds the very same packs.
  private List<Donor> donors(Store opened, JobId id, List<Store> others) {
    var donors = new ArrayList<Donor>();
    var last = new ArrayList<Donor>();
    opened.journal().jobs().stream()
        .filter(other -> !other.equals(id))
        .forEach(other -> last.add(new Donor.Packs(opened.blobs(), other)));
    for (String place : from) {
      Path path = context.real(context.path(place));
      if (context.disk().stat(path).isEmpty()) {
        throw new CairnException.NotFound("there is no " + path, "Nothing was changed.");
      }
      if (context.disk().stat(path.resolve("cairn.json")).isEmpty()) {
        donors.add(new Donor.Files(path));
        continue;
      }
      Store other = Store.open(context.disk(), context.env(), path);
      others.add(other);
      donors.add(new Donor.Packs(other.blobs(), id));
      other.journal().jobs().stream()
          .filter(job -> !job.equals(id))
          .forEach(job -> last.add(new Donor.Packs(other.blobs(), job)));
    }
    donors.addAll(last);
    return donors;
  }

  private int report(List<Result> results) {
    if (json.on) {
      Json.print(context.out(), results);
    } else {
      results.forEach(this::print);
    }
    boolean lost = results.stream().anyMatch(result -> result.status.equals("lost"));
    if (lost && !json.on) {
      context.tell("what was damaged stays where it is; give another place to look with --from");
    }
    return lost ? CairnExit.CORRUPT : 0;
  }

  private void print(Result result) {
    context
        .out()
        .println(
            switch (result.status) {
              case "whole" -> result.id + " is whole";
              case "repaired" ->
                  "%s repaired: %,d pieces, %s, stored anew"
                      .formatted(result.id, result.pieces, Human.bytes(result.bytes));
              default -> "%s LOST: %s".formatted(result.id, files(result.lost));
            });
  }

  private static String files(List<String> lost) {
    String some =
        String.join(
            ", ", lost.stream().limit(MOST_FILES).map(f -> Text.printable(f, 200)).toList());
    int more = lost.size() - MOST_FILES;
    return some + (more > 0 ? " and %d more".formatted(more) : "");
  }
}
