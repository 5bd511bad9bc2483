package dev.cairn.checkpoint;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.JobId;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a job takes in its store.
///
/// Counted in whole packs, because packs are what a deletion gives back. Lists of files are read
/// one at a time; what is kept of them is the name of each pack once, and who uses it.
///
/// @param logicalBytes size of all checkpoints, as if each were a copy of its own
/// @param storedBytes of packs that checkpoints use
/// @param sharedBytes of these, of packs that several checkpoints use
/// @param orphanPacks packs that no checkpoint uses: left over, or about to be published; absent if
///   some checkpoint's list cannot be read, so that nobody knows
/// @param orphanBytes of these
/// @param journalBytes of the job's entries
/// @param otherBytes heartbeats and whatever else there is of the job
/// @param checkpoints by number
public record Usage(
    JobId job,
    long logicalBytes,
    long storedBytes,
    long sharedBytes,
    @Nullable Long orphanPacks,
    @Nullable Long orphanBytes,
    long journalBytes,
    long otherBytes,
    List<OfCheckpoint> checkpoints) {
  private static final String JOURNAL = "journal";
  private static final String PACKS = "packs";

  public Usage {
    checkpoints = List.copyOf(checkpoints);
  }

  /// @param storedBytes of the packs that it uses
  /// @param freedBytes what would be given back if it alone were deleted
  /// @param damage why its list or a pack cannot be read; then the numbers are too small
  public record OfCheckpoint(
      Published published, long storedBytes, long freedBytes, @Nullable String damage) {}

  /// Who uses a pack.
  ///
  /// @param last the checkpoint that was looked at last, which is the only one if `count` is 1
  private record Users(int count, long last) {}

  /// @param log of the job, which is read anew where something has vanished
  /// @throws CairnException.Unavailable if the store does not answer
  public static Usage of(Store store, JobLog log) {
    JobId job = log.job();
    var used = new TreeMap<Long, List<String>>();
    var names = new HashMap<String, String>(); // each once, however many checkpoints use a pack
    var damage = new HashMap<Long, String>();
    for (Published published : List.copyOf(log.history().live().values())) {
      ManifestRef manifest = published.checkpoint().manifest();
      try {
        used.put(
            published.number(),
            manifest == null
                ? List.of()
                : store.repository().packs(job, manifest).stream()
                    .map(pack -> names.computeIfAbsent(pack, same -> same))
                    .toList());
      } catch (CairnException.Corrupt e) {
        damage.put(published.number(), String.valueOf(e.getMessage()));
      }
    }
    Map<String, Long> sizes = store.repository().packSizes(job);
    used.forEach((number, packs) ->
        packs.stream()
            .filter(pack -> !sizes.containsKey(pack))
            .findFirst()
            .ifPresent(pack -> damage.put(number, "pack " + pack + " is missing")));
    if (!damage.isEmpty()) { // or it was pruned meanwhile
      log.refresh();
      used.keySet().retainAll(log.history().live().keySet());
      damage.keySet().retainAll(log.history().live().keySet());
    }
    return of(store, log, used, damage, sizes);
  }

  private static Usage of(
      Store store,
      JobLog log,
      Map<Long, List<String>> used,
      Map<Long, String> damage,
      Map<String, Long> sizes) {
    var users = new HashMap<String, Users>();
    used.forEach((number, packs) ->
        packs.forEach(pack ->
            users.merge(pack, new Users(1, number), (a, _) -> new Users(a.count + 1, number))));
    var freed = new HashMap<Long, Long>();
    long stored = 0;
    long shared = 0;
    for (var pack : users.entrySet()) {
      long size = sizes.getOrDefault(pack.getKey(), 0L);
      stored += size;
      if (pack.getValue().count > 1) {
        shared += size;
      } else {
        freed.merge(pack.getValue().last, size, Long::sum);
      }
    }
    boolean known = used.keySet().containsAll(damage.keySet());
    var checkpoints = new ArrayList<OfCheckpoint>();
    long logical = 0;
    for (Published published : log.history().live().values()) {
      long number = published.number();
      if (used.containsKey(number) || damage.containsKey(number)) {
        logical += published.checkpoint().sizeBytes();
        checkpoints.add(
            new OfCheckpoint(
                published,
                used.getOrDefault(number, List.of()).stream()
                    .mapToLong(pack -> sizes.getOrDefault(pack, 0L))
                    .sum(),
                freed.getOrDefault(number, 0L),
                damage.get(number)));
      }
    }
    List<String> orphans =
        sizes.keySet().stream().filter(pack -> !users.containsKey(pack)).toList();
    String folder = "jobs/" + log.job();
    return new Usage(
        log.job(),
        logical,
        stored,
        shared,
        known ? (Long) (long) orphans.size() : null,
        known ? (Long) orphans.stream().mapToLong(sizes::get).sum() : null,
        bytes(store.blobs(), folder + "/" + JOURNAL),
        store.blobs().list(folder).stream()
            .filter(item -> !Set.of(JOURNAL, PACKS).contains(item.leaf()))
            .mapToLong(item -> item.folder() ? bytes(store.blobs(), item.name()) : item.sizeBytes())
            .sum(),
        checkpoints);
  }

  private static long bytes(BlobStore blobs, String folder) {
    return blobs.list(folder).stream().mapToLong(BlobStore.Item::sizeBytes).sum();
  }
}
