package dev.cairn.run;

import dev.cairn.domain.CairnException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What is run under a job: a program with its arguments, where, and in which environment.
///
/// The environment is that of this process, less what [ChildEnvironment] withholds, less `unset`,
/// plus `set`.
///
/// @param argv the program as the user wrote it, then its arguments
/// @param directory working directory
/// @param set variables to set; they win over everything else
/// @param unset names of variables to take out; one that ends in `*` means all that start so
public record Command(
    List<String> argv, Path directory, Map<String, String> set, Set<String> unset) {
  /// For `unset`: the variables by which AWS tools find their keys.
  public static final String AWS_VARIABLES = "AWS_*";

  public Command {
    argv = List.copyOf(argv);
    set = Map.copyOf(set);
    unset = Set.copyOf(unset);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new CairnException.Invalid(
          "there is no command to run",
          "Write the command after --, for example: -- python train.py");
    }
    for (String argument : argv) {
      require(argument.indexOf('\0') < 0, "an argument of the command holds a NUL character");
    }
    set.forEach((name, value) ->
        require(
            !name.isEmpty() && name.indexOf('=') < 0 && (name + value).indexOf('\0') < 0,
            "no environment can hold a variable of that name or value: " + name));
  }

  private static void require(boolean held, String otherwise) {
    if (!held) {
      throw new CairnException.Invalid(otherwise, "");
    }
  }

  public static Command of(List<String> argv, Path directory) {
    return new Command(argv, directory, Map.of(), Set.of());
  }

  /// The same with more variables set.
  public Command with(Map<String, String> more) {
    var all = new HashMap<>(set);
    all.putAll(more);
    return new Command(argv, directory, all, unset);
  }

  /// The same with more variables taken out.
  public Command without(Set<String> more) {
    var all = new HashSet<>(unset);
    all.addAll(more);
    return new Command(argv, directory, set, all);
  }

  /// The program as the user wrote it.
  public String program() {
    return argv.getFirst();
  }

  /// Finds the program as the child will, in the child's own environment.
  ///
  /// @throws CairnException.NotFound if there is none; a shell's exit code for this is 127
  /// @throws CairnException.Denied if it may not be executed; a shell's exit code for this is 126
  /// @throws CairnException.Invalid if the working directory does not exist
  public Path resolve() {
    var environment = new HashMap<>(System.getenv());
    ChildEnvironment.prepare(environment, this);
    return Executable.find(program(), directory, environment);
  }
}
