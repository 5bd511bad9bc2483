package dev.cairn.cli;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A storm over a few jobs: short in each build, as long as `-Dcairn.storm=2m` says with four nodes
/// and ten jobs, from the seed `-Dcairn.storm.seed=N`: `./check storm`.
class StormTest {
  private static final String LENGTH = System.getProperty("cairn.storm", "");
  private static final long SEED = Long.getLong("cairn.storm.seed", 1);
  private static final Duration SHORT = Duration.ofSeconds(15);

  @RegisterExtension private final Machines machines = new Machines();

  @Test
  void every_job_comes_through_it_and_nothing_that_was_acknowledged_is_lost() throws Exception {
    boolean isShort = LENGTH.isEmpty();
    Duration length = isShort ? SHORT : Duration.parse("PT" + LENGTH.toUpperCase(Locale.ROOT));
    System.out.printf("storm: %s, seed %d%n", length, SEED);
    var storm = isShort ? new Storm(machines, 3, 3, 2, SEED) : new Storm(machines, 4, 10, 3, SEED);
    storm.rage(length);
    storm.calm();
  }
}
