package dev.cairn.checkpoint;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.SealedJson;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.repository.Scrubbed.Proof;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// When each pack of a job was last found whole: `jobs/<job>/scrub.json`, a [SealedJson].
///
/// Only ever a reason not to read a pack again soon, never a reason to believe it. Where it is
/// lost, damaged, too large or from the future, packs are read again. Two that scrub at the same
/// time may overwrite what the other has remembered, with the same result.
///
/// Packs go by the first 16 hex digits of the hash in their names; times are seconds since 1970. At
/// most 16 000 packs are remembered for each kind of proof, about 1 TB of a job; of more, those
/// read last.
final class ScrubMemory {
  private static final int MOST = 16_000;
  private static final int KEY_LENGTH = 16;
  private static final String SUFFIX = ".pack";
  private static final int HASH_LENGTH = 64;

  private final BlobStore blobs;
  private final Env env;
  private final JobId job;
  private final Map<Proof, Map<String, Long>> times = new HashMap<>();
  private boolean changed;

  /// @param sha256 when chunks were hashed
  /// @param crc32c when only stored bytes were summed up
  record Body(@Nullable Map<String, Long> sha256, @Nullable Map<String, Long> crc32c) {}

  private ScrubMemory(BlobStore blobs, Env env, JobId job) {
    this.blobs = blobs;
    this.env = env;
    this.job = job;
    times.put(Proof.SHA256, new HashMap<>());
    times.put(Proof.CRC32C, new HashMap<>());
  }

  static ScrubMemory read(BlobStore blobs, Env env, JobId job) {
    var memory = new ScrubMemory(blobs, env, job);
    memory.readAgain();
    return memory;
  }

  private void readAgain() {
    try {
      byte[] bytes = blobs.readSmall(name(), SealedJson.LIMIT_BYTES).orElse(null);
      if (bytes != null) {
        Body body = SealedJson.open(bytes, Body.class);
        add(body.sha256(), Proof.SHA256);
        add(body.crc32c(), Proof.CRC32C);
      }
    } catch (CairnException.Corrupt | SealedJson.Broken _) {
      changed = true; // A good one takes its place.
    }
  }

  private void add(@Nullable Map<String, Long> read, Proof proof) {
    if (read == null) {
      return;
    }
    long now = env.now().getEpochSecond();
    read.forEach((key, seconds) -> {
      if (seconds != null && seconds >= 0 && seconds <= now) {
        times(proof).merge(key, seconds, Math::max);
      }
    });
  }

  private Map<String, Long> times(Proof proof) {
    return times.computeIfAbsent(proof, _ -> new HashMap<>());
  }

  private String name() {
    return "jobs/" + job + "/scrub.json";
  }

  private static String key(String pack) {
    int hash = Math.max(0, pack.length() - SUFFIX.length() - HASH_LENGTH);
    return pack.substring(hash, Math.min(pack.length(), hash + KEY_LENGTH));
  }

  /// When that much was last proved, in seconds since 1970; -1 if it is not known that it ever was.
  ///
  /// @param pack leaf name
  long checked(String pack, Proof proof) {
    long hashed = times(Proof.SHA256).getOrDefault(key(pack), -1L);
    return proof == Proof.SHA256
        ? hashed
        : Math.max(hashed, times(proof).getOrDefault(key(pack), -1L));
  }

  void remember(String pack, Proof proof) {
    times(proof).put(key(pack), env.now().getEpochSecond());
    changed = true;
  }

  /// Forgets all other packs.
  void retain(Collection<String> packs) {
    Set<String> keys = packs.stream().map(ScrubMemory::key).collect(Collectors.toSet());
    times.values().forEach(seen -> seen.keySet().retainAll(keys));
  }

  boolean isChanged() {
    return changed;
  }

  /// Stores what is remembered; durable on return.
  void save() {
    blobs.put(
        name(), Blob.of(SealedJson.seal(new Body(newest(Proof.SHA256), newest(Proof.CRC32C)))));
    changed = false;
  }

  private Map<String, Long> newest(Proof proof) {
    var newest = new TreeMap<String, Long>();
    times(proof).entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
        .limit(MOST)
        .forEach(entry -> newest.put(entry.getKey(), entry.getValue()));
    return newest;
  }
}
