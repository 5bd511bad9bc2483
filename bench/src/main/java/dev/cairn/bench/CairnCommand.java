package dev.cairn.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The `cairn` command through its launcher, on one store.
record CairnCommand(Path launcher, Path store) {
  /// @param path as given on the command line; absent means that of this checkout
  static CairnCommand of(String path, Path store) {
    Path launcher = path.isEmpty() ? Place.project().resolve("cairn") : Path.of(path);
    return new CairnCommand(launcher.toAbsolutePath(), store);
  }

  CairnCommand with(Path other) {
    return new CairnCommand(launcher, other);
  }

  Program.Run run(String... arguments) {
    var line = new ArrayList<>(List.of(launcher.toString()));
    line.addAll(List.of(arguments));
    return Program.run(Map.of("CAIRN_STORE", store.toString()), line);
  }

  static JsonNode json(Program.Run run) {
    return JsonMapper.shared().readTree(run.out());
  }
}
