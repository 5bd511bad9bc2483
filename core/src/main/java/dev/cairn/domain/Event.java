package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.cairn.domain.Checkpoint.Kind;
import dev.cairn.domain.Checkpoint.ManifestRef;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one journal entry says. See `docs/design.md`, "Entries".
///
/// Claims displace every older attempt; attempt entries are the holder's alone; control entries are
/// anyone's and displace nobody (I3).
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Event.Claimed.class, name = "claimed"),
  @JsonSubTypes.Type(value = Event.Checkpointed.class, name = "checkpointed"),
  @JsonSubTypes.Type(value = Event.Completed.class, name = "completed"),
  @JsonSubTypes.Type(value = Event.Failed.class, name = "failed"),
  @JsonSubTypes.Type(value = Event.Cancelled.class, name = "cancelled"),
  @JsonSubTypes.Type(value = Event.Paused.class, name = "paused"),
  @JsonSubTypes.Type(value = Event.Released.class, name = "released"),
  @JsonSubTypes.Type(value = Event.Pruned.class, name = "pruned"),
  @JsonSubTypes.Type(value = Event.Repaired.class, name = "repaired"),
  @JsonSubTypes.Type(value = Event.Deleted.class, name = "deleted"),
  @JsonSubTypes.Type(value = Event.Submitted.class, name = "submitted"),
  @JsonSubTypes.Type(value = Event.CancelRequested.class, name = "cancel_requested"),
  @JsonSubTypes.Type(value = Event.PauseRequested.class, name = "pause_requested"),
  @JsonSubTypes.Type(value = Event.CheckpointRequested.class, name = "checkpoint_requested"),
  @JsonSubTypes.Type(value = Event.PruneRequested.class, name = "prune_requested"),
  @JsonSubTypes.Type(value = Event.Resumed.class, name = "resumed"),
  @JsonSubTypes.Type(value = Event.Pinned.class, name = "pinned"),
  @JsonSubTypes.Type(value = Event.Unpinned.class, name = "unpinned"),
  @JsonSubTypes.Type(value = Event.Dropped.class, name = "dropped"),
})
public sealed interface Event {

  /// Written by whoever takes a job over.
  sealed interface Claim extends Event {}

  /// Written by the holder of the newest attempt only.
  sealed interface OfAttempt extends Event {}

  /// An attempt entry after which its attempt appends nothing more.
  sealed interface End extends OfAttempt {}

  /// Written by anyone entitled.
  sealed interface Control extends Event {}

  /// Why a job is taken.
  enum Purpose {
    /// To run it.
    @JsonProperty("work")
    WORK,
    /// To delete bytes of it, or to save into it once: changes no status, starts nothing.
    @JsonProperty("maintenance")
    MAINTENANCE
  }

  /// The process that claims, so that a claimant on the same host and boot can tell at once that it
  /// is gone (I9).
  ///
  /// @param boot id of the running kernel; empty if unknown
  /// @param started start time in the kernel's own ticks; with the pid it never repeats in a boot
  record Owner(String node, String boot, long pid, long started) {}

  /// @param from number of the checkpoint it goes on from
  /// @param leaseMillis the attempt counts as dead when its heartbeat stood still that long while
  ///   somebody watched
  record Claimed(Purpose purpose, Owner owner, @Nullable Long from, long leaseMillis)
      implements Claim {}

  /// @param drops older checkpoints that retention lets go, now that this one is durable
  record Checkpointed(Checkpoint checkpoint, List<Long> drops) implements OfAttempt {
    public Checkpointed {
      drops = List.copyOf(drops);
    }
  }

  /// @param keepMillis how long its checkpoints are kept from then on, by the clock on the wall;
  ///   absent for as long as nobody drops them
  record Completed(String message, @Nullable Long keepMillis) implements End {
    public Completed(String message) {
      this(message, null);
    }
  }

  /// @param reason a stable word, such as `crash_loop`
  record Failed(String reason, String message, @Nullable Integer exitCode) implements End {}

  record Cancelled(String message) implements End {}

  /// @param reason a stable word, such as `person`, `disk_full`
  record Paused(String reason, String message) implements End {}

  /// Handed back: anybody may go on.
  ///
  /// @param reason a stable word: `preempted`, `child_failed`, `done` (of maintenance)
  /// @param failure whether it counts as a failure without progress
  /// @param retryMillis how long everybody waits before the next claim for work, each by his own
  ///   clock from when he first saw this
  record Released(
      String reason, String message, boolean failure, @Nullable Integer exitCode, long retryMillis)
      implements End {}

  /// These checkpoints are gone from this entry on; their bytes go after it.
  ///
  /// @param newest the newest of the lineage that is left; absent if none is
  record Pruned(List<Long> drops, String reason, @Nullable Long newest) implements OfAttempt {
    public Pruned {
      drops = List.copyOf(drops);
    }
  }

  /// A checkpoint whose bytes were damaged is whole again, and to be found there from this entry
  /// on. It is the same checkpoint: what it holds has not changed.
  record Repaired(long checkpoint, ManifestRef manifest, String by) implements OfAttempt {}

  /// The whole job is gone from this entry on; its numbers stay taken.
  record Deleted(String by) implements End {}

  record Submitted(String program, int keepLast, Map<String, String> labels) implements Control {
    public Submitted {
      labels = Map.copyOf(labels);
    }
  }

  record CancelRequested(String by, String reason) implements Control {}

  record PauseRequested(String by, String reason) implements Control {}

  record CheckpointRequested(String by, Kind kind) implements Control {}

  /// Asks the holder to drop checkpoints.
  ///
  /// @param policy true if a policy chose them, so that the holder spares what is needed; absent if
  ///   a person named them, who gets what he wants
  record PruneRequested(String by, List<Long> drops, @Nullable Boolean policy) implements Control {
    public PruneRequested {
      drops = List.copyOf(drops);
    }

    public PruneRequested(String by, List<Long> drops) {
      this(by, drops, null);
    }
  }

  /// A person says go on, from a chosen checkpoint or from the newest. Fences every older token.
  ///
  /// @param from a chosen one begins a branch, also of a job that is pending
  record Resumed(String by, @Nullable Long from) implements Control {}

  /// Keeps a checkpoint until every pin of it is taken back.
  ///
  /// @param tag a name for the checkpoint; an older pin with the same name is void from here on
  record Pinned(String by, long checkpoint, @Nullable String tag) implements Control {
    public Pinned {
      if (tag != null) {
        Tag.require(tag);
      }
    }

    public Pinned(String by, long checkpoint) {
      this(by, checkpoint, null);
    }
  }

  /// @param pin number of the pin to take back, so that nobody takes back another's by accident;
  ///   absent for all pins of the checkpoint
  record Unpinned(String by, long checkpoint, @Nullable Long pin) implements Control {
    public Unpinned(String by, long checkpoint) {
      this(by, checkpoint, null);
    }
  }

  /// What is left of a trimmed entry.
  ///
  /// @param was the type of the entry that stood here
  /// @param parent of the checkpoint that it published, so that the lineage below can be followed
  /// @param drops what it let go: else that would be back with the next reading of the journal
  record Dropped(String was, @Nullable Long parent, List<Long> drops) implements Event {
    public Dropped {
      drops = List.copyOf(drops);
    }
  }
}
