package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.JobId;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Proven;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Restored;
import dev.cairn.repository.VerifyLevel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Restores checkpoints: exactly the bytes that were saved, or an error that names what is damaged
/// (I4). Thread-safe.
public final class Restorer {
  private final Repository repository;

  public Restorer(Repository repository) {
    this.repository = repository;
  }

  /// @param checkpoint what was restored; absent if none of the candidates could be
  /// @param damaged those that were tried before it, and what is wrong with each
  /// @param restored what came of it; absent if nothing was restored, or it has no files
  public record Outcome(
      @Nullable Published checkpoint,
      Map<Long, CairnException.Corrupt> damaged,
      @Nullable Restored restored) {
    public Outcome(@Nullable Published checkpoint, Map<Long, CairnException.Corrupt> damaged) {
      this(checkpoint, damaged, null);
    }
  }

  /// Restores the first of `candidates` that is whole into `target`, which must not exist or be
  /// empty.
  ///
  /// @param reuse a directory whose files are taken over where they are exactly right; may be
  ///   absent
  public Outcome newestValid(
      JobId job, List<Published> candidates, Path target, @Nullable Path reuse, Meter meter) {
    return firstValid(job, candidates, target, Restore.all().reusing(reuse), meter);
  }

  /// As above, with options; what the target may hold is up to them.
  public Outcome firstValid(
      JobId job, List<Published> candidates, Path target, Restore options, Meter meter) {
    var damaged = new LinkedHashMap<Long, CairnException.Corrupt>();
    for (Published candidate : candidates) {
      try {
        state(job, candidate); // one whose state is lost is not whole, whatever its files are
        return new Outcome(candidate, damaged, restore(job, candidate, target, options, meter));
      } catch (CairnException.Corrupt e) {
        damaged.put(candidate.number(), e);
      }
    }
    return new Outcome(null, damaged);
  }

  /// Restores one checkpoint into `target`, which must not exist or be empty.
  ///
  /// @throws CairnException.Corrupt if it is damaged; what was written is removed again
  public void restore(
      JobId job, Published published, Path target, @Nullable Path reuse, Meter meter) {
    restore(job, published, target, Restore.all().reusing(reuse), meter);
  }

  private @Nullable Restored restore(
      JobId job, Published published, Path target, Restore options, Meter meter) {
    ManifestRef manifest = published.checkpoint().manifest();
    return manifest == null ? null : repository.restore(job, manifest, target, options, meter);
  }

  /// Hands over one file of a checkpoint: see [Repository#read].
  ///
  /// @throws CairnException.NotFound if it has no such file
  public void read(JobId job, Published published, String path, Consumer<ByteBuffer> taker) {
    ManifestRef manifest = published.checkpoint().manifest();
    if (manifest == null) {
      throw new CairnException.NotFound("%s has no files".formatted(id(job, published)), "");
    }
    repository.read(job, manifest, path, taker);
  }

  /// The state as the JSON text that was saved; empty if it has none.
  public Optional<String> state(JobId job, Published published) {
    if (published.checkpoint().state() != null) {
      return Optional.of(published.checkpoint().state());
    }
    ManifestRef manifest = published.checkpoint().manifest();
    return manifest == null
        ? Optional.empty()
        : repository.state(job, manifest).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /// Checks a checkpoint as far as `level` says. Damage is a result, never an exception.
  public Repository.Verified verify(
      JobId job, Published published, VerifyLevel level, Meter meter) {
    return verify(job, published, level, new Proven(), meter);
  }

  /// As above, for several checkpoints of a job one after another: what they share is read once.
  ///
  /// @param proven the same for all of them, and of no other job
  public Repository.Verified verify(
      JobId job, Published published, VerifyLevel level, Proven proven, Meter meter) {
    ManifestRef manifest = published.checkpoint().manifest();
    return manifest == null
        ? Repository.Verified.nothing(level)
        : repository.verify(job, manifest, level, proven, meter);
  }

  /// Reads and checks every byte of a checkpoint.
  public Repository.Verified verify(JobId job, Published published, Meter meter) {
    return verify(job, published, VerifyLevel.FULL, meter);
  }

  /// The id of a checkpoint.
  public static CheckpointId id(JobId job, Published published) {
    return new CheckpointId(job, published.number());
  }
}
