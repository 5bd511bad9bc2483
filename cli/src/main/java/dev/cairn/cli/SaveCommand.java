package dev.cairn.cli;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.checkpoint.Errand;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.cli.demo.Farewell;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cairn save`: one checkpoint, once.
@Command(
    name = "save",
    description = {
      "Save one checkpoint now, from any script or cron line.",
      "A single directory is saved by its contents; several paths by their names below",
      "the folder that they share."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn save --job train-1 --step 1200 out/",
      "  cairn save --job etl --state cursor.json",
      "  cairn save --job sim --label night=1 model.bin config.yaml"
    })
final class SaveCommand implements Callable<Integer> {
  private static final Errand ERRAND = new Errand("cairn save", "save_failed");
  private static final int TRIES = 3;

  /// Longer than a tick of most file systems' clocks, of 1 to 10 ms.
  private static final Duration TICK = Duration.ofMillis(25);

  private final Context context;

  @Option(
      names = "--job",
      paramLabel = "ID",
      description = "Name of the job (default: from the paths and directory).")
  private @Nullable String job;

  @Option(names = "--step", paramLabel = "N", description = "The job's own progress counter.")
  private @Nullable Long step;

  @Option(
      names = "--state",
      paramLabel = "FILE.json",
      description = "A JSON document to save as the job's state.")
  private @Nullable String state;

  @Option(
      names = "--label",
      paramLabel = "K=V",
      description = "Put a label on the checkpoint; may be repeated.")
  private Map<String, String> labels = Map.of();

  @Mixin private KeepOptions keep = new KeepOptions();

  @Mixin private Options.StoringOption storing = new Options.StoringOption();
  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  @Parameters(paramLabel = "PATH", arity = "0..*", description = "Files and directories to save.")
  private List<String> paths = List.of();

  SaveCommand(Context context) {
    this.context = context;
  }

  /// What `--json` prints. `location`, `size_bytes` and `duration_ms` are what every save reports.
  record Result(
      String id,
      List<String> locations,
      long files,
      long sizeBytes,
      long newBytes,
      long storedBytes,
      long durationMs,
      List<String> warnings) {}

  @Override
  public Integer call() {
    if (paths.isEmpty() && state == null) {
      throw new CairnException.Invalid(
          "there is nothing to save", "Name files or directories, or give --state FILE.json.");
    }
    JobId id = job != null ? JobId.of(job) : DefaultJob.of(words(), context.directory());
    Map<String, String> checked = Labels.checked(labels);
    Retention retention = keep.retention();
    Sources sources = Sources.of(context, context.storePath(store.place), paths);
    String text = state == null ? null : StateFile.read(context, state);
    long start = context.env().nanos();
    try (Store opened = context.openOrCreate(store.place).storing(storing.value())) {
      JobLog log = JobLog.open(opened.journal(), context.env(), id);
      context.warnOfDamage(log.history());
      submitIfNew(log, retention, checked);
      refuseIfRunning(opened, log);
      try (Attempt attempt = claim(opened, log)) {
        Saved saved;
        try {
          saved = save(opened, attempt, retention, capture(sources, checked, text));
        } catch (CairnException e) {
          ERRAND.handBack(attempt, e);
          throw e;
        }
        attempt.append(_ -> new Event.Released("done", "cairn save", false, null, 0));
        report(opened, saved, Duration.ofNanos(context.env().nanos() - start));
      }
    }
    return 0;
  }

  private List<String> words() {
    var words = new ArrayList<>(List.of("save"));
    words.addAll(paths);
    if (state != null) {
      words.add(state);
    }
    return words;
  }

  private void submitIfNew(JobLog log, Retention retention, Map<String, String> checked) {
    if (log.history().exists() || log.history().broken().isPresent()) {
      return;
    }
    try {
      log.append(_ -> new Event.Submitted("cairn save", retention.keepLast(), checked));
    } catch (CairnException.Conflict e) {
      return; // somebody else submitted it at the same moment
    }
  }

  private void refuseIfRunning(Store opened, JobLog log) {
    Status status = log.state().status();
    if (status == Status.COMPLETED) {
      throw new CairnException.Conflict(
          "job %s is completed and never changes".formatted(log.job()),
          "Save under another --job.");
    }
    if (status == Status.RUNNING) {
      boolean dead =
          log.history().claim().filter(c -> context.claimer(opened).isGone(c.owner())).isPresent();
      throw new CairnException.Conflict(
          "job %s is run by %s%s"
              .formatted(
                  log.job(),
                  log.history().claim().map(Attempt::who).orElse("somebody"),
                  dead ? ", which has died" : ""),
          dead
              ? "Let it go on with 'cairn run', or stop it first: cairn jobs pause " + log.job()
              : "Ask its holder for a checkpoint instead: cairn checkpoint " + log.job());
    }
  }

  private Attempt claim(Store opened, JobLog log) {
    boolean[] told = {false};
    return context
        .claimer(opened)
        .claim(
            log,
            Event.Purpose.MAINTENANCE,
            (holder, lease, look) -> {
              if (!told[0]) {
                told[0] = true;
                context.tell(
                    "waiting for %s, which saves into job %s".formatted(holder, log.job()));
              }
              context.env().sleep(look);
              return true;
            })
        .map(Claimer.Claimed::attempt)
        .orElseThrow();
  }

  private Capture capture(Sources sources, Map<String, String> checked, @Nullable String text) {
    return new Capture(
        Checkpoint.Kind.MANUAL,
        CapturedFiles.in(sources.root(), sources.leaveOut()),
        Progress.NONE.withStep(step),
        checked,
        text,
        List.of());
  }

  private Saved save(Store opened, Attempt attempt, Retention retention, Capture capture) {
    var checkpointer =
        new Checkpointer(
            opened.repository(),
            context.disk(),
            context.env(),
            attempt,
            retention,
            context.host().node());
    String why = "";
    for (int i = 0; i < TRIES; i++) {
      try (ProgressLine progress = context.progress("saving");
          Farewell _ =
              context.farewell(
                  "if it is not listed, nothing was saved; what was saved before stays")) {
        return checkpointer.save(capture, tree -> unsettled(capture, tree), progress);
      } catch (Changed e) {
        why = e.getMessage();
      }
    }
    throw new CairnException.Unavailable(
        "the files kept changing while they were read: " + why,
        "Nothing was published. Save when nobody writes, or use 'cairn run --layout marker:…'.",
        null);
  }

  /// A write within one tick of the file system's clock leaves the times as they were. So what is
  /// read must have stayed the same for longer than a tick before.
  private Optional<String> unsettled(Capture capture, FileTree tree) {
    CapturedFiles files = capture.files();
    if (files.root() == null) {
      return Optional.empty();
    }
    context.env().sleep(TICK);
    return tree.firstDifference(FileTree.scan(context.disk(), files.root(), files.leaveOut()));
  }

  private void report(Store opened, Saved saved, Duration took) {
    Checkpoint c = saved.checkpoint();
    String id = saved.entry().job() + "@" + saved.entry().number();
    List<String> warnings = saved.tree() == null ? List.of() : saved.tree().warnings();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              id,
              List.of(opened.location()),
              c.files(),
              c.sizeBytes(),
              c.newBytes(),
              c.storedBytes(),
              took.toMillis(),
              warnings));
      return;
    }
    warnings.forEach(context::tell);
    context
        .out()
        .println(
            "saved %s in %s: %d files, %s, %s new, %s stored, in %s"
                .formatted(
                    id,
                    opened.location(),
                    c.files(),
                    Human.bytes(c.sizeBytes()),
                    Human.bytes(c.newBytes()),
                    Human.bytes(c.storedBytes()),
                    Human.duration(took)));
  }
}
