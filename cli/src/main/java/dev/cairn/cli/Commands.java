package dev.cairn.cli;

import dev.cairn.cli.demo.DemoCommand;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The list of all commands. A new one is a file and a line here; a test fails when it is missing.
final class Commands {
  private static final List<Listed> TOP =
      List.of(
          new Listed("run", RunCommand::new),
          new Listed("save", SaveCommand::new),
          new Listed("checkpoint", CheckpointCommand::new),
          new Listed("fork", ForkCommand::new),
          new Listed("copy", CopyCommand::new),
          new Listed("jobs", _ -> new Jobs()),
          new Listed("checkpoints", _ -> new Checkpoints()),
          new Listed("diff", DiffCommand::new),
          new Listed("du", DuCommand::new),
          new Listed("export", ExportCommand::new),
          new Listed("import", ImportCommand::new),
          new Listed("scrub", ScrubCommand::new),
          new Listed("repair", RepairCommand::new),
          new Listed("prune", PruneCommand::new),
          new Listed("doctor", DoctorCommand::new),
          new Listed("demo", _ -> new DemoCommand()),
          new Listed("completion", CompletionCommand::new));

  private static final List<Listed> JOBS =
      List.of(
          new Listed("list", JobsListCommand::new),
          new Listed("show", JobsShowCommand::new),
          new Listed("history", JobsHistoryCommand::new),
          new Listed("cancel", JobsCancelCommand::new),
          new Listed("pause", JobsPauseCommand::new),
          new Listed("resume", JobsResumeCommand::new),
          new Listed("rollback", JobsRollbackCommand::new),
          new Listed("delete", JobsDeleteCommand::new));

  private static final List<Listed> CHECKPOINTS =
      List.of(
          new Listed("list", CheckpointsListCommand::new),
          new Listed("show", CheckpointsShowCommand::new),
          new Listed("verify", CheckpointsVerifyCommand::new),
          new Listed("restore", CheckpointsRestoreCommand::new),
          new Listed("cat", CheckpointsCatCommand::new),
          new Listed("pin", CheckpointsPinCommand::new),
          new Listed("unpin", CheckpointsUnpinCommand::new),
          new Listed("tag", CheckpointsTagCommand::new),
          new Listed("delete", CheckpointsDeleteCommand::new));

  private Commands() {}

  /// @param name as its annotation says it
  private record Listed(String name, Function<Context, Object> make) {}

  /// All commands.
  static CommandLine tree(Context context) {
    return tree(context, List.of());
  }

  /// The commands that these words need: to make one takes milliseconds, and there are many. Where
  /// the words name none, all of them, so that the help and the suggestions know them.
  static CommandLine tree(Context context, List<String> words) {
    var root = new CommandLine(new Root());
    add(root, TOP, words.stream().findFirst().orElse(""), context);
    String second = words.size() > 1 ? words.get(1) : "";
    addTo(root.getSubcommands().get("jobs"), JOBS, second, context);
    addTo(root.getSubcommands().get("checkpoints"), CHECKPOINTS, second, context);
    return root;
  }

  private static void addTo(
      @Nullable CommandLine group, List<Listed> commands, String wanted, Context context) {
    if (group != null) {
      add(group, commands, wanted, context);
    }
  }

  private static void add(
      CommandLine parent, List<Listed> commands, String wanted, Context context) {
    boolean known = commands.stream().anyMatch(listed -> listed.name.equals(wanted));
    for (Listed listed : commands) {
      if (known && !listed.name.equals(wanted)) {
        continue;
      }
      Object command = listed.make.apply(context);
      var line = new CommandLine(command);
      // From the name of the program on, every argument is the program's own.
      line.setStopAtPositional(command instanceof RunCommand);
      parent.addSubcommand(listed.name, line);
    }
  }

  /// Prints its own help when called without a subcommand.
  abstract static class Group implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
      if (spec != null) {
        spec.commandLine().usage(spec.commandLine().getOut());
      }
    }
  }

  @Command(
      name = "cairn",
      description = {
        "Checkpoints and recovery for long-running jobs.",
        "",
        "A job saves as it works; when its process or machine dies, it goes on",
        "elsewhere from its newest valid checkpoint."
      },
      mixinStandardHelpOptions = true,
      versionProvider = Main.Version.class,
      synopsisSubcommandLabel = "COMMAND",
      footer = {
        "",
        "To begin:",
        "  cairn demo                                   see it work in under a minute",
        "  cairn run --watch out -- python train.py     make a command survive",
        "  cairn checkpoints list                       what was saved",
        "",
        "The store is --store, else CAIRN_STORE, else ./.cairn. Exit codes: docs/cli.md."
      })
  static final class Root extends Group {}

  @Command(
      name = "jobs",
      description = "See jobs, and tell them to stop or go on.",
      mixinStandardHelpOptions = true,
      synopsisSubcommandLabel = "COMMAND")
  static final class Jobs extends Group {}

  @Command(
      name = "checkpoints",
      description = "See, check, restore and delete checkpoints.",
      mixinStandardHelpOptions = true,
      synopsisSubcommandLabel = "COMMAND")
  static final class Checkpoints extends Group {}
}
