package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.Past;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What is told of a checkpoint that was kept at an earlier time. Of one whose entry has lost its
/// body since, only what the entry's tombstone tells.
///
/// @param inLineage whether the job would have gone on from it or from a descendant of it
/// @param dropped whether it is kept no more
/// @param gone whether its bytes are not there any more
record PastView(
    String id,
    String job,
    long number,
    @Nullable Long step,
    @Nullable Double progress,
    @Nullable String kind,
    Instant saved,
    @Nullable String node,
    int attempt,
    @Nullable Long files,
    @Nullable Long sizeBytes,
    @Nullable Long storedBytes,
    boolean inLineage,
    boolean pinned,
    @Nullable String parent,
    Map<String, String> labels,
    boolean dropped,
    boolean gone) {

  /// All of a job, by number.
  ///
  /// @param now the journal as it is
  static List<PastView> of(Store store, History now, Past past) {
    var views = new TreeMap<Long, PastView>();
    for (Published published : past.history().live().values()) {
      boolean dropped = !now.live().containsKey(published.number());
      boolean gone = dropped && isGone(store, now.job(), published.checkpoint());
      views.put(published.number(), of(past.history(), published, dropped, gone));
    }
    for (Entry entry : past.trimmed()) {
      views.put(entry.number(), ofTrimmed(entry, past.history()));
    }
    return List.copyOf(views.values());
  }

  private static boolean isGone(Store store, JobId job, Checkpoint checkpoint) {
    if (checkpoint.manifest() == null) {
      return false; // its state is in the entry
    }
    try {
      store.repository().requirePacks(job, store.repository().packs(job, checkpoint.manifest()));
      return false;
    } catch (CairnException.Corrupt e) {
      return true;
    }
  }

  private static PastView of(History then, Published published, boolean dropped, boolean gone) {
    CheckpointView view = CheckpointView.of(then.job(), then, published, "");
    return new PastView(
        view.id(),
        view.job(),
        view.number(),
        view.step(),
        view.progress(),
        view.kind(),
        view.saved(),
        view.node(),
        view.attempt(),
        view.files(),
        view.sizeBytes(),
        view.storedBytes(),
        view.inLineage(),
        view.pinned(),
        view.parent(),
        view.labels(),
        dropped,
        gone);
  }

  private static PastView ofTrimmed(Entry entry, History then) {
    Long parent = entry.event() instanceof Event.Dropped e ? e.parent() : null;
    return new PastView(
        entry.job() + "@" + entry.number(),
        entry.job().value(),
        entry.number(),
        null,
        null,
        null,
        entry.at(),
        null,
        entry.after().attempt(),
        null,
        null,
        null,
        then.isAncestor(entry.number()),
        then.pinned().contains(entry.number()),
        parent == null ? null : entry.job() + "@" + parent,
        Map.of(),
        true,
        true);
  }
}
