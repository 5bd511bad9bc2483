package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.SplittableRandom;

/// Gives spoilt bytes to a parser, case after case, for a while: whatever they are, it has to come
/// to an end, and soon, without much memory, with an object or with the error that is documented.
///
/// How long is `-Dcairn.fuzz=10m` divided by the number of parsers; the seed `-Dcairn.fuzz.seed=N`,
/// from which with the number of a case everything follows.
final class Fuzzer {
  /// How many parsers share the time.
  private static final int TARGETS = 8;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final Duration DEFAULT_TIME = Duration.ofSeconds(16);
  private static final long SEED = Long.getLong("cairn.fuzz.seed", 20_261_126);
  private static final Duration MOST_TIME_OF_A_CASE = Duration.ofSeconds(10);

  private final String name;
  private final int timesInput;
  private final long atLeastBytes;

  /// @param timesInput how many bytes may be allocated for each of the input
  /// @param atLeastBytes how many on top
  Fuzzer(String name, int timesInput, long atLeastBytes) {
    this.name = name;
    this.timesInput = timesInput;
    this.atLeastBytes = atLeastBytes;
  }

  /// One case.
  interface Case {
    /// @return size of the input
    /// @throws Exception if the parser did anything that it may not
    long run(SplittableRandom random) throws Exception;
  }

  private static Duration time() {
    String text = System.getProperty("cairn.fuzz", "").toLowerCase(Locale.ROOT);
    Duration all = text.isEmpty() ? DEFAULT_TIME : Duration.parse("PT" + text);
    return all.dividedBy(TARGETS);
  }

  /// At least a hundred cases, then as many as fit.
  void run(Case body) {
    long end = System.nanoTime() + time().toNanos();
    body(body, -1); // not measured: classes are loaded
    for (int i = 0; i < 100 || System.nanoTime() < end; i++) {
      body(body, i);
    }
  }

  private void body(Case body, int number) {
    var random = new SplittableRandom(SEED * 1_000_003 + number);
    long allocated = THREADS.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    long input;
    try {
      input = body.run(random);
    } catch (Exception | Error e) {
      throw failed(number, e);
    }
    if (number < 0) {
      return;
    }
    long took = System.nanoTime() - start;
    try {
      requireLittle(input, THREADS.getCurrentThreadAllocatedBytes() - allocated);
      assertThat(Duration.ofNanos(took)).as("time").isLessThan(MOST_TIME_OF_A_CASE);
    } catch (AssertionError e) {
      throw failed(number, e);
    }
  }

  /// Measures one parsing outside the loop.
  void requireLittle(long input, long allocated) {
    assertThat(allocated)
        .as("%s: bytes allocated for %,d of input", name, input)
        .isLessThan(timesInput * input + atLeastBytes);
  }

  private AssertionError failed(int number, Throwable cause) {
    return new AssertionError(
        "%s, case %d of seed %d: %s. Repeat it: ./check fuzz --seed %d"
            .formatted(name, number, SEED, cause, SEED),
        cause);
  }
}
