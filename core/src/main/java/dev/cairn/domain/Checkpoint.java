package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a journal entry says of the checkpoint that it publishes.
///
/// @param parent number of the checkpoint it went on from: its lineage
/// @param state the job's state as the JSON text that was given; absent if it gave none or if it is
///   large, in which case it is in the manifest
/// @param manifest where the list of files is; absent if there are no files
/// @param sizeBytes logical size of all files
/// @param newBytes of these, bytes that were not in the job's repository before
/// @param storedBytes bytes written to the repository for it
/// @param durationMillis from the start of the capture to the append
/// @param answers numbers of the checkpoint requests that it answers
public record Checkpoint(
    Kind kind,
    @Nullable Long parent,
    Progress progress,
    Map<String, String> labels,
    @Nullable String state,
    @Nullable ManifestRef manifest,
    long files,
    long sizeBytes,
    long newBytes,
    long storedBytes,
    long durationMillis,
    String node,
    List<Long> answers) {
  /// State up to this size travels in the journal entry itself, in bytes of UTF-8.
  public static final int INLINE_STATE_BYTES = 16 * 1024;

  /// The label of the checkpoint that holds what was in the watched directory before the first
  /// start: going on from it is starting over.
  public static final String BASELINE = "cairn.baseline";

  /// The label of a fork, of its job and of its first checkpoint: the id of what was copied.
  public static final String FORKED_FROM = "cairn.forked-from";

  /// The label of a copy out of another store, of its job and of each of its checkpoints: the id of
  /// what was copied.
  public static final String COPIED_FROM = "cairn.copied-from";

  public Checkpoint {
    labels = Map.copyOf(labels);
    answers = List.copyOf(answers);
  }

  /// The same, found elsewhere.
  public Checkpoint at(ManifestRef place) {
    return new Checkpoint(
        kind,
        parent,
        progress,
        labels,
        state,
        place,
        files,
        sizeBytes,
        newBytes,
        storedBytes,
        durationMillis,
        node,
        answers);
  }

  public boolean isBaseline() {
    return labels.containsKey(BASELINE);
  }

  /// Why it was saved.
  public enum Kind {
    @JsonProperty("periodic")
    PERIODIC,
    @JsonProperty("stage")
    STAGE,
    @JsonProperty("manual")
    MANUAL,
    @JsonProperty("cancellation")
    CANCELLATION,
    @JsonProperty("failure")
    FAILURE,
    @JsonProperty("final")
    FINAL;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /// Where a manifest is stored: a content chunk like any other.
  ///
  /// @param sha256 of the manifest's bytes, as hex; readers check it
  /// @param pack leaf name of the pack object below the job's `packs/`
  /// @param offset of the extent in the pack, in bytes
  /// @param codec how the extent is stored; see `docs/design.md`
  public record ManifestRef(
      String sha256, String pack, long offset, int storedBytes, int sizeBytes, int codec) {}
}
