package dev.cairn.cli;

import dev.cairn.checkpoint.Scrubber;
import dev.cairn.checkpoint.Scrubber.Finding;
import dev.cairn.checkpoint.Scrubber.Pass;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Pace;
import dev.cairn.repository.Scrubbed.Proof;
import dev.cairn.run.CairnExit;
import dev.cairn.run.Signals;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "scrub",
    description = {
      "Read what checkpoints consist of again, slowly, to find rot while it can be mended.",
      "Exit code 1 if something is damaged. Runs beside running jobs and changes nothing."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "It remembers what it found whole and when, goes on there, and leaves out what was read",
      "within --every. More: docs/scrub.md."
    })
final class ScrubCommand implements Callable<Integer> {
  private static final int MOST_NAMED = 10;

  /// How often it looks for new packs when everything is fresh.
  private static final Duration LOOK = Duration.ofMinutes(10);

  private final Context context;

  @Parameters(
      paramLabel = "JOB",
      arity = "0..*",
      description = "Names of jobs (default: all jobs).")
  private List<String> jobs = List.of();

  @Option(
      names = "--rate",
      paramLabel = "RATE",
      converter = RateText.class,
      description = "Read at most so much, such as 50MB/s, or unlimited (default: 50MB/s).")
  private long rate = 50_000_000;

  @Option(
      names = "--every",
      paramLabel = "TIME",
      converter = Options.DurationText.class,
      description = "Leave out what was found whole within this time (default: 7d).")
  private Duration every = Scrubber.Options.DEFAULTS.every();

  @Option(
      names = "--crc-only",
      description = "Check stored bytes against their CRC32C only: less work, and less proof.")
  private boolean crcOnly;

  @Option(
      names = "--forever",
      description = "Go on until stopped: what is due is read, as it becomes due.")
  private boolean forever;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  ScrubCommand(Context context) {
    this.context = context;
  }

  record Damage(
      String job, String object, String reason, List<String> checkpoints, List<String> files) {
    static Damage of(Finding finding) {
      return new Damage(
          finding.job().value(),
          finding.object(),
          finding.reason(),
          finding.checkpoints().stream().map(CheckpointId::toString).toList(),
          finding.files());
    }
  }

  /// @param packs read to their ends
  /// @param freshPacks left out as found whole within `--every`
  /// @param strayPacks named by no checkpoint; not read
  /// @param gonePacks let go by their jobs meanwhile
  /// @param complete false if stopped before the end
  record Result(
      String proof,
      long packs,
      long bytes,
      long freshPacks,
      long strayPacks,
      long strayBytes,
      long gonePacks,
      boolean complete,
      List<Damage> damaged) {
    static Result of(Proof proof, Pass pass) {
      return new Result(
          proof == Proof.SHA256 ? "sha256" : "crc32c",
          pass.packs(),
          pass.bytes(),
          pass.fresh(),
          pass.strays(),
          pass.strayBytes(),
          pass.gone(),
          pass.complete(),
          pass.damaged().stream().map(Damage::of).toList());
    }
  }

