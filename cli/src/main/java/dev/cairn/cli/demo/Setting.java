package dev.cairn.cli.demo;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Where the demo plays, and with which command lines.
///
/// @param directory of its own, where everything is
record Setting(Env env, Disk disk, Programs programs, Path directory, long seed) {
  /// How often the training goes through all images.
  static final int EPOCHS = 40;

  // `cairn run` looks twice a second: at another point of the epoch each time.
  private static final int EPOCH_MILLIS = 300;

  Path store() {
    return directory.resolve("store");
  }

  /// The command line of a `cairn run` of the training.
  List<String> run(JobId job, Path watched) {
    return programs.cairn(
        Stream.concat(
                List.of(
                    "run",
                    "--job",
                    job.value(),
                    "--store",
                    store().toString(),
                    "--watch",
                    watched.toString(),
                    "--layout",
                    "marker:step-*/DONE",
                    "--every",
                    "1s",
                    "--heartbeat",
                    "500ms",
                    "--lease",
                    "2s",
                    "--backoff",
                    "200ms",
                    "--")
                    .stream(),
                training(watched).stream())
            .toList());
  }

  /// The command line of the training itself.
  List<String> training(Path checkpoints) {
    return programs.trainer(
        List.of(
            "--checkpoints", checkpoints.toString(),
            "--epochs", String.valueOf(EPOCHS),
            "--seed", String.valueOf(seed),
            "--pace", String.valueOf(EPOCH_MILLIS)));
  }

  /// The names in a directory; none if it has just been removed.
  List<Path> listed(Path folder) {
    try {
      return disk.list(folder);
    } catch (CairnException.NotFound _) {
      return List.of();
    }
  }

  /// Removes a file or a directory with all that is in it.
  void remove(Path path) {
    if (disk.stat(path)
        .map(Disk.FileStat::kind)
        .filter(Disk.FileKind.DIRECTORY::equals)
        .isPresent()) {
      listed(path).forEach(name -> remove(path.resolve(name)));
    }
    disk.delete(path);
  }
}
