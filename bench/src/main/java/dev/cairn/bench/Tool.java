package dev.cairn.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A tool that is measured, as command lines over a store of its own.
///
/// @param id for the command line and for its directory
/// @param forces what it does so that its bytes are on the disk when it ends
/// @param needs programs that must be installed
/// @param whole whether each save is a copy of everything, of which the store keeps the newest
record Tool(
    String id, String title, String forces, List<String> needs, Commands commands, boolean whole) {

  /// Command lines, in which `{store}` is a directory that exists, `{cache}` another one, and `{n}`
  /// the number of the save. They run in the directory that is to be saved, or restored into, which
  /// is there and empty.
  ///
  /// @param init makes a store; not timed; empty if there is nothing to do
  /// @param verify empty if the tool has no such thing
  record Commands(
      Map<String, String> environment,
      List<String> init,
      List<String> save,
      List<String> verify,
      List<String> restore) {
    Commands {
      environment = Map.copyOf(environment);
      init = List.copyOf(init);
      save = List.copyOf(save);
      verify = List.copyOf(verify);
      restore = List.copyOf(restore);
    }
  }

  /// Its directories.
  record Site(Path store, Path cache) {
    static Site make(Path home) throws IOException {
      return new Site(
          Files.createDirectories(home.resolve("store")),
          Files.createDirectories(home.resolve("cache")));
    }

    private String fill(String template, int saves) {
      return template
          .replace("{store}", store.toString())
          .replace("{cache}", cache.toString())
          .replace("{n}", String.valueOf(saves));
    }
  }

  Tool {
    needs = List.copyOf(needs);
  }

  boolean isCairn() {
    return id.startsWith("cairn");
  }

  /// The first program that it needs and that is not there; empty if it can be run.
  String missing() {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String program : needs) {
      boolean found = false;
      for (String directory : path.split(File.pathSeparator, -1)) {
        found |= Files.isExecutable(Path.of(directory, program));
      }
      if (!found) {
        return program;
      }
    }
    return "";
  }

  /// A directory `home` becomes its own, with an empty store.
  Site prepare(Path home) throws IOException {
    Site site = Site.make(home);
    if (!commands.init().isEmpty()) {
      run(site, List.of(), commands.init(), home, 0);
    }
    return site;
  }

  boolean can(Stage stage) {
    return !line(stage).isEmpty();
  }

  /// @param directory to be saved or restored into, by the stage
  /// @param prefix a command that runs the rest of its line
  Program.Run run(Stage stage, Site site, Path directory, String... prefix) {
    return run(site, List.of(prefix), line(stage), directory, stage.saves());
  }

  private List<String> line(Stage stage) {
    return switch (stage) {
      case FIRST, SCATTERED, CLUSTERED, UNCHANGED -> commands.save();
      case VERIFY -> commands.verify();
      case RESTORE -> commands.restore();
    };
  }

  private Program.Run run(
      Site site, List<String> prefix, List<String> templates, Path directory, int saves) {
    var line = new ArrayList<>(prefix);
    templates.forEach(template -> line.add(site.fill(template, saves)));
    var environment = new LinkedHashMap<String, String>();
    commands.environment().forEach((name, value) -> environment.put(name, site.fill(value, saves)));
    return Program.run(environment, line, directory);
  }
}
