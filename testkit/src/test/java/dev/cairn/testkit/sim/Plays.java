package dev.cairn.testkit.sim;

import dev.cairn.domain.Event.Purpose;
import dev.cairn.testkit.sim.Sim.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/// What mutants are looked for in: the usual play, and others in which something is sure to happen
/// that is rare or forbidden in it.
public final class Plays {
  static final String USUAL = "usual";

  private static final Map<String, Consumer<Sim>> DIRECTED =
      Map.of(
          // Processes that stand still in the middle of something, and go on.
          "zombies", sim -> new Crowd(sim).weather(0, 0.01).workers(6).play(),
          // Holders that stand still just after they have published, and then go on to tidy up.
          "latecomers", sim -> new Crowd(sim).workers(3).stillAfterPublishing().play(),
          // Processes that die while they hold the job for an errand, and others that stop it.
          "errands",
              sim ->
                  new Crowd(sim)
                      .weather(0.01, 0)
                      .holders(3, Purpose.WORK)
                      .holders(4, Purpose.MAINTENANCE)
                      .pausers(1)
                      .play(),
          // Holders that live and say so, and nothing else, and others who watch them half asleep.
          "idlers", sim -> new Crowd(sim).weather(0, 0.02).holders(5, Purpose.WORK).play(),
          // Forks into one job, and others who delete it, some of them late.
          "forks",
              sim -> new Crowd(sim).weather(0, 0.006).workers(1).forkers(12).deleters(12).play(),
          // Many who append at the same time.
          "throng", sim -> new Crowd(sim).weather(0, 0).lasting(8).workers(1).pinners(6).play(),
          "blackouts",
              sim ->
                  new Crowd(sim).weather(0, 0).lasting(8).workers(1).pinners(8).blackouts().play(),
          "rot", sim -> new Crowd(sim).weather(0, 0).workers(3).people(3).rot().play(),
          "janitor", sim -> new Crowd(sim).workers(1).event(new Janitor(sim)::clean).play());

  private Plays() {}

  static Set<String> directed() {
    return new TreeSet<>(DIRECTED.keySet());
  }

  /// @param told whether the story is wanted
  static Outcome play(String play, long seed, boolean told) {
    Consumer<Sim> directed = DIRECTED.get(play);
    return directed == null ? Sim.run(seed, told) : Sim.run(seed, told, directed);
  }

  /// For a caller who knows none of these classes.
  ///
  /// @return what was violated, as texts, then the fingerprint
  public static List<String> run(String play, long seed) {
    Outcome outcome = play(play, seed, false);
    var texts = new ArrayList<String>();
    outcome.violations().forEach(violation -> texts.add(violation.toString()));
    texts.add(String.format(Locale.ROOT, "%016x", outcome.fingerprint()));
    return texts;
  }
}
