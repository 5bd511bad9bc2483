package dev.cairn.cli;

import dev.cairn.checkpoint.Copier;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.journal.JobLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "copy",
    description = {
      "Copy the checkpoints of a job into another store, every byte checked.",
      "Done again, it copies what has come since. Abandoned branches are left out."
    },
    footer = {
      "",
      "Examples:",
      "  cairn copy train-1 --to /mnt/nas/cairn",
      "  cairn copy train-1 --to /mnt/nas/cairn --as train-1-of-ann"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CopyCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", description = "Name of the job.")
  private String job = "";

  @Option(
      names = "--to",
      paramLabel = "STORE",
      required = true,
      description = "The other store; made if it is missing.")
  private String to = "";

  @Option(names = "--as", paramLabel = "NAME", description = "Name of the job there.")
  private @Nullable String as;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for somebody who holds the job there (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CopyCommand(Context context) {
    this.context = context;
  }

  record Result(String job, String store, List<String> copied, long sizeBytes, long storedBytes) {}

  @Override
  public Integer call() {
    JobId target = JobId.of(as == null ? job : as);
    try (Store opened = context.open(store.place)) {
      JobLog log = context.existing(opened, job);
      context.warnOfDamage(log.history());
      try (Store other = context.openOrCreate(to)) {
        if (other.id().equals(opened.id()) && target.equals(log.job())) {
          throw new CairnException.Invalid(
              "%s is the store that the job is in".formatted(other.location()),
              "Nothing was copied. Name another store with --to.");
        }
        report(target, other, copy(opened, log, other, target));
      }
    }
    return 0;
  }

  private List<Copier.Copied> copy(Store opened, JobLog log, Store other, JobId target) {
    var copier =
        new Copier(opened, other, context.env(), context.claimer(other), context.host().node());
    try (ProgressLine progress = context.progress("copying")) {
      return copier.copy(log, target, context.by(), context.patience(timeout), progress);
    }
  }

  private void report(JobId target, Store other, List<Copier.Copied> copied) {
    long size = copied.stream().mapToLong(Copier.Copied::sizeBytes).sum();
    long stored = copied.stream().mapToLong(Copier.Copied::storedBytes).sum();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              target.value(),
              other.location(),
              copied.stream().map(c -> target + "@" + c.number()).toList(),
              size,
              stored));
      return;
    }
    for (Copier.Copied one : copied) {
      context.out().println("copied %s as %s@%d".formatted(one.source(), target, one.number()));
    }
    context
        .out()
        .println(
            copied.isEmpty()
                ? "%s in %s has all checkpoints already".formatted(target, other.location())
                : "%s in %s: %s, of which %s stored"
                    .formatted(target, other.location(), Human.bytes(size), Human.bytes(stored)));
  }
}
