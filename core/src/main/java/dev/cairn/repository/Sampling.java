package dev.cairn.repository;

import dev.cairn.repository.VerifyLevel.Sampled;
import java.util.Arrays;
import java.util.List;

/// Chooses the chunks that a sampled check reads: those with the smallest hashes of seed and place.
///
/// The order in which they are looked at, and what else is there, has no say in a chunk's hash. The
/// mixing function is that of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
final class Sampling {
  private Sampling() {}

  /// @param all different
  /// @param names numbers the packs
  /// @return at least `share` of `all`, in the same order
  static List<ChunkRef> choose(List<ChunkRef> all, List<PackName> names, Sampled level) {
    if (all.isEmpty()) {
      return all;
    }
    long[] hashes = all.stream().mapToLong(ref -> hash(ref, names, level.seed())).toArray();
    long[] sorted = hashes.clone();
    Arrays.sort(sorted);
    int count = Math.clamp((long) Math.ceil(level.share() * all.size()), 1, all.size());
    long greatest = sorted[count - 1];
    return all.stream().filter(ref -> hash(ref, names, level.seed()) <= greatest).toList();
  }

  private static long hash(ChunkRef ref, List<PackName> names, long seed) {
    return mix(mix(seed ^ names.get(ref.pack()).footer().a()) ^ ref.offset());
  }

  private static long mix(long bits) {
    long z = bits + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
