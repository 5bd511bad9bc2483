package dev.cairn.cli;

import dev.cairn.checkpoint.Forker;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fork",
    description = {
      "Make a new job that begins with a checkpoint of another one.",
      "It needs nothing of the old job any more, and has spent nothing yet."
    },
    footer = {
      "",
      "Examples:",
      "  cairn fork train-1@42 train-1-lower-lr",
      "  cairn run --job train-1-lower-lr --watch out -- python train.py --lr 1e-5"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ForkCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "CHECKPOINT",
      description = "JOB@N or JOB@TAG, or JOB for its newest.")
  private String source = "";

  @Parameters(index = "1", paramLabel = "NEWJOB", description = "Name of the new job.")
  private String target = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Wait at most this long for a dead fork of the same name (default: 2m).")
  private Duration timeout = Duration.ofMinutes(2);

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  ForkCommand(Context context) {
    this.context = context;
  }

  record Result(String forked, String from, long files, long sizeBytes, boolean pinLeft) {}

  @Override
  public Integer call() {
    JobId job = JobId.of(target);
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, source);
      var from = new CheckpointId(chosen.log().job(), chosen.first().number());
      Forker.Forked forked = fork(opened, from, job);
      print(from, new CheckpointId(job, forked.published().number()), forked);
    }
    return 0;
  }

  private Forker.Forked fork(Store opened, CheckpointId from, JobId job) {
    try (ProgressLine progress = context.progress("fork")) {
      return new Forker(opened, context.env(), context.claimer(opened), context.host().node())
          .fork(from, job, context.by(), context.patience(timeout), progress);
    }
  }

  private void print(CheckpointId from, CheckpointId made, Forker.Forked forked) {
    var checkpoint = forked.published().checkpoint();
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              made.toString(),
              from.toString(),
              checkpoint.files(),
              checkpoint.sizeBytes(),
              forked.pinLeft()));
    } else {
      context
          .out()
          .println(
              "forked %s from %s: %d files, %s"
                  .formatted(made, from, checkpoint.files(), Human.bytes(checkpoint.sizeBytes())));
      context.tell("it goes on with: cairn run --job %s … -- COMMAND".formatted(made.job()));
    }
    if (forked.pinLeft()) {
      context.tell(
          "the pin on %s could not be taken back; do it with: cairn checkpoints unpin %s"
              .formatted(from, from));
    }
  }
}
