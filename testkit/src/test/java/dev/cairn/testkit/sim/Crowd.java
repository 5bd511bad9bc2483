package dev.cairn.testkit.sim;

import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.testkit.history.Line;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// A play in which many fight for one job, in weather of one kind: what is rare in the usual play
/// is common here. Ends as that one does.
final class Crowd {
  static final JobId JOB = JobId.of("alpha");

  private static final Duration CALM = Duration.ofSeconds(6);
  private static final Duration PEACE = Duration.ofMillis(400);
  private static final Duration LATENCY = Duration.ofMillis(5);

  private final Sim sim;
  private final Scheduler scheduler;
  private final Map<String, SimProcess> newest = new HashMap<>();
  private Duration bad = Duration.ofSeconds(30);
  private boolean over;

  Crowd(Sim sim) {
    this.sim = sim;
    this.scheduler = sim.scheduler();
    sim.setWeather(Weather.CALM);
  }

  /// Sets how often a process dies, and how often it stands still, at a call of the store.
  Crowd weather(double crash, double pause) {
    sim.setWeather(new Weather(crash, pause, 0, 0, 0, 0, LATENCY, 0, 0, 0, 0));
    return this;
  }

  /// Sets how long it takes until the weather is calm.
  Crowd lasting(int seconds) {
    bad = Duration.ofSeconds(seconds);
    return this;
  }

  Crowd workers(int count) {
    return cast(count, "worker", process -> new Worker(sim, process, JOB).run());
  }

  Crowd people(int count) {
    return cast(count, "person", process -> new Person(sim, process, JOB).run());
  }

  /// Who hold the job for a while and do nothing with it.
  Crowd holders(int count, Event.Purpose purpose) {
    return cast(count, "holder", process -> new Bystander(sim, process).hold(purpose));
  }

  Crowd pinners(int count) {
    return cast(count, "pinner", process -> new Bystander(sim, process).pin());
  }

  Crowd pausers(int count) {
    return cast(count, "pauser", process -> new Bystander(sim, process).pause());
  }

  Crowd forkers(int count) {
    return cast(count, "forker", process -> new Bystander(sim, process).fork());
  }

  Crowd deleters(int count) {
    return cast(count, "deleter", process -> new Bystander(sim, process).delete());
  }

  /// The newest entry becomes unreadable at some moment.
  Crowd rot() {
    long when = sim.random().nextLong(bad.toNanos());
    return event(() -> {
      scheduler.current().sleep(when, "rot");
      sim.rot(JOB.value());
    });
  }

  /// Whoever has published a checkpoint stands still for longer than its lease, now and then.
  Crowd stillAfterPublishing() {
    return event(() -> {
      long seen = 0;
      while (!over) {
        scheduler.current().sleep(LATENCY.dividedBy(8).toNanos(), "look");
        long last = sim.witness().job(JOB.value()).rules().last();
        if (last > seen && sim.random().nextInt(3) == 0) {
          sim.witness().job(JOB.value()).line(last).ifPresent(this::standStill);
        }
        seen = last;
      }
    });
  }

  private void standStill(Line line) {
    String node = line.event().path("checkpoint").path("node").asString("");
    SimProcess process = newest.get(node);
    if (process != null) {
      scheduler.still(process.group, Duration.ofMillis(sim.random().nextLong(5000, 12_000)));
    }
  }

  /// The store's machine loses its power just after an entry has become visible, again and again.
  Crowd blackouts() {
    return event(() -> {
      long seen = 0;
      while (!over) {
        scheduler.current().sleep(LATENCY.dividedBy(4).toNanos(), "blackout");
        long last = sim.witness().job(JOB.value()).rules().last();
        if (last > seen && sim.random().nextInt(3) == 0) {
          long soon = sim.random().nextLong(4 * LATENCY.toNanos());
          scheduler.current().sleep(soon, "blackout");
          sim.loseServerPower();
          scheduler.current().sleep(PEACE.toNanos(), "blackout");
          last = sim.witness().job(JOB.value()).rules().last();
        }
        seen = last;
      }
    });
  }

  /// Something that happens beside it all.
  Crowd event(Runnable event) {
    scheduler.fork(sim.world(), "event", event);
    return this;
  }

  private Crowd cast(int count, String what, Consumer<SimProcess> body) {
    for (int i = 0; i < count; i++) {
      Node node = sim.nodes().get(i % sim.nodes().size());
      scheduler.fork(sim.world(), "keeper of " + what, () -> keep(node, what, body));
    }
    return this;
  }

  private void keep(Node node, String what, Consumer<SimProcess> body) {
    while (!over) {
      scheduler.current().sleep(sim.random().nextLong(1_000_000_000), "keep");
      SimProcess process = sim.process(node);
      newest.put(node.name, process);
      Scheduler.Task main = sim.start(process, what, () -> body.accept(process));
      try {
        main.join();
      } catch (Crash e) {
        continue; // another one comes
      }
      process.die();
    }
  }

  void play() {
    scheduler.runUntil(bad);
    over = true;
    sim.setWeather(Weather.CALM);
    scheduler.runUntil(bad.plus(CALM));
    sim.curtain();
    new Epilogue(sim, bad.plus(CALM)).play(List.of(JOB));
  }
}
