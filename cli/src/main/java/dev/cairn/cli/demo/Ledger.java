package dev.cairn.cli.demo;

import dev.cairn.blob.Blob;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.run.ChildProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the store says of the demo's jobs, read as anybody may read it; and how to spoil it.
///
/// Thread-safe.
final class Ledger {
  private static final int PACK_LIMIT_BYTES = 64 << 20;

  private final Store store;
  private final Env env;

  Ledger(Store store, Env env) {
    this.store = store;
    this.env = env;
  }

  History history(JobId job) {
    return JobLog.open(store.journal(), env, job).history();
  }

  /// The training of the attempt in charge, if it is known and runs.
  Optional<Heartbeat.Child> training(JobId job) {
    return store
        .journal()
        .heartbeat(job, history(job).state().token())
        .flatMap(beat -> Optional.ofNullable(beat.child()))
        .filter(this::runs);
  }

  boolean runs(Heartbeat.Child child) {
    return !Host.isGone(child.group(), child.started());
  }

  /// The node that claimed the job last.
  Optional<String> holder(JobId job) {
    return history(job).claim().map(Event.Claimed::owner).map(Event.Owner::node);
  }

  /// The checkpoint that a restore would try first.
  Optional<Published> newest(JobId job) {
    return history(job).lineage().stream().findFirst();
  }

  /// Restores what a restore would take into a directory that does not exist.
  Published restore(JobId job, Path target) {
    Restorer.Outcome outcome =
        new Restorer(store.repository())
            .newestValid(job, history(job).lineage(), target, null, Meter.NONE);
    if (outcome.checkpoint() == null) {
      throw new Unmet("no checkpoint of job %s can be restored".formatted(job));
    }
    return outcome.checkpoint();
  }

  /// A byte that was changed.
  record Flipped(String pack, long offset, long sizeBytes) {}

  /// Flips a bit in a pack that of all checkpoints only `victim` needs, as a bad disk would, so
  /// that `victim` can no longer be restored.
  Flipped spoil(JobId job, Published victim, SplitMix random) {
    List<String> own = packsOf(job, victim);
    for (Published other : history(job).live().values()) {
      if (other.number() != victim.number()) {
        own.removeAll(packsOf(job, other));
      }
    }
    Unmet.require(
        !own.isEmpty(),
        "no part of the store is needed by checkpoint %d alone".formatted(victim.number()));
    String pack = own.get(random.below(own.size()));
    String name = "jobs/%s/packs/%s".formatted(job, pack);
    byte[] bytes = store.blobs().readSmall(name, PACK_LIMIT_BYTES).orElseThrow();
    for (int offset = random.below(bytes.length); ; offset = random.below(bytes.length)) {
      bytes[offset] ^= 1;
      store.blobs().put(name, Blob.of(bytes));
      if (!isWhole(job, victim)) {
        return new Flipped(pack, offset, bytes.length);
      }
      bytes[offset] ^= 1; // padding: nothing that is ever read
    }
  }

  private List<String> packsOf(JobId job, Published published) {
    ManifestRef manifest = published.checkpoint().manifest();
    return manifest == null
        ? List.of()
        : new ArrayList<>(store.repository().packs(job, manifest).stream().sorted().toList());
  }

  private boolean isWhole(JobId job, Published published) {
    try {
      return new Restorer(store.repository()).verify(job, published, Meter.NONE).isWhole();
    } catch (CairnException.Corrupt _) {
      return false;
    }
  }

  /// Ends every training that any attempt ever started and that its supervisor did not end.
  void endOrphans() {
    for (JobId job : store.journal().jobs()) {
      for (Heartbeat beat : store.journal().heartbeats(job)) {
        Heartbeat.Child child = beat.child();
        if (child != null) {
          ChildProcess.endOrphan(child, hostOf(child), env);
        }
      }
    }
  }

  /// A pretended machine's name is the last part of its boot id.
  private static Host hostOf(Heartbeat.Child child) {
    String node = child.boot().substring(child.boot().lastIndexOf('/') + 1);
    return Host.here(Map.of(Host.NODE_VARIABLE, node));
  }
}
