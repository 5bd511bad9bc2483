package dev.cairn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Peak memory of Cairn with data of any size: a save, a verify and a restore of each way to save.
final class MemoryBench {
  private static final double ROOM = 3.2;

  private MemoryBench() {}

  /// @param tools of which those of Cairn are run
  /// @return false if there is not the room for it
  static boolean run(List<Tool> tools, Place place, long sizeBytes, long seed) throws IOException {
    long free = Files.getFileStore(place.root()).getUsableSpace();
    if (free < ROOM * sizeBytes) {
      System.err.printf(
          Locale.ROOT,
          "%s are free at %s; %s of data need %.1f times as much. Give another --dir or --size.%n",
          Machine.mib((double) free),
          place.root().getParent(),
          Machine.mib((double) sizeBytes),
          ROOM);
      return false;
    }
    Path data = place.resolve("data");
    CheckpointData.make(data, sizeBytes, seed);
    System.out.printf(
        "%s of data (%s on disk), once%n%n| | goal | measured | met |%n|---|---|---|---|%n",
        Machine.mib((double) Trees.sizeBytes(data)),
        Machine.mib((double) Trees.allocatedBytes(data)));
    for (Tool tool : tools) {
      if (tool.isCairn()) {
        run(tool, data, place);
      }
    }
    return true;
  }

  private static void run(Tool tool, Path data, Place place) throws IOException {
    Path home = place.resolve(tool.id());
    Tool.Site site = tool.prepare(home);
    Path target = Files.createDirectory(place.resolve("restored"));
    for (Stage stage : List.of(Stage.FIRST, Stage.VERIFY, Stage.RESTORE)) {
      Program.Run run = tool.run(stage, site, stage == Stage.RESTORE ? target : data);
      String what =
          String.format(Locale.ROOT, "%s, %s (%.1f s)", tool.title(), stage.brief(), run.seconds());
      Goals.memory(what, run.peakBytes());
    }
    Trees.requireSame(data, target);
    Place.remove(target);
    Place.remove(home);
  }
}
