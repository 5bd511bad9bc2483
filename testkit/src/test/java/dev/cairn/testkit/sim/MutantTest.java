package dev.cairn.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Tests of the tests: what the simulation would miss is not shown by it.
class MutantTest {
  private static final int LANES = 2;
  private static final int SOUND_SEEDS = 5;

  @ParameterizedTest
  @MethodSource("dev.cairn.testkit.sim.Mutants#all")
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void a_mutant_is_found(Mutant mutant) throws InterruptedException, ExecutionException {
    var search = new Search(mutant);
    try (var pool = Executors.newFixedThreadPool(LANES)) {
      List<Callable<Boolean>> lanes = java.util.Collections.nCopies(LANES, search::lane);
      for (Future<Boolean> lane : pool.invokeAll(lanes)) {
        lane.get();
      }
    }
    assertThat(search.found)
        .as("nothing found mutant '%s' in seeds 1 to %d", mutant, mutant.limit())
        .isNotEmpty();
    long seed = search.found.firstKey();
    String violation = search.found.firstEntry().getValue();
    System.out.printf("mutant '%s' found at seed %d: %s%n", mutant, seed, violation);
    assertThat(violation.split("[ :]", 3)[1]).as(violation).isIn(mutant.checks());
  }

  /// Plays seed after seed until one that finds it and all below it are done.
  private static final class Search {
    private final Mutant mutant;
    private final Mutation mutation;
    private final AtomicLong next = new AtomicLong(1);
    private final ConcurrentSkipListMap<Long, String> found = new ConcurrentSkipListMap<>();

    Search(Mutant mutant) {
      this.mutant = mutant;
      this.mutation = Mutation.of(mutant);
    }

    boolean lane() {
      while (found.isEmpty()) {
        long seed = next.getAndIncrement();
        if (seed > mutant.limit()) {
          return false;
        }
        List<?> told = mutation.run(mutant.play(), seed);
        if (told.size() > 1) {
          found.put(seed, (String) told.getFirst());
        }
      }
      return true;
    }
  }

  @Test
  void without_a_mutant_it_is_the_same_run() {
    Mutation none = Mutation.none();
    for (long seed = 1; seed <= 3; seed++) {
      assertThat(none.run(Plays.USUAL, seed)).isEqualTo(Plays.run(Plays.USUAL, seed)).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cairn.testkit.sim.Plays#directed")
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void a_directed_play_without_a_mutant_keeps_every_promise(String play) {
    for (long seed = 1; seed <= SOUND_SEEDS; seed++) {
      assertThat(Plays.play(play, seed, false).violations()).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void a_mutant_whose_text_is_gone_is_told() {
    Mutant gone = Mutant.of("gone").edit("domain/JobState.java", "not in there", "");
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> Mutation.of(gone))
        .hasMessageContaining("mutant 'gone' no longer applies");
  }
}
