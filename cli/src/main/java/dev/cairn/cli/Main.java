package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Seam;
import dev.cairn.run.CairnExit;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;

/// The `cairn` command: the only place where everything is wired together.
public final class Main {
  private Main() {}

  @Seam
  public static void main(String[] args) {
    System.exit(run(Context.ofProcess(), args));
  }

  /// Runs one command line.
  ///
  /// @return the exit code, as `docs/cli.md` lists them
  static int run(Context context, String... args) {
    CommandLine line = Commands.tree(context, List.of(args));
    line.setExpandAtFiles(false); // "@file" is the command's own business
    CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF); // it writes past our stderr
    line.setOut(context.out());
    line.setErr(context.err());
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            context.isColoured() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    line.setExecutionExceptionHandler((e, _, _) -> failed(e, context));
    line.setParameterExceptionHandler(Main::misused);
    int code = line.execute(args);
    context.out().flush();
    context.err().flush();
    return code;
  }

  private static int failed(Exception e, Context context) {
    if (e instanceof CairnException known) {
      context.complain(known);
      return CairnExit.of(known);
    }
    context
        .err()
        .println(
            "cairn: this should not have happened: %s. What was saved before is untouched."
                .formatted(Text.printable(String.valueOf(e), 300)));
    context.err().println("  Please report it, with CAIRN_TRACE=1 set to see where it came from.");
    if (context.variable("CAIRN_TRACE").isPresent()) {
      e.printStackTrace(context.err());
    }
    return CairnExit.OWN_ERROR;
  }

  private static int misused(CommandLine.ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("cairn: " + Text.printable(String.valueOf(e.getMessage()), 500));
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("  See: " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    }
    return CairnExit.USAGE;
  }

  /// The version that the build wrote down.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      var properties = new Properties();
      try (var in = Main.class.getResourceAsStream("version.properties")) {
        properties.load(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new String[] {"cairn " + properties.getProperty("version")};
    }
  }
}
