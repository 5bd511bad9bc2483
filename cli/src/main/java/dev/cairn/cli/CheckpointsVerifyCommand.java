package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Human;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Repository.Verified;
import dev.cairn.run.CairnExit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = {
      "Read and check every byte of checkpoints.",
      "Exit code 1 if one is damaged. A job id checks all its checkpoints."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsVerifyCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      paramLabel = "CHECKPOINT",
      arity = "1..*",
      description = "JOB@N, or JOB for all of its checkpoints.")
  private List<String> ids = List.of();

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsVerifyCommand(Context context) {
    this.context = context;
  }

  record Damage(String object, String reason, List<String> files) {}

  record Result(String id, boolean valid, long bytesRead, List<Damage> damaged) {}

  @Override
  public Integer call() {
    var results = new ArrayList<Result>();
    try (Store opened = context.open(store.place)) {
      for (String id : ids) {
        Chosen chosen = Chosen.of(context, opened, id);
        List<Published> all =
            id.contains("@")
                ? chosen.candidates()
                : List.copyOf(chosen.log().history().live().values());
        for (Published published : all) {
          Result result = verify(opened, chosen, published);
          results.add(result);
          if (!json.on) {
            print(result);
          }
        }
      }
    }
    if (json.on) {
      Json.print(context.out(), results);
    }
    return results.stream().allMatch(Result::valid) ? 0 : CairnExit.NO;
  }

  private Result verify(Store opened, Chosen chosen, Published published) {
    try (ProgressLine progress = context.progress("checking " + chosen.id(published))) {
      Verified verified =
          new Restorer(opened.repository()).verify(chosen.log().job(), published, progress);
      return new Result(
          chosen.id(published),
          verified.isWhole(),
          verified.bytesRead(),
          verified.damaged().stream()
              .map(d -> new Damage(d.object(), d.reason(), List.copyOf(d.files())))
              .toList());
    }
  }

  private void print(Result result) {
    if (result.valid()) {
      context
          .out()
          .println("%s valid, %s checked".formatted(result.id(), Human.bytes(result.bytesRead())));
      return;
    }
    context.out().println(result.id() + " DAMAGED");
    for (Damage damage : result.damaged()) {
      context
          .out()
          .println(
              "  %s: %s%s"
                  .formatted(
                      damage.object(),
                      damage.reason(),
                      damage.files().isEmpty()
                          ? ""
                          : "; affects "
                              + String.join(
                                  ", ",
                                  damage.files().stream()
                                      .map(f -> dev.cairn.domain.Text.printable(f, 200))
                                      .limit(10)
                                      .toList())));
    }
  }
}
