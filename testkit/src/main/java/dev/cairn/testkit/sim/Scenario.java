package dev.cairn.testkit.sim;

import dev.cairn.domain.JobId;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The usual play: workers, supervised commands and people on every node, some minutes of bad
/// weather, then calm, in which every job must be able to go on.
final class Scenario {
  private static final List<JobId> JOBS = List.of(JobId.of("alpha"), JobId.of("beta"));

  /// What people make of checkpoints of the others: nobody works at it.
  static final JobId FORK = JobId.of("fork");

  private static final Duration CALM = Duration.ofSeconds(12);

  private final Sim sim;
  private final Scheduler scheduler;
  private final SplittableRandom random;
  private final Duration bad;
  private boolean over;

  Scenario(Sim sim) {
    this.sim = sim;
    this.scheduler = sim.scheduler();
    this.random = sim.random();
    this.bad = Duration.ofSeconds(random.nextInt(20, 70));
  }

  void play() {
    List<JobId> jobs = JOBS.subList(0, random.nextInt(1, JOBS.size() + 1));
    for (Node node : sim.nodes()) {
      jobs.forEach(job -> cast(node, job));
    }
    people(sim.nodes().getFirst(), FORK);
    events(jobs);
    scheduler.runUntil(bad);
    over = true;
    sim.story().tell("world", () -> "the weather is calm now");
    sim.setWeather(Weather.CALM);
    sim.setFull(false);
    scheduler.runUntil(bad.plus(CALM));
    sim.curtain();
    new Epilogue(sim, bad.plus(CALM)).play(Stream.concat(jobs.stream(), Stream.of(FORK)).toList());
  }

  private void cast(Node node, JobId job) {
    var supervised = random.nextInt(3) == 0;
    keep(
        node,
        job + (supervised ? " command" : " worker"),
        () -> !over,
        process -> {
          if (supervised) {
            new SupervisedJob(sim, process, job).run();
          } else {
            new Worker(sim, process, job).run();
          }
        });
    people(node, job);
  }

  private void people(Node node, JobId job) {
    keep(node, job + " person", () -> !over, process -> new Person(sim, process, job).run());
  }

  /// Starts a process, and another one when it is over.
  private void keep(Node node, String what, BooleanSupplier goesOn, Consumer<SimProcess> body) {
    scheduler.fork(
        sim.world(),
        "keeper of " + what,
        () -> {
          while (goesOn.getAsBoolean()) {
            scheduler.current().sleep(millis(50, 8000).toNanos(), "keep");
            SimProcess process = sim.process(node);
            Scheduler.Task main = sim.start(process, what, () -> body.accept(process));
            await(main);
            process.die();
          }
        });
  }

  private static void await(Scheduler.Task main) {
    try {
      main.join();
    } catch (Crash e) {
      return; // so it is over
    }
  }

  private void events(List<JobId> jobs) {
    Weather weather = sim.weather();
    at(weather.powerLosses(), sim::losePower);
    at(weather.serverLosses(), sim::loseServerPower);
    at(
        weather.clockJumps(),
        () -> sim.nodes().get(random.nextInt(sim.nodes().size())).jump(sim.skew()));
    at(
        weather.fulls(),
        () -> {
          sim.setFull(true);
          scheduler.current().sleep(millis(500, 15_000).toNanos(), "full");
          sim.setFull(false);
        });
    if (random.nextInt(8) == 0) {
      at(1, () -> sim.rot(jobs.get(random.nextInt(jobs.size())).value()));
    }
  }

  private void at(int times, Runnable event) {
    for (int i = 0; i < times; i++) {
      long when = random.nextLong(bad.toNanos());
      scheduler.fork(
          sim.world(),
          "event",
          () -> {
            scheduler.current().sleep(when, "event");
            event.run();
          });
    }
  }

  private Duration millis(long least, long most) {
    return Duration.ofMillis(random.nextLong(least, most));
  }
}