  @Override
  public Integer call() {
    Signals signals = Signals.handled(context.env());
    var pace = new Pace(context.env(), rate, signals::isStopAsked);
    var options = new Scrubber.Options(every, crcOnly ? Proof.CRC32C : Proof.SHA256);
    boolean damaged = false;
    try (Store opened = context.open(store.place)) {
      var scrubber = new Scrubber(opened, context.env(), pace, options, listener());
      while (true) {
        Pass pass;
        try (ProgressLine progress = context.progress("scrubbing")) {
          pass = scrubber.pass(chosen(opened), progress);
        }
        damaged |= !pass.damaged().isEmpty();
        tell(pass, options);
        boolean stopped = !pass.complete() || forever && !pace.rest(shorter(every, LOOK));
        if (stopped || !forever) {
          return damaged ? CairnExit.NO : stopped && !forever ? CairnExit.CANCELLED : 0;
        }
      }
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    Duration least = one.compareTo(other) < 0 ? one : other;
    return least.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : least;
  }

  private List<JobId> chosen(Store opened) {
    if (jobs.isEmpty()) {
      return opened.journal().jobs();
    }
    var ids = new ArrayList<JobId>();
    for (String job : jobs) {
      ids.add(context.existing(opened, job).job());
    }
    return ids.stream().distinct().toList();
  }

  private Scrubber.Listener listener() {
    return new Scrubber.Listener() {
      @Override
      public void found(Finding finding) {
        if (!json.on) {
          print(finding);
        }
      }

      @Override
      public void tell(String sentence) {
        context.tell(sentence);
      }
    };
  }

  private void print(Finding finding) {
    context.out().println("DAMAGED " + finding.object() + ": " + finding.reason());
    if (!finding.checkpoints().isEmpty()) {
      context
          .out()
          .println(
              "  needed by "
                  + some(finding.checkpoints().stream().map(CheckpointId::toString).toList()));
    }
    if (!finding.files().isEmpty()) {
      context.out().println("  affects " + some(finding.files()));
    }
    context.out().flush();
  }

  private static String some(List<String> names) {
    String some =
        String.join(
            ", ", names.stream().limit(MOST_NAMED).map(n -> Text.printable(n, 200)).toList());
    int more = names.size() - MOST_NAMED;
    return more > 0 ? "%s and %d more".formatted(some, more) : some;
  }

  private void tell(Pass pass, Scrubber.Options options) {
    if (json.on) {
      Json.print(context.out(), Result.of(options.proof(), pass));
    } else {
      context
          .out()
          .println(
              "%s: %d packs, %s read, %d damaged; %d read within %s left out%s%s"
                  .formatted(
                      pass.complete() ? "scrubbed" : "stopped, goes on there next time",
                      pass.packs(),
                      Human.bytes(pass.bytes()),
                      pass.damaged().size(),
                      pass.fresh(),
                      Human.duration(options.every()),
                      pass.strays() == 0
                          ? ""
                          : "; %d packs (%s) belong to no checkpoint"
                              .formatted(pass.strays(), Human.bytes(pass.strayBytes())),
                      pass.gone() == 0 ? "" : "; %d were let go meanwhile".formatted(pass.gone())));
    }
    context.out().flush();
    if (!pass.damaged().isEmpty()) {
      context.tell("nothing was changed. Put good copies of these objects back if there are any.");
      pass.damaged().stream()
          .map(Finding::job)
          .distinct()
          .forEach(job ->
              context.tell(
                  "which checkpoints of the job are whole: cairn checkpoints verify " + job));
    }
  }

  /// Rates such as `50MB/s`, `512KiB/s`, `1GB`, `unlimited`.
  static final class RateText implements ITypeConverter<Long> {
    private static final Pattern FORM =
        Pattern.compile(
            "(\\d{1,9}(?:\\.\\d{1,3})?)([KMG]?)(i?)B?(?:/s)?", Pattern.CASE_INSENSITIVE);
    private static final Map<String, Integer> POWERS = Map.of("", 0, "K", 1, "M", 2, "G", 3);

    @Override
    public Long convert(String text) {
      if (text.equals("unlimited")) {
        return Long.MAX_VALUE;
      }
      Matcher matcher = FORM.matcher(text);
      if (matcher.matches()) {
        int power = POWERS.getOrDefault(matcher.group(2).toUpperCase(Locale.ROOT), 0);
        int base = matcher.group(3).isEmpty() ? 1000 : 1024;
        long rate =
            new BigDecimal(matcher.group(1))
                .multiply(BigDecimal.valueOf(base).pow(power))
                .longValue();
        if (rate >= 1) {
          return rate;
        }
      }
      throw new TypeConversionException(
          "'%s' is not a rate. Write it as 50MB/s, 512KiB/s or unlimited"
              .formatted(Text.printable(text, 40)));
    }
  }
}
