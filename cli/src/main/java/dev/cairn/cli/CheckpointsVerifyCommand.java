package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Human;
import dev.cairn.domain.Text;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Detection;
import dev.cairn.repository.Proven;
import dev.cairn.repository.Repository.Verified;
import dev.cairn.repository.VerifyLevel;
import dev.cairn.run.CairnExit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = {
      "Check checkpoints: every byte against its hash, or as much as you choose.",
      "Exit code 1 if one is damaged. A job id checks all its checkpoints."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsVerifyCommand implements Callable<Integer> {
  private static final int MOST_FILES = 10;
  private static final double NEARLY_SURE = 0.99;

  private final Context context;

  @Parameters(
      paramLabel = "CHECKPOINT",
      arity = "1..*",
      description = "JOB@N, or JOB for all of its checkpoints.")
  private List<String> ids = List.of();

  @Mixin private LevelOptions levels = new LevelOptions();
  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsVerifyCommand(Context context) {
    this.context = context;
  }

  record Damage(String object, String reason, List<String> files) {}

  /// @param id of a checkpoint, or of a job whose journal is damaged
  /// @param share of a sample
  /// @param bytesRead as `chunksRead`: read and found to be what their hashes say
  /// @param findsOne probability that a sample finds one damaged chunk
  /// @param findsSurely how many damaged chunks it finds with 99 %
  record Result(
      String id,
      boolean valid,
      String level,
      @Nullable Double share,
      @Nullable Long seed,
      long chunksRead,
      long chunks,
      long bytesRead,
      long bytes,
      @Nullable Double findsOne,
      @Nullable Long findsSurely,
      List<Damage> damaged) {
    static Result of(String id, Verified verified) {
      boolean sampled = verified.level() instanceof VerifyLevel.Sampled;
      Detection detection = sampled && verified.isWhole() ? verified.detection() : null;
      return new Result(
          id,
          verified.isWhole(),
          verified.level().label(),
          verified.level() instanceof VerifyLevel.Sampled s ? s.share() : null,
          verified.level() instanceof VerifyLevel.Sampled s ? s.seed() : null,
          verified.checked().chunks(),
          verified.all().chunks(),
          verified.checked().bytes(),
          verified.all().bytes(),
          detection == null ? null : detection.of(Math.min(1, detection.chunks())),
          detection == null ? null : detection.damagedFor(NEARLY_SURE),
          verified.damaged().stream()
              .map(d -> new Damage(d.object(), d.reason(), d.files()))
              .toList());
    }

    static Result ofJournal(String job, VerifyLevel level, List<Damage> damaged) {
      return new Result(job, false, level.label(), null, null, 0, 0, 0, 0, null, null, damaged);
    }
  }

  @Override
  public Integer call() {
    VerifyLevel level = levels.level(context.env());
    var results = new ArrayList<Result>();
    try (Store opened = context.open(store.place)) {
      for (String id : ids) {
        Chosen chosen = Chosen.of(context, opened, id);
        List<Published> all =
            id.contains("@")
                ? chosen.candidates()
                : List.copyOf(chosen.log().history().live().values());
        if (!id.contains("@") && chosen.log().history().isDamaged()) {
          add(journal(chosen, level), results);
        }
        var proven = new Proven();
        for (Published published : all) {
          add(verify(opened, chosen, published, level, proven), results);
        }
      }
    }
    if (json.on) {
      Json.print(context.out(), results);
    }
    if (results.stream().allMatch(Result::valid)) {
      return 0;
    }
    context.tell(
        "where the files themselves are intact, a whole checkpoint of them is saved by: cairn save --paranoid");
    return CairnExit.NO;
  }

  private void add(Result result, List<Result> results) {
    results.add(result);
    if (!json.on) {
      print(result);
    }
  }

  /// An entry that cannot be read may have been a checkpoint, of which nothing can be checked.
  private static Result journal(Chosen chosen, VerifyLevel level) {
    return Result.ofJournal(
        chosen.log().job().value(),
        level,
        chosen.log().history().unreadable().stream()
            .map(slot ->
                new Damage(
                    slot.object(),
                    "is damaged (%s); if it was a checkpoint, that cannot be checked"
                        .formatted(slot.why()),
                    List.<String>of()))
            .toList());
  }

  private Result verify(
      Store opened, Chosen chosen, Published published, VerifyLevel level, Proven proven) {
    String id = chosen.id(published);
    try (ProgressLine progress = context.progress("checking " + id)) {
      return Result.of(
          id,
          new Restorer(opened.repository())
              .verify(chosen.log().job(), published, level, proven, progress));
    }
  }

  private void print(Result result) {
    context.out().println(result.id() + (result.valid() ? found(result) : " DAMAGED"));
    for (Damage damage : result.damaged()) {
      context.out().println("  " + damage.object() + ": " + damage.reason() + files(damage));
    }
    context.out().flush();
  }

  private static String found(Result result) {
    Double one = result.findsOne();
    if (one != null) {
      return String.format(
              Locale.ROOT,
              " valid in a sample: %,d of %,d chunks read (%s of %s), seed %d",
              result.chunksRead(),
              result.chunks(),
              Human.bytes(result.bytesRead()),
              Human.bytes(result.bytes()),
              result.seed())
          + (result.chunks() == 0
              ? ""
              : String.format(
                  Locale.ROOT,
                  "; finds one damaged chunk with %.3g %%, %,d of them with 99 %%",
                  100 * one,
                  result.findsSurely()));
    }
    return result.chunksRead() < result.chunks()
        ? String.format(
            Locale.ROOT,
            " complete: lists and packs are there; contents not read (%,d chunks, %s)",
            result.chunks(),
            Human.bytes(result.bytes()))
        : String.format(
            Locale.ROOT,
            " valid, %s checked (all %,d chunks)",
            Human.bytes(result.bytesRead()),
            result.chunks());
  }

  private static String files(Damage damage) {
    List<String> files = damage.files();
    if (files.isEmpty()) {
      return "";
    }
    String some =
        String.join(
            ", ", files.stream().limit(MOST_FILES).map(f -> Text.printable(f, 200)).toList());
    int more = files.size() - MOST_FILES;
    return "; affects " + some + (more > 0 ? " and %d more".formatted(more) : "");
  }
}
