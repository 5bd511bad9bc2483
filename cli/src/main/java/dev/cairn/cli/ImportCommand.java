package dev.cairn.cli;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.checkpoint.Errand;
import dev.cairn.checkpoint.Leftovers;
import dev.cairn.checkpoint.Retention;
import dev.cairn.checkpoint.Store;
import dev.cairn.cli.archive.Unpacking;
import dev.cairn.cli.archive.Unpacking.Unpacked;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cairn import`: a new job from an archive.
///
/// The archive is unpacked into a directory of the store's, and only if all of it is sound is the
/// job made, claimed, saved and published, in that order (I2, I10).
@Command(
    name = "import",
    description = {
      "Make a new job whose first checkpoint is what a tar or zip holds.",
      "An archive with anything unsafe or unsound in it is refused as a whole."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn import weights.tar tuned --step 1200",
      "  cairn import from-elsewhere.zip trial-7 --label source=lab"
    })
final class ImportCommand implements Callable<Integer> {
  private static final String PROGRAM = "cairn import";
  private static final Errand ERRAND = new Errand(PROGRAM, "import_failed");
  private static final String WORK = "work";
  private static final int STATE_LIMIT = 64 << 20;
  private static final int SHOWN = 200;

  private final Context context;

  @Parameters(index = "0", paramLabel = "FILE", description = "A tar, not compressed, or a zip.")
  private String from = "";

  @Parameters(index = "1", paramLabel = "JOB", description = "Name of the new job.")
  private String job = "";

  @Option(names = "--step", paramLabel = "N", description = "The job's own progress counter.")
  private @Nullable Long step;

  @Option(
      names = "--label",
      paramLabel = "K=V",
      description = "Put a label on the checkpoint; may be repeated.")
  private Map<String, String> labels = Map.of();

  @Option(
      names = "--large",
      description = "Also if it unpacks to more than 1 GiB and 100 times its size.")
  private boolean large;

  @Mixin private Options.StoringOption storing = new Options.StoringOption();
  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  ImportCommand(Context context) {
    this.context = context;
  }

  record Result(
      String id, String file, long files, long sizeBytes, long storedBytes, boolean hasState) {}

  @Override
  public Integer call() {
    JobId id = JobId.of(job);
    Map<String, String> checked = Labels.checked(labels);
    Path file = archive();
    long start = context.env().nanos();
    try (Store opened = context.openOrCreate(store.place).storing(storing.value())) {
      JobLog log = JobLog.open(opened.journal(), context.env(), id);
      refuseTaken(log);
      Path work = context.storePath(store.place).resolve(WORK);
      var leftovers = new Leftovers(context.disk(), context.env(), context.host(), work, "import-");
      Path unpacked = leftovers.take(() -> {});
      leftovers.useless(unpacked).forEach(this::remove);
      remove(unpacked);
      try {
        context.disk().createDirectories(unpacked);
        Unpacked what = unpack(file, unpacked);
        Optional<String> state = what.state().map(ImportCommand::state);
        Saved saved =
            publish(opened, log, checked, capture(unpacked, what, checked, state.orElse(null)));
        report(saved, file, state.isPresent(), Duration.ofNanos(context.env().nanos() - start));
      } finally {
        remove(unpacked);
      }
    }
    return 0;
  }

  private Path archive() {
    Path file = context.real(context.path(from));
    FileStat stat =
        context
            .disk()
            .stat(file)
            .orElseThrow(() ->
                new CairnException.NotFound("there is no " + shown(file), "Nothing was changed."));
    if (stat.kind() != FileKind.FILE) {
      throw new CairnException.Invalid(shown(file) + " is not a regular file", "Name an archive.");
    }
    return file;
  }

  private static void refuseTaken(JobLog log) {
    log.history()
        .broken()
        .ifPresent(slot -> {
          throw slot.error();
        });
    if (log.history().exists() && !isUnfinished(log.history())) {
      throw new CairnException.Conflict(
          "job %s exists already".formatted(log.job()),
          "Nothing was changed. Import into a job with another name.");
    }
  }

  /// Whether the job is what an import leaves that did not come to its end.
  private static boolean isUnfinished(History history) {
    return history.exists()
        && history.live().isEmpty()
        && history.state().newest() == null
        && history.submitted().map(s -> s.program().equals(PROGRAM)).orElse(false);
  }

  private Unpacked unpack(Path file, Path into) {
    long size = context.disk().stat(file).map(FileStat::sizeBytes).orElse(0L);
    var limits = new Unpacking.Limits(size, large, context.disk().usableBytes(into), STATE_LIMIT);
    return new Unpacking(context.disk(), into, limits, ExportCommand.STATE).unpack(file);
  }

  private static String state(byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (Json.isValue(text)) {
        return text;
      }
    } catch (CharacterCodingException _) {
      // said below
    }
    throw new CairnException.Invalid(
        ExportCommand.STATE + " in the archive is not one JSON value in UTF-8",
        "Nothing was published.");
  }

  private Capture capture(
      Path unpacked, Unpacked what, Map<String, String> checked, @Nullable String state) {
    boolean bare = state != null && context.disk().list(unpacked).isEmpty();
    return new Capture(
        Checkpoint.Kind.MANUAL,
        bare && what.files() == 0 ? CapturedFiles.NONE : CapturedFiles.in(unpacked, _ -> false),
        Progress.NONE.withStep(step),
        checked,
        state,
        List.of());
  }

  private Saved publish(Store opened, JobLog log, Map<String, String> checked, Capture capture) {
    log.refresh();
    refuseTaken(log);
    if (!isUnfinished(log.history())) {
      log.append(_ -> new Event.Submitted(PROGRAM, Retention.DEFAULTS.keepLast(), checked));
    }
    return ERRAND.run(
        claim(opened, log),
        attempt -> {
          if (!isUnfinished(log.history())) {
            throw new CairnException.Conflict(
                "somebody else has saved into job %s meanwhile".formatted(log.job()),
                "Import into a job with another name.");
          }
          return save(opened, attempt, capture);
        });
  }

  private Attempt claim(Store opened, JobLog log) {
    return context
        .claimer(opened)
        .claim(log, Event.Purpose.MAINTENANCE, context.patience())
        .map(Claimer.Claimed::attempt)
        .orElseThrow();
  }

  private Saved save(Store opened, Attempt attempt, Capture capture) {
    var checkpointer =
        new Checkpointer(
            opened.repository(),
            context.disk(),
            context.env(),
            attempt,
            Retention.DEFAULTS,
            context.host().node());
    try (ProgressLine progress = context.progress("importing")) {
      return checkpointer.save(capture, progress);
    } catch (Changed e) {
      throw new CairnException.Unavailable(
          "somebody changed what was unpacked: " + e.getMessage(),
          "Nothing was published. Try again.",
          null);
    }
  }

  private void remove(Path tree) {
    Leftovers.removeTree(context.disk(), tree, () -> {});
  }

  private void report(Saved saved, Path file, boolean hasState, Duration took) {
    Checkpoint c = saved.checkpoint();
    String id = saved.entry().job() + "@" + saved.entry().number();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(id, file.toString(), c.files(), c.sizeBytes(), c.storedBytes(), hasState));
      return;
    }
    context
        .out()
        .println(
            "imported %s as %s: %d files, %s%s, in %s"
                .formatted(
                    shown(file),
                    id,
                    c.files(),
                    Human.bytes(c.sizeBytes()),
                    hasState ? " and the state" : "",
                    Human.duration(took)));
  }

  private static String shown(Path path) {
    return Text.printable(path.toString(), SHOWN);
  }
}
