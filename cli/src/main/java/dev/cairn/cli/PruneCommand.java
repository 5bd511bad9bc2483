package dev.cairn.cli;

import dev.cairn.checkpoint.Candidate;
import dev.cairn.checkpoint.Keep;
import dev.cairn.checkpoint.Pruner;
import dev.cairn.checkpoint.Pruner.Proposal;
import dev.cairn.checkpoint.Reason;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.RetentionPlan.Fate;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.JobLog;
import dev.cairn.run.CairnExit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "prune",
    description = {
      "Drop checkpoints that no rule keeps, and the bytes that nothing needs any more.",
      "What any rule keeps stays. Always kept: the two newest valid ones of a job, what is",
      "pinned, and what the job goes on from. Without a rule only leftovers go, and what",
      "'cairn run --on-success' wanted gone by now. A running job is asked to do it itself."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn prune --older-than 30d --dry-run",
      "  cairn prune train-1 --keep-last 10 --keep-daily 7 --keep-best 3:eval.loss:min"
    })
final class PruneCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      paramLabel = "JOB",
      arity = "0..*",
      description = "Names of jobs (default: all jobs).")
  private List<String> jobs = List.of();

  @Option(
      names = "--older-than",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Drop what is older than this and kept by no other rule.")
  private @Nullable Duration olderThan;

  @Mixin private KeepOptions keep = new KeepOptions();

  @Option(names = "--dry-run", description = "Show what would go and what stays, and why.")
  private boolean dryRun;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for the holder of a running job (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  PruneCommand(Context context) {
    this.context = context;
  }

  /// @param kept whether the plan keeps it
  /// @param reasons why it stays
  record Planned(
      String id,
      @Nullable Long step,
      Instant saved,
      long sizeBytes,
      boolean damaged,
      boolean kept,
      List<String> reasons) {
    static Planned of(JobId job, Fate fate) {
      Candidate candidate = fate.candidate();
      return new Planned(
          job + "@" + candidate.number(),
          candidate.checkpoint().progress().step(),
          candidate.at(),
          candidate.checkpoint().sizeBytes(),
          fate.damaged(),
          fate.isKept(),
          fate.reasons().stream().map(Reason::text).toList());
    }
  }

  /// What `--json` prints of each job.
  ///
  /// @param dropped ids of what went; none in a dry run
  /// @param freesBytes what the plan frees, as far as is known
  /// @param error why it was not done; absent if it was
  record Result(
      String job,
      boolean dryRun,
      List<Planned> checkpoints,
      List<String> dropped,
      long freesBytes,
      @Nullable String error) {}

  @Override
  public Integer call() {
    var retention = new Retention(rules());
    var results = new ArrayList<Result>();
    int code = 0;
    try (Store opened = context.open(store.place)) {
      for (JobId job : chosen(opened)) {
        try {
          prune(opened, job, retention).ifPresent(results::add);
        } catch (CairnException.Cancelled e) {
          throw e;
        } catch (CairnException e) { // the other jobs have nothing to do with it
          context.complain(e);
          results.add(
              new Result(
                  job.value(), dryRun, List.of(), List.of(), 0, String.valueOf(e.getMessage())));
          code = code == 0 ? CairnExit.of(e) : code;
        }
      }
    }
    if (json.on) {
      Json.print(context.out(), results);
    }
    return code;
  }

  private List<Keep> rules() {
    List<Keep> rules = keep.rules();
    if (olderThan != null) {
      rules.add(new Keep.Within(olderThan)); // what is younger stays
    }
    return rules.isEmpty() ? List.of(new Keep.All()) : rules;
  }

  private List<JobId> chosen(Store opened) {
    if (jobs.isEmpty()) {
      return opened.journal().jobs();
    }
    return jobs.stream().map(job -> context.existing(opened, job).job()).distinct().toList();
  }

  /// @return empty if there is no such job any more
  private Optional<Result> prune(Store opened, JobId job, Retention retention) {
    JobLog log = JobLog.open(opened.journal(), context.env(), job);
    if (!log.history().exists() && log.history().broken().isEmpty()) {
      return Optional.empty();
    }
    var pruner =
        new Pruner(
            opened, context.disk(), context.env(), context.claimer(opened), context.host().node());
    Proposal proposal;
    try (ProgressLine progress = context.progress("checking")) {
      proposal = pruner.propose(log, retention, progress);
    }
    if (!json.on) {
      print(job, proposal);
    }
    List<Long> gone =
        dryRun || !proposal.isWorthwhile() ? List.of() : carryOut(opened, log, pruner, proposal);
    if (!json.on && !gone.isEmpty()) {
      context.out().println("dropped " + ids(job, gone));
    }
    context.out().flush();
    return Optional.of(
        new Result(
            job.value(),
            dryRun,
            proposal.plan().fates().stream().map(fate -> Planned.of(job, fate)).toList(),
            gone.stream().map(number -> job + "@" + number).toList(),
            proposal.freesBytes(),
            null));
  }

  private List<Long> carryOut(Store opened, JobLog log, Pruner pruner, Proposal proposal) {
    if (log.state().status() == Status.RUNNING) {
      return proposal.plan().drops().isEmpty()
          ? List.of()
          : askHolder(opened, log, pruner, proposal);
    }
    return pruner.carryOut(log, proposal, context.by(), context.patience());
  }

  private List<Long> askHolder(Store opened, JobLog log, Pruner pruner, Proposal proposal) {
    log.history()
        .claim()
        .filter(claim -> context.claimer(opened).isGone(claim.owner()))
        .ifPresent(claim -> {
          throw dead(log, "%s is gone".formatted(Attempt.who(claim))); // and so is not asked
        });
    Entry request =
        log.append(history ->
            new Event.PruneRequested(context.by(), pruner.stillDrops(history, proposal), true));
    List<Long> asked = ((Event.PruneRequested) request.event()).drops();
    try {
      return new Answer(context, opened, log, timeout)
          .await(history ->
              history.state().requests().stream().anyMatch(r -> r.number() == request.number())
                  ? Optional.empty()
                  : Optional.of(
                      asked.stream().filter(n -> !history.live().containsKey(n)).toList()));
    } catch (Answer.Dead e) {
      throw dead(log, String.valueOf(e.getMessage()));
    }
  }

  private static CairnException.Unavailable dead(JobLog log, String why) {
    return new CairnException.Unavailable(
        "the attempt that runs job %s is dead: %s".formatted(log.job(), why),
        "Prune it when it runs again, or stop it first: cairn jobs pause " + log.job(),
        null);
  }

  private void print(JobId job, Proposal proposal) {
    List<Fate> fates = proposal.plan().fates();
    long drops = proposal.plan().drops().size();
    context
        .out()
        .println(
            "job %s: %d of %d checkpoints %s, %s"
                .formatted(
                    job,
                    drops,
                    fates.size(),
                    dryRun ? "would go" : "go",
                    proposal.freesBytes() == 0
                        ? "nothing to free"
                        : "which frees " + Human.bytes(proposal.freesBytes())));
    if (drops == 0 && !dryRun) {
      return;
    }
    Instant now = context.env().now();
    var table = new Table("", "ID", "STEP", "AGE", "SIZE", "WHY");
    for (Fate fate : fates) {
      Planned planned = Planned.of(job, fate);
      table.row(
          planned.kept() ? "keep" : "drop",
          planned.id(),
          JobView.number(planned.step()),
          JobView.age(planned.saved(), now),
          Human.bytes(planned.sizeBytes()),
          planned.kept()
              ? String.join(", ", planned.reasons())
              : planned.damaged() ? "damaged" : "no rule keeps it");
    }
    table.print(context.out());
  }

  private static String ids(JobId job, List<Long> numbers) {
    return numbers.stream().map(number -> job + "@" + number).collect(Collectors.joining(", "));
  }
}
