package dev.cairn.testkit.sim;

import dev.cairn.domain.Human;
import dev.cairn.testkit.sim.Sim.Outcome;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `./check sim`: runs seeds, and tells what came of them. Exit codes: 0 every promise was kept, 1
/// one was not, 2 usage.
public final class SimMain {
  private static final String USAGE =
      """
      ./check sim                    500 seeds
      ./check sim --seeds 10000      so many
      ./check sim --from 501         from that one on
      ./check sim --for 10m          as many as that time allows
      ./check sim --seed 42          one of them, with its story

      A seed that fails is told with the promise that was broken; run it alone to read what led there.
      """;
  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})(s|m|h)");
  private static final long USUAL_SEEDS = 500;

  private final PrintStream out;
  private final AtomicLong next;
  private final long end;
  private final long deadline;
  private long failed;
  private long seeds;
  private long calls;
  private long checkpoints;
  private Duration simulated = Duration.ZERO;

  private SimMain(PrintStream out, long from, long count, Duration limit) {
    this.out = out;
    this.next = new AtomicLong(from);
    this.end = from + count;
    this.deadline = limit.isZero() ? Long.MAX_VALUE : System.nanoTime() + limit.toNanos();
  }

  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out));
  }

  static int run(List<String> arguments, PrintStream out) {
    long from = 1;
    long count = USUAL_SEEDS;
    Duration limit = Duration.ZERO;
    try {
      for (int i = 0; i < arguments.size(); i += 2) {
        String value = arguments.get(i + 1);
        switch (arguments.get(i)) {
          case "--seed" -> {
            return tell(Long.parseLong(value), out);
          }
          case "--seeds" -> count = Long.parseLong(value);
          case "--from" -> from = Long.parseLong(value);
          case "--for" -> {
            limit = time(value);
            count = Long.MAX_VALUE / 2;
          }
          default -> throw new IllegalArgumentException(arguments.get(i));
        }
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      out.print(USAGE);
      return 2;
    }
    return new SimMain(out, from, count, limit).all();
  }

  private static Duration time(String text) {
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text);
    }
    return Duration.parse("PT" + matcher.group(1) + matcher.group(2).toUpperCase(Locale.ROOT));
  }

  private static int tell(long seed, PrintStream out) {
    Outcome outcome = Sim.run(seed, true);
    outcome.story().forEach(out::println);
    out.println();
    outcome.violations().forEach(out::println);
    out.printf(
        Locale.ROOT,
        "seed %d: %s, %d checkpoints, %d calls, %s simulated, fingerprint %016x%n",
        seed,
        outcome.violations().isEmpty() ? "every promise was kept" : "NOT KEPT",
        outcome.checkpoints(),
        outcome.calls(),
        Human.duration(outcome.simulated()),
        outcome.fingerprint());
    return outcome.violations().isEmpty() ? 0 : 1;
  }

  private int all() {
    long start = System.nanoTime();
    int threads = Runtime.getRuntime().availableProcessors();
    try (var pool = Executors.newFixedThreadPool(threads)) {
      List<Callable<Boolean>> lanes = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        lanes.add(this::lane);
      }
      for (Future<Boolean> lane : pool.invokeAll(lanes)) {
        lane.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    out.printf(
        Locale.ROOT,
        "%d seeds, %d failed; %s simulated, %d checkpoints, %d calls, in %s%n",
        seeds,
        failed,
        Human.duration(simulated),
        checkpoints,
        calls,
        Human.duration(Duration.ofNanos(System.nanoTime() - start)));
    return failed == 0 ? 0 : 1;
  }

  private boolean lane() {
    while (true) {
      long seed = next.getAndIncrement();
      if (seed >= end || System.nanoTime() > deadline) {
        return true;
      }
      add(Sim.run(seed, false));
    }
  }

  private synchronized void add(Outcome outcome) {
    seeds++;
    calls += outcome.calls();
    checkpoints += outcome.checkpoints();
    simulated = simulated.plus(outcome.simulated());
    if (!outcome.violations().isEmpty()) {
      failed++;
      out.printf("seed %d FAILED: %s%n", outcome.seed(), outcome.violations().getFirst());
    }
  }
}
