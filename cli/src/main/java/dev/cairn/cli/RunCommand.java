package dev.cairn.cli;

import dev.cairn.checkpoint.OnSuccess;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.run.CairnExit;
import dev.cairn.run.Command;
import dev.cairn.run.Layout;
import dev.cairn.run.OsProgram;
import dev.cairn.run.RunOptions;
import dev.cairn.run.Setup;
import dev.cairn.run.Signals;
import dev.cairn.run.Supervisor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cairn run`: makes a command survive.
@CommandLine.Command(
    name = "run",
    description = {
      "Run a command so that it survives: restore its newest valid checkpoint, start it,",
      "capture what it saves, restart it when it dies, and take over when a machine dies."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn run --watch out -- python train.py",
      "  cairn run --job etl --watch state --every 5m --layout 'marker:DONE' -- ./etl.sh",
      "  cairn run --job sim --store /mnt/nas/cairn --watch out -- ./simulate   # on two machines:",
      "                                          # the second stands by and takes over",
      "",
      "Layouts: auto (quiet directory, or 'saved' written to $CAIRN_NOTIFY), quiesce,",
      "  marker:GLOB (complete when the marker file is the newest), dir (names appear by rename).",
      "Exit codes: the command's own; 75 handed back on SIGTERM; 130 paused or cancelled;",
      "  11 another attempt holds the job; 126/127 cannot execute. All: docs/cli.md."
    })
final class RunCommand implements Callable<Integer> {
  private final Context context;

  @Option(
      names = "--job",
      paramLabel = "ID",
      description = "Name of the job (default: from the command and directory).")
  private @Nullable String job;

  @Option(
      names = "--watch",
      paramLabel = "DIR",
      description =
          "Directory that the command saves into (default: one of its own, in $CAIRN_CHECKPOINT_DIR).")
  private @Nullable String watch;

  @Option(
      names = "--every",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Capture what has changed this often (default: 30s).")
  private Duration every = RunOptions.Timing.DEFAULTS.every();

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      description = "What counts as complete: auto, quiesce, dir, marker:GLOB (default: auto).")
  private String layout = "auto";

  @Mixin private KeepOptions keep = new KeepOptions();

  @Option(
      names = "--on-success",
      paramLabel = "keep|delete|keep:TIME",
      converter = Options.OnSuccessText.class,
      description =
          "What becomes of its checkpoints, but pinned ones, when the job is completed: kept,"
              + " deleted, or kept for a time and then left to 'cairn prune' (default: keep).")
  private OnSuccess onSuccess = OnSuccess.KEEP;

  @Option(
      names = "--heartbeat",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Show life this often (default: 10s).")
  private Duration heartbeat = RunOptions.Timing.DEFAULTS.heartbeat();

  @Option(
      names = "--lease",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Others take over when the heartbeat stood still this long (default: 30s).")
  private Duration lease = RunOptions.Timing.DEFAULTS.lease();

  @Option(
      names = "--grace",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Time from SIGTERM or Ctrl-C until everything is over (default: 30s).")
  private Duration grace = RunOptions.Timing.DEFAULTS.grace();

  @Option(
      names = "--max-failures",
      paramLabel = "N",
      description =
          "Give up after this many failures in a row without a new checkpoint (default: 5).")
  private int maxFailures = RunOptions.Restarts.DEFAULTS.failures();

  @Option(
      names = "--backoff",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait before the first restart, doubled for each further one (default: 1s).")
  private Duration backoff = RunOptions.Restarts.DEFAULTS.backoff();

  @Option(
      names = "--label",
      paramLabel = "K=V",
      description = "Put a label on the job and its checkpoints; may be repeated.")
  private Map<String, String> labels = Map.of();

  @Option(
      names = "--wait",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Stand by while somebody else holds the job (default), or do not.")
  private boolean wait = true;

  @Option(
      names = "--resume",
      description = "Go on although the job is paused, failed or cancelled.")
  private boolean resume;

  @Mixin private Options.StoringOption storing = new Options.StoringOption();
  @Mixin private Options.StoreOption store = new Options.StoreOption();

  @Parameters(
      paramLabel = "COMMAND",
      arity = "1..*",
      description = "The command and its arguments, after --.")
  private List<String> words = List.of();

  RunCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try {
      return run();
    } catch (CairnException e) {
      context.complain(e);
      return CairnExit.ofRun(e);
    }
  }

  private int run() {
    JobId id = job != null ? JobId.of(job) : DefaultJob.of(words, context.directory());
    var command = new Command(words, context.directory(), Map.of(), Set.of());
    var options =
        new RunOptions(
            id,
            watchPath(id),
            Layout.parse(layout),
            new RunOptions.Timing(every, heartbeat, lease, grace),
            new RunOptions.Restarts(maxFailures, backoff, RunOptions.Restarts.DEFAULTS.longest()),
            keep.retention(),
            onSuccess,
            Labels.checked(labels),
            wait,
            resume);
    OptionalInt unfit = unfit(command);
    if (unfit.isPresent()) {
      return unfit.getAsInt();
    }
    Signals signals = Signals.handled(context.env());
    try (Store opened = context.openOrCreate(store.place).storing(storing.value())) {
      context.tell(
          "job %s, store %s, watching %s".formatted(id, opened.location(), options.watch()));
      return new Supervisor(
              new Setup(
                  opened,
                  context.disk(),
                  context.env(),
                  context.host(),
                  options,
                  new OsProgram(command, context.env(), context.disk(), context.host()),
                  signals,
                  context::tell))
          .run();
    }
  }

  /// The exit code if there is no such program or it may not be executed; told before a store is
  /// made for it.
  private OptionalInt unfit(Command command) {
    try {
      command.resolve();
      return OptionalInt.empty();
    } catch (CairnException.NotFound e) {
      context.complain(e);
      return OptionalInt.of(Supervisor.EXIT_NO_COMMAND);
    } catch (CairnException.Denied e) {
      context.complain(e);
      return OptionalInt.of(Supervisor.EXIT_NOT_EXECUTABLE);
    }
  }

  private Path watchPath(JobId id) {
    if (watch == null) {
      return context.directory().resolve(Context.DEFAULT_STORE).resolve("work").resolve(id.value());
    }
    Path path = context.path(watch);
    Path place = context.storePath(store.place);
    Path real = context.real(path);
    Path realPlace = context.real(place);
    if (real.startsWith(realPlace) || realPlace.startsWith(real)) {
      throw new CairnException.Invalid(
          "the store %s and the watched directory %s contain each other".formatted(place, path),
          "Put the store elsewhere with --store.");
    }
    return path;
  }
}
