package dev.cairn.cli;

import dev.cairn.checkpoint.Destination;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.cli.demo.Farewell;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Globs;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Restored;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "restore",
    description = {
      "Restore a checkpoint into a new or empty directory, every byte checked.",
      "JOB restores the newest valid one and says so; JOB@N restores just that one or fails.",
      "A restore that was interrupted goes on where it was when it is started again."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsRestoreCommand implements Callable<Integer> {
  private static final Restored NOTHING = new Restored(0, 0, 0, 0, List.of());

  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N, or JOB for its newest valid one.")
  private String id = "";

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "Where to; must not exist or be empty, except with --in-place.")
  private String to = "";

  @Option(
      names = "--in-place",
      description = {
        "Write only what differs, over the files that are in DIR.",
        "What the checkpoint does not name stays there."
      })
  private boolean inPlace;

  @Option(
      names = "--path",
      paramLabel = "GLOB",
      description = {
        "Restore only this, such as 'model*' or '**/*.json'; a directory with all that is in it.",
        "May be given several times."
      })
  private List<String> paths = List.of();

  @Option(
      names = "--state-to",
      paramLabel = "FILE",
      description = "Write the job's state there; must not exist.")
  private @Nullable String stateTo;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsRestoreCommand(Context context) {
    this.context = context;
  }

  record Result(
      String id,
      String directory,
      long files,
      long sizeBytes,
      long writtenBytes,
      long extras,
      long durationMs,
      List<String> damaged) {}

  @Override
  public Integer call() {
    Path target = context.real(context.path(to));
    long start = context.env().nanos();
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, id);
      refuseTakenState();
      var restorer = new Restorer(opened.repository());
      refuseMissingState(restorer, chosen);
      Restorer.Outcome outcome = restore(restorer, chosen, target);
      var damaged = new ArrayList<String>();
      if (!id.contains("@")) {
        chosen.log().history().unreadable().forEach(slot -> damaged.add(slot.object()));
      }
      outcome
          .damaged()
          .forEach((number, e) -> {
            damaged.add(chosen.log().job() + "@" + number);
            context.tell(
                "%s@%d is damaged: %s".formatted(chosen.log().job(), number, e.getMessage()));
          });
      Published found = outcome.checkpoint();
      if (found == null) {
        throw new CairnException.Corrupt(
            "nothing was restored: %s damaged"
                .formatted(
                    outcome.damaged().size() == 1
                        ? damaged.getLast() + " is"
                        : "all %d checkpoints of the lineage are"
                            .formatted(outcome.damaged().size())),
            "See what is left with: cairn checkpoints verify " + chosen.log().job());
      }
      writeState(restorer, chosen, found);
      report(chosen, outcome, target, damaged, Duration.ofNanos(context.env().nanos() - start));
    }
    return 0;
  }

  private void refuseTakenState() {
    if (stateTo != null && context.disk().stat(context.path(stateTo)).isPresent()) {
      throw new CairnException.Conflict(
          context.path(stateTo) + " exists",
          "Nothing was changed. Name a new file with --state-to.");
    }
  }

  /// Before anything is written. That the state is damaged is found out later, with all else.
  private void refuseMissingState(Restorer restorer, Chosen chosen) {
    if (stateTo == null) {
      return;
    }
    try {
      if (restorer.state(chosen.log().job(), chosen.first()).isEmpty()) {
        throw noState(chosen, chosen.first(), "Nothing was restored.");
      }
    } catch (CairnException.Corrupt e) {
      return;
    }
  }

  private static CairnException noState(Chosen chosen, Published of, String advice) {
    return new CairnException.NotFound(chosen.id(of) + " has no state", advice);
  }

  private Restorer.Outcome restore(Restorer restorer, Chosen chosen, Path target) {
    Restore all = Restore.all();
    Restore options = paths.isEmpty() ? all : all.only(new Globs(paths));
    JobId job = chosen.log().job();
    var destination =
        new Destination(
            context.disk(),
            context.env(),
            context.host(),
            target,
            context.real(context.directory()));
    try (ProgressLine progress = context.progress("restoring");
        Farewell _ = context.farewell("the same command goes on with what was restored so far")) {
      return inPlace
          ? destination.over(restorer, job, chosen.candidates(), options, progress)
          : destination.fresh(restorer, job, chosen.candidates(), options, progress);
    } catch (CairnException.Unavailable | CairnException.Cancelled e) {
      destination
          .unfinished()
          .ifPresent(place ->
              context.tell(
                  "what was restored so far is in %s; the same command goes on from there"
                      .formatted(place)));
      throw e;
    }
  }

  private void writeState(Restorer restorer, Chosen chosen, Published found) {
    if (stateTo == null) {
      return;
    }
    String state =
        restorer
            .state(chosen.log().job(), found)
            .orElseThrow(() -> noState(chosen, found, "Its files were restored."));
    Path path = context.path(stateTo);
    context.disk().createDirectories(path.resolveSibling(""));
    try (Disk.DiskFile file = context.disk().create(path)) {
      file.write(ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8)));
      file.force();
    }
  }

  private void report(
      Chosen chosen, Restorer.Outcome outcome, Path target, List<String> damaged, Duration took) {
    String restored = chosen.id(Objects.requireNonNull(outcome.checkpoint()));
    Restored what = outcome.restored() == null ? NOTHING : outcome.restored();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              restored,
              target.toString(),
              what.files(),
              what.sizeBytes(),
              what.writtenBytes(),
              what.extras(),
              took.toMillis(),
              damaged));
      return;
    }
    context
        .out()
        .println(
            "restored %s%s%s to %s: %d files, %s, every byte checked, in %s"
                .formatted(
                    paths.isEmpty() ? "" : Text.printable(String.join(", ", paths), 200) + " of ",
                    restored,
                    damaged.isEmpty() ? "" : ", the newest that is whole,",
                    target,
                    what.files(),
                    Human.bytes(what.sizeBytes()),
                    Human.duration(took)));
    if (stateTo != null) {
      context.out().println("its state is in " + context.path(stateTo));
    }
    if (inPlace) {
      context.out().println(inPlaceReport(what));
    }
  }

  private static String inPlaceReport(Restored what) {
    String written = "%s written, the rest was right".formatted(Human.bytes(what.writtenBytes()));
    if (what.extras() == 0) {
      return written;
    }
    return "%s; left alone %d that the checkpoint does not name: %s%s"
        .formatted(
            written,
            what.extras(),
            Text.printable(String.join(", ", what.someExtras()), 400),
            what.extras() > what.someExtras().size() ? ", …" : "");
  }
}
