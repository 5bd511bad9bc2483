package dev.cairn.cli.demo;

import dev.cairn.env.Env;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.run.CairnExit;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `cairn demo`: shows on a real training what Cairn is for, and checks that it holds.
@Command(
    name = "demo",
    description = {
      "See Cairn at work, in under a minute: a real training is killed in every",
      "way, and ends with the very weights of one that nothing interrupted."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {"", "Exit codes: 0 all of it held; 1 something did not, and the files are kept."})
public final class DemoCommand implements Callable<Integer> {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Decides the training and when it is killed (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--keep", description = "Keep the files, and say where they are.")
  private boolean keep;

  @Option(
      names = "--json",
      description = "Print how it came out as one JSON document; the story goes to stderr.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("not called by picocli");
    }
    CommandLine line = spec.commandLine();
    Env env = new SystemEnv();
    var story =
        new Story(
            json ? line.getErr() : line.getOut(), line.getColorScheme().ansi().enabled(), env);
    Report report = Demo.play(env, new RealDisk(), story, seed, keep);
    if (json) {
      line.getOut().println(MAPPER.writeValueAsString(report));
    }
    return report.problem() == null ? 0 : CairnExit.NO;
  }
}
