package dev.cairn.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The library with one mistake in it, which the simulation must find.
///
/// @param name what is wrong with it
/// @param edits what makes it so
/// @param play the name of one of [Plays]
/// @param limit it must be found within the seeds from 1 to this one
/// @param checks the checks that may find it first
record Mutant(String name, List<Edit> edits, String play, int limit, Set<String> checks) {
  Mutant {
    edits = List.copyOf(edits);
    checks = Set.copyOf(checks);
  }

  /// A text that stands once in a source file, and what takes its place.
  ///
  /// @param file below `core/src/main/java/dev/cairn`
  record Edit(String file, String text, String instead) {}

  /// A mutant of nothing yet, looked for in the usual play.
  static Mutant of(String name) {
    return new Mutant(name, List.of(), Plays.USUAL, 0, Set.of());
  }

  Mutant edit(String file, String text, String instead) {
    var more = new ArrayList<>(edits);
    more.add(new Edit(file, text, instead));
    return new Mutant(name, more, play, limit, checks);
  }

  Mutant in(String directed) {
    return new Mutant(name, edits, directed, limit, checks);
  }

  Mutant foundWithin(int seeds, String... by) {
    return new Mutant(name, edits, play, seeds, Set.of(by));
  }

  @Override
  public String toString() {
    return name;
  }
}
