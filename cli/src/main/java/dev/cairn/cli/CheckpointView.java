package dev.cairn.cli;

import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.JobId;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is told of one checkpoint.
///
/// @param inLineage whether the job would go on from it or from a descendant of it
record CheckpointView(
    String id,
    String job,
    long number,
    @Nullable Long step,
    @Nullable Double progress,
    String kind,
    Instant saved,
    String node,
    int attempt,
    long files,
    long sizeBytes,
    long newBytes,
    long storedBytes,
    long durationMs,
    boolean hasState,
    boolean inLineage,
    boolean pinned,
    List<String> tags,
    @Nullable String parent,
    Map<String, String> labels,
    List<String> locations) {

  static CheckpointView of(JobId job, History history, Published published, String location) {
    Checkpoint c = published.checkpoint();
    return new CheckpointView(
        job + "@" + published.number(),
        job.value(),
        published.number(),
        c.progress().step(),
        c.progress().fraction(),
        Context.kind(c),
        published.entry().at(),
        c.node(),
        published.entry().after().attempt(),
        c.files(),
        c.sizeBytes(),
        c.newBytes(),
        c.storedBytes(),
        c.durationMillis(),
        c.state() != null,
        history.lineage().contains(published),
        history.pinned().contains(published.number()),
        history.tags(published.number()),
        c.parent() == null ? null : job + "@" + c.parent(),
        c.labels(),
        List.of(location));
  }
}
