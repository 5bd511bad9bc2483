package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.journal.History.Published;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
      "JOB restores the newest valid one and says so; JOB@N restores just that one or fails."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsRestoreCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N, or JOB for its newest valid one.")
  private String id = "";

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "Where to; must not exist or be empty.")
  private String to = "";

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
      long durationMs,
      List<String> damaged) {}

  @Override
  public Integer call() {
    Path target = context.real(context.path(to));
    long start = context.env().nanos();
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, id);
      refuseTaken(target);
      var restorer = new Restorer(opened.repository());
      Restorer.Outcome outcome = restore(restorer, chosen, target);
      var damaged = new ArrayList<String>();
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
                    damaged.size() == 1
                        ? damaged.getFirst() + " is"
                        : "all %d checkpoints of the lineage are".formatted(damaged.size())),
            "See what is left with: cairn checkpoints verify " + chosen.log().job());
      }
      writeState(restorer, chosen, found);
      report(chosen, found, target, damaged, Duration.ofNanos(context.env().nanos() - start));
    }
    return 0;
  }

  private void refuseTaken(Path target) {
    String wrong =
        switch (context.disk().stat(target).map(FileStat::kind).orElse(null)) {
          case null -> "";
          case DIRECTORY -> context.disk().list(target).isEmpty() ? "" : " is not empty";
          case FILE, SYMLINK, OTHER -> " is not a directory";
        };
    if (!wrong.isEmpty()) {
      throw new CairnException.Conflict(
          target + wrong, "Nothing was changed. Name a new directory with --to.");
    }
    if (stateTo != null && context.disk().stat(context.path(stateTo)).isPresent()) {
      throw new CairnException.Conflict(
          context.path(stateTo) + " exists",
          "Nothing was changed. Name a new file with --state-to.");
    }
  }

  private Restorer.Outcome restore(Restorer restorer, Chosen chosen, Path target) {
    try (ProgressLine progress = context.progress("restoring")) {
      return restorer.newestValid(chosen.log().job(), chosen.candidates(), target, null, progress);
    }
  }

  private void writeState(Restorer restorer, Chosen chosen, Published found) {
    if (stateTo == null) {
      return;
    }
    String state =
        restorer
            .state(chosen.log().job(), found)
            .orElseThrow(() ->
                new CairnException.NotFound(
                    chosen.id(found) + " has no state", "Its files were restored."));
    Path path = context.path(stateTo);
    context.disk().createDirectories(path.resolveSibling(""));
    try (Disk.DiskFile file = context.disk().create(path)) {
      file.write(ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8)));
      file.force();
    }
  }

  private void report(
      Chosen chosen, Published found, Path target, List<String> damaged, Duration took) {
    var c = found.checkpoint();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              chosen.id(found),
              target.toString(),
              c.files(),
              c.sizeBytes(),
              took.toMillis(),
              damaged));
      return;
    }
    context
        .out()
        .println(
            "restored %s%s to %s: %d files, %s, every byte checked, in %s"
                .formatted(
                    chosen.id(found),
                    damaged.isEmpty() ? "" : ", the newest that is whole,",
                    target,
                    c.files(),
                    Human.bytes(c.sizeBytes()),
                    Human.duration(took)));
  }
}
