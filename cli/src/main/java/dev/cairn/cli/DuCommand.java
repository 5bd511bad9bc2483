package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.checkpoint.Usage;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.journal.JobLog;
import dev.cairn.run.CairnExit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `cairn du`: what jobs and their checkpoints take in the store.
@Command(
    name = "du",
    description = {
      "Tell what jobs take in the store, and what deleting a checkpoint would give back.",
      "With a job's name also checkpoint by checkpoint."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "LOGICAL  what as many copies would take     STORED   what the checkpoints take",
      "SHARED   of it, what several of them use    ORPHANS  in no checkpoint (yet, or any more)",
      "",
      "Examples:",
      "  cairn du                 all jobs",
      "  cairn du train-1         one, checkpoint by checkpoint"
    })
final class DuCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "JOB", arity = "0..*", description = "Names of jobs (default: all).")
  private List<String> jobs = List.of();

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  DuCommand(Context context) {
    this.context = context;
  }

  /// @param freedBytes what would be given back if it alone were deleted
  /// @param damage absent if all that it needs is there
  record CheckpointUse(
      String id, long logicalBytes, long storedBytes, long freedBytes, @Nullable String damage) {}

  /// @param deleted whether only its numbers are left, which stay taken
  /// @param orphanBytes absent if nobody can tell, because of damage
  record JobUse(
      String job,
      boolean deleted,
      long logicalBytes,
      long storedBytes,
      long sharedBytes,
      @Nullable Long orphanPacks,
      @Nullable Long orphanBytes,
      long journalBytes,
      long otherBytes,
      List<CheckpointUse> checkpoints) {
    static JobUse of(Usage usage, boolean deleted) {
      return new JobUse(
          usage.job().value(),
          deleted,
          usage.logicalBytes(),
          usage.storedBytes(),
          usage.sharedBytes(),
          usage.orphanPacks(),
          usage.orphanBytes(),
          usage.journalBytes(),
          usage.otherBytes(),
          usage.checkpoints().stream()
              .map(c ->
                  new CheckpointUse(
                      usage.job() + "@" + c.published().number(),
                      c.published().checkpoint().sizeBytes(),
                      c.storedBytes(),
                      c.freedBytes(),
                      c.damage()))
              .toList());
    }

    boolean isDamaged() {
      return checkpoints.stream().anyMatch(c -> c.damage != null);
    }
  }

  record Totals(
      long logicalBytes,
      long storedBytes,
      long sharedBytes,
      long orphanBytes,
      long journalBytes,
      long otherBytes,
      long allBytes) {
    static Totals of(List<JobUse> jobs) {
      long logical = 0;
      long stored = 0;
      long shared = 0;
      long orphans = 0;
      long journal = 0;
      long other = 0;
      for (JobUse job : jobs) {
        logical += job.logicalBytes;
        stored += job.storedBytes;
        shared += job.sharedBytes;
        orphans += job.orphanBytes == null ? 0 : job.orphanBytes;
        journal += job.journalBytes;
        other += job.otherBytes;
      }
      return new Totals(
          logical, stored, shared, orphans, journal, other, stored + orphans + journal + other);
    }
  }

  record Document(List<JobUse> jobs, Totals total) {}

  @Override
  public Integer call() {
    var uses = new ArrayList<JobUse>();
    try (Store opened = context.open(store.place)) {
      List<JobId> ids =
          jobs.isEmpty()
              ? opened.journal().jobs()
              : jobs.stream().distinct().map(job -> context.existing(opened, job).job()).toList();
      for (JobId id : ids) {
        JobLog log = JobLog.open(opened.journal(), context.env(), id);
        boolean deleted = !log.history().exists() && log.history().broken().isEmpty();
        uses.add(JobUse.of(Usage.of(opened, log), deleted));
      }
      var document = new Document(uses, Totals.of(uses));
      if (json.on) {
        Json.print(context.out(), document);
      } else if (uses.isEmpty()) {
        context.tell("no jobs in " + opened.location());
      } else {
        print(document);
      }
    }
    uses.forEach(this::complain);
    return uses.stream().anyMatch(JobUse::isDamaged) ? CairnExit.CORRUPT : 0;
  }

  private void complain(JobUse job) {
    for (CheckpointUse checkpoint : job.checkpoints) {
      if (checkpoint.damage != null) {
        context.tell(
            "%s is damaged, so its numbers are too small: %s"
                .formatted(checkpoint.id, checkpoint.damage));
      }
    }
  }

  private void print(Document document) {
    var table =
        new Table("JOB", "CHECKPOINTS", "LOGICAL", "STORED", "SHARED", "ORPHANS", "JOURNAL");
    for (JobUse job : document.jobs) {
      table.row(
          job.job + (job.deleted ? " (deleted)" : ""),
          String.valueOf(job.checkpoints.size()),
          Human.bytes(job.logicalBytes),
          Human.bytes(job.storedBytes),
          Human.bytes(job.sharedBytes),
          job.orphanBytes == null ? "unknown" : Human.bytes(job.orphanBytes),
          Human.bytes(job.journalBytes));
    }
    Totals total = document.total;
    if (document.jobs.size() > 1) {
      table.row(
          "total",
          String.valueOf(document.jobs.stream().mapToInt(job -> job.checkpoints.size()).sum()),
          Human.bytes(total.logicalBytes),
          Human.bytes(total.storedBytes),
          Human.bytes(total.sharedBytes),
          Human.bytes(total.orphanBytes),
          Human.bytes(total.journalBytes));
    }
    table.print(context.out());
    if (!jobs.isEmpty()) {
      context.out().println();
      printCheckpoints(document.jobs);
    }
  }

  private void printCheckpoints(List<JobUse> uses) {
    var table = new Table("CHECKPOINT", "LOGICAL", "STORED", "FREED IF DELETED", "");
    for (JobUse job : uses) {
      for (CheckpointUse c : job.checkpoints) {
        table.row(
            c.id,
            Human.bytes(c.logicalBytes),
            Human.bytes(c.storedBytes),
            Human.bytes(c.freedBytes),
            c.damage == null ? "" : "DAMAGED");
      }
    }
    table.print(context.out());
  }
}
