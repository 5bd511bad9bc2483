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
  static final List<Function<Context, Object>> TOP =
      List.of(
          RunCommand::new,
          SaveCommand::new,
          CheckpointCommand::new,
          _ -> new Jobs(),
          _ -> new Checkpoints(),
          ScrubCommand::new,
          DoctorCommand::new,
          _ -> new DemoCommand(),
          CompletionCommand::new);

  static final List<Function<Context, Object>> JOBS =
      List.of(
          JobsListCommand::new,
          JobsShowCommand::new,
          JobsHistoryCommand::new,
          JobsCancelCommand::new,
          JobsPauseCommand::new,
          JobsResumeCommand::new,
          JobsDeleteCommand::new);

  static final List<Function<Context, Object>> CHECKPOINTS =
      List.of(
          CheckpointsListCommand::new,
          CheckpointsShowCommand::new,
          CheckpointsVerifyCommand::new,
          CheckpointsRestoreCommand::new,
          CheckpointsCatCommand::new,
          CheckpointsDeleteCommand::new);

  private Commands() {}

  static CommandLine tree(Context context) {
    var root = new CommandLine(new Root());
    add(root, TOP, context);
    add(root.getSubcommands().get("jobs"), JOBS, context);
    add(root.getSubcommands().get("checkpoints"), CHECKPOINTS, context);
    return root;
  }

  private static void add(
      @Nullable CommandLine parent, List<Function<Context, Object>> commands, Context context) {
    if (parent == null) {
      throw new IllegalStateException("a group of commands is not registered");
    }
    for (Function<Context, Object> make : commands) {
      Object command = make.apply(context);
      var line = new CommandLine(command);
      // From the name of the program on, every argument is the program's own.
      line.setStopAtPositional(command instanceof RunCommand);
      parent.addSubcommand(line.getCommandName(), line);
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
