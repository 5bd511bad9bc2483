package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Seam;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Finds a program by the rules of `execvp(3)`, before anything is started: the shims between us
/// and the command would hide why it cannot run.
@Seam
final class Executable {
  /// Where programs are sought if `PATH` is not set.
  private static final String DEFAULT_PATH = "/bin:/usr/bin";

  private static final int SHOWN = 200;

  private Executable() {}

  /// @param directory that a name with a slash, and relative parts of `PATH`, are relative to
  /// @throws CairnException.NotFound if there is no such program
  /// @throws CairnException.Denied if there is, but it may not be executed
  /// @throws CairnException.Invalid if `directory` is none
  static Path find(String program, Path directory, Map<String, String> environment) {
    if (!Files.isDirectory(directory)) {
      throw new CairnException.Invalid(
          "the working directory %s of the command does not exist".formatted(shown(directory)), "");
    }
    List<Path> candidates = candidates(program, directory, environment);
    for (Path candidate : candidates) {
      if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    for (Path candidate : candidates) {
      if (Files.exists(candidate)) {
        throw notExecutable(candidate);
      }
    }
    throw new CairnException.NotFound(
        "the command %s was not found".formatted(Text.printable(program, SHOWN)),
        program.contains("/")
            ? "Its path counts from the working directory " + shown(directory) + "."
            : "Is it installed, and its directory in PATH?");
  }

  private static List<Path> candidates(
      String program, Path directory, Map<String, String> environment) {
    if (program.contains("/")) {
      return List.of(directory.resolve(program));
    }
    var candidates = new ArrayList<Path>();
    for (String part : environment.getOrDefault("PATH", DEFAULT_PATH).split(":", -1)) {
      candidates.add(directory.resolve(part).resolve(program));
    }
    return candidates;
  }

  private static CairnException.Denied notExecutable(Path file) {
    return Files.isDirectory(file)
        ? new CairnException.Denied(
            "the command %s is a directory".formatted(shown(file)), "", null)
        : new CairnException.Denied(
            "the command %s may not be executed".formatted(shown(file)),
            "Make it executable: chmod +x " + shown(file) + ", or name its interpreter first.",
            null);
  }

  private static String shown(Path path) {
    return Text.printable(path.toString(), SHOWN);
  }
}
