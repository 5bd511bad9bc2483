package dev.cairn.testkit.sim;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Host;
import dev.cairn.journal.Claimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/// One process on one node: its threads live and die together, and each call it makes of the world
/// outside takes time and can go wrong.
final class SimProcess {
  /// What a call concerns.
  enum Target {
    /// The shared store: anything can happen.
    STORE,
    /// The node's own disk: it takes time and works, but the process may die there too.
    LOCAL
  }

  private static final Duration LOCAL_LATENCY = Duration.ofNanos(200_000);

  final Sim sim;
  final Node node;
  final String name;
  final Scheduler.Group group;
  final SimEnv env;
  final Host host;
  private final SplittableRandom random;
  private final List<Runnable> lastWill = new ArrayList<>();

  SimProcess(Sim sim, Node node, int pid, SplittableRandom random) {
    this.sim = sim;
    this.node = node;
    this.name = node.name + "." + pid;
    this.random = random;
    this.group = new Scheduler.Group(name);
    this.env = new SimEnv(sim.scheduler(), group, node, random.split());
    // No boot id, so that nobody on another simulated node is taken for gone without waiting.
    this.host = new Host(node.name, "", pid);
  }

  /// Makes one call. What it does it does at one moment; others run before and after.
  <T> T call(Target target, String what, Supplier<T> action) {
    Weather weather = sim.weather();
    if (target == Target.LOCAL) {
      sim.scheduler().pass(exponential(LOCAL_LATENCY), what);
      strike(weather.rarer(), "before", what);
      return action.get();
    }
    sim.scheduler().pass(latency(weather), what);
    strike(weather, "before", what);
    if (happens(weather.refuse())) {
      sim.story().tell(name, () -> "refused: " + what);
      throw new CairnException.Unavailable("refused: " + what, "", null);
    }
    T result = action.get();
    strike(weather, "after", what);
    if (happens(weather.lose())) {
      sim.story().tell(name, () -> "answer lost: " + what);
      throw new CairnException.Unavailable("no answer: " + what, "", null);
    }
    return result;
  }

  private void strike(Weather weather, String when, String what) {
    if (happens(weather.crash())) {
      sim.story().tell(name, () -> "CRASHES " + when + " " + what);
      die();
    }
    if (happens(weather.pause())) {
      var pause = Duration.ofMillis((long) (100 * Math.pow(1000, random.nextDouble())));
      sim.story().tell(name, () -> "stands still for " + pause + " " + when + " " + what);
      sim.scheduler().still(group, pause);
      sim.scheduler().pass(0, "still");
    }
  }

  private long latency(Weather weather) {
    return happens(weather.slow())
        ? Duration.ofMillis((long) (500 * Math.pow(100, random.nextDouble()))).toNanos()
        : exponential(weather.latency());
  }

  private long exponential(Duration mean) {
    return (long) (mean.toNanos() * -Math.log(1 - random.nextDouble()));
  }

  private boolean happens(double chance) {
    return chance > 0 && random.nextDouble() < chance;
  }

  /// Waits so long for a job that somebody else holds.
  Claimer.Patience patience(Duration limit) {
    long until = env.nanos() + limit.toNanos();
    return (_, _, look) -> {
      env.sleep(look);
      return env.nanos() < until;
    };
  }

  /// What dies with it.
  void onDeath(Runnable action) {
    lastWill.add(action);
  }

  /// Ends it at once, and what dies with it.
  void die() {
    lastWill.forEach(Runnable::run);
    sim.scheduler().kill(group);
  }

  void requireAlive() {
    if (group.isDead()) {
      throw new Crash();
    }
  }

  void requireRoom(String what) {
    if (sim.isFull()) {
      throw CairnException.Unavailable.full("no room for " + what, null);
    }
  }

  boolean isStale() {
    return happens(sim.weather().stale());
  }
}
