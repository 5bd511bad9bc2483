package dev.cairn.cli;

import dev.cairn.testkit.When;
import java.nio.file.Path;
import java.util.Locale;

/// One side of one call of a process to its disk, written `link:journal:3:after`: after the third
/// `link(2)` that gave a name in a journal.
///
/// @param number counted from 1 for each act and place, from the start of the process
record Boundary(Act act, Place place, int number, When when) {
  /// Everything by which a disk changes.
  enum Act {
    CREATE,
    WRITE,
    FORCE,
    LINK,
    RENAME,
    FORCE_DIRECTORY,
    DELETE,
    CREATE_DIRECTORIES,
    SYMLINK,
    SET_ATTRIBUTES
  }

  /// What the changed name belongs to.
  enum Place {
    JOURNAL,
    PACKS,
    HEARTBEAT,
    /// The store, but none of its jobs.
    STORE,
    /// The directory that is watched, and what stands beside it during a restore.
    WATCHED,
    OTHER;

    /// @param here where the process was started, and watches
    static Place of(Path path, Path store, Path here) {
      if (path.startsWith(store)) {
        Path inside = store.relativize(path);
        boolean ofJob = inside.startsWith("jobs") && inside.getNameCount() > 2;
        return ofJob ? ofJob(inside.getName(2).toString()) : STORE;
      }
      return path.startsWith(here) ? WATCHED : OTHER;
    }

    private static Place ofJob(String folder) {
      return switch (folder) {
        case "journal" -> JOURNAL;
        case "packs" -> PACKS;
        case "heartbeat" -> HEARTBEAT;
        default -> OTHER;
      };
    }
  }

  static Boundary parse(String text) {
    String[] words = text.toUpperCase(Locale.ROOT).split(":", -1);
    return new Boundary(
        Act.valueOf(words[0]),
        Place.valueOf(words[1]),
        Integer.parseInt(words[2]),
        When.valueOf(words[3]));
  }

  Boundary on(When side) {
    return new Boundary(act, place, number, side);
  }

  @Override
  public String toString() {
    return "%s:%s:%d:%s".formatted(act, place, number, when).toLowerCase(Locale.ROOT);
  }
}
