package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cairn.repository.VerifyLevel.Sampled;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What samples find, by the formula and by trying.
final class DetectionTest {
  private static final List<PackName> PACKS =
      List.of(
          new PackName(3, new Sha256(0x1234_5678_9abc_def0L, 2, 3, 4)),
          new PackName(4, new Sha256(0xfedc_ba98_7654_3210L, 2, 3, 4)));

  private static List<ChunkRef> chunks(int count) {
    var chunks = new ArrayList<ChunkRef>();
    for (int i = 0; i < count; i++) {
      long offset = 4096 + (i / 2) * 262_144L;
      chunks.add(new ChunkRef(new Sha256(i, 0, 0, 0), i % 2, offset, 9, 9, Codec.RAW, 0));
    }
    return chunks;
  }

  /// "If t = 1% of n, then the client asks for 460 blocks and 300 blocks in order to achieve P_X of
  /// at least 99% and 95%": Ateniese et al. 2007.
  @Test
  void the_formula_gives_the_figures_of_its_source() {
    assertThat(new Detection(10_000, 460).of(100)).isGreaterThanOrEqualTo(0.99);
    assertThat(new Detection(10_000, 300).of(100)).isGreaterThanOrEqualTo(0.95);
    assertThat(new Detection(10_000, 290).of(100)).isLessThan(0.95);
    assertThat(new Detection(10_000, 440).of(100)).isLessThan(0.99);
  }

  @Test
  void one_damaged_chunk_is_found_as_probably_as_it_is_read() {
    assertThat(new Detection(200, 10).of(1)).isCloseTo(0.05, within(1e-12));
    assertThat(new Detection(200, 200).of(1)).isEqualTo(1);
    assertThat(new Detection(200, 0).of(200)).isZero();
    assertThat(new Detection(200, 10).of(0)).isZero();
    assertThat(new Detection(200, 10).of(191)).as("one of any 191 is read").isEqualTo(1);
  }

  @Test
  void the_least_number_that_is_nearly_surely_found_is_the_least() {
    for (int read : new int[] {1, 7, 50, 999, 1000}) {
      var detection = new Detection(1000, read);
      long damaged = detection.damagedFor(0.99);
      assertThat(detection.of(damaged)).isGreaterThanOrEqualTo(0.99);
      assertThat(detection.of(damaged - 1)).isLessThan(0.99);
    }
    assertThat(new Detection(1000, 0).damagedFor(0.99)).isZero();
  }

  @Test
  void samples_find_damage_as_often_as_the_formula_says() {
    List<ChunkRef> all = chunks(400);
    var random = new Random(11);
    int tries = 4_000;
    for (int damagedChunks : new int[] {1, 5, 30, 90}) {
      for (boolean inARun : new boolean[] {true, false}) {
        int found = 0;
        for (int seed = 0; seed < tries; seed++) {
          Set<ChunkRef> damaged = damaged(all, damagedChunks, inARun, random);
          List<ChunkRef> read = Sampling.choose(all, PACKS, new Sampled(0.05, seed));
          found += Collections.disjoint(read, damaged) ? 0 : 1;
        }
        double expected = new Detection(400, 20).of(damagedChunks);
        double deviation = Math.sqrt(expected * (1 - expected) / tries);
        assertThat((double) found / tries)
            .as("%d chunks, in a run: %s", damagedChunks, inARun)
            .isCloseTo(expected, within(4 * deviation));
      }
    }
  }

  private static Set<ChunkRef> damaged(
      List<ChunkRef> all, int count, boolean inARun, Random random) {
    if (inARun) {
      int from = random.nextInt(all.size() - count);
      return Set.copyOf(all.subList(from, from + count));
    }
    var some = new TreeSet<Integer>();
    while (some.size() < count) {
      some.add(random.nextInt(all.size()));
    }
    return some.stream().map(all::get).collect(Collectors.toSet());
  }

  @Test
  void a_sample_follows_from_seed_and_places_and_not_from_their_order() {
    List<ChunkRef> all = chunks(500);
    var shuffled = new ArrayList<>(all);
    Collections.shuffle(shuffled, new Random(1));
    var level = new Sampled(0.1, 77);
    List<ChunkRef> once = Sampling.choose(all, PACKS, level);
    assertThat(once).hasSize(50);
    assertThat(Sampling.choose(shuffled, PACKS, level)).containsExactlyInAnyOrderElementsOf(once);
    assertThat(Sampling.choose(all, PACKS, new Sampled(0.1, 78))).isNotEqualTo(once);
  }

  @Test
  void every_chunk_has_its_turn() {
    List<ChunkRef> all = chunks(100);
    var read = new int[100];
    for (int seed = 0; seed < 2_000; seed++) {
      for (ChunkRef ref : Sampling.choose(all, PACKS, new Sampled(0.05, seed))) {
        read[(int) ref.sha256().a()]++;
      }
    }
    for (int times : read) {
      assertThat(times).isBetween(60, 140); // 100 on average, standard deviation 9.7
    }
  }

  @Test
  void at_least_one_chunk_is_read_and_a_share_of_everything_is_all() {
    List<ChunkRef> all = chunks(10);
    assertThat(Sampling.choose(all, PACKS, new Sampled(1e-9, 1))).hasSize(1);
    assertThat(Sampling.choose(all, PACKS, new Sampled(0.11, 1))).hasSize(2);
    assertThat(Sampling.choose(all, PACKS, new Sampled(1, 1))).isEqualTo(all);
    assertThat(Sampling.choose(List.of(), PACKS, new Sampled(1, 1))).isEmpty();
  }
}
