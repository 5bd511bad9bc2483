package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.journal.Journal.Slot;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads what is told of jobs.
final class JobReader {
  private final Context context;
  private final Store store;

  JobReader(Context context, Store store) {
    this.context = context;
    this.store = store;
  }

  /// @return empty if there is no such job, if it was deleted, or if its newest entry is damaged,
  ///   which is said aloud
  Optional<JobView> view(JobId job) {
    return switch (store.journal().last(job).orElse(null)) {
      case null -> Optional.empty();
      case Slot.Unreadable broken -> {
        context.complain(broken.error());
        yield Optional.empty();
      }
      case Slot.Readable(Entry newest) ->
          newest.after().deleted() ? Optional.empty() : Optional.of(view(newest));
    };
  }

  private JobView view(Entry last) {
    JobState state = last.after();
    Event.@Nullable Claimed claim = claim(last.job(), state);
    boolean orphaned =
        state.status() == Status.RUNNING
            && claim != null
            && context.claimer(store).isGone(claim.owner());
    boolean idle = orphaned || state.status() != Status.RUNNING;
    List<Heartbeat> beats = store.journal().heartbeats(last.job());
    Progress progress = progress(last.job(), state, beats);
    return new JobView(
        last.job().value(),
        state.status().toString(),
        state.reason(),
        orphaned,
        idle && state.status() != Status.COMPLETED && state.newest() != null,
        state.attempt(),
        state.token(),
        claim == null ? null : claim.owner().node(),
        claim == null ? null : claim.owner().pid(),
        state.newest() == null ? null : last.job() + "@" + state.newest(),
        progress.fraction(),
        progress.step(),
        progress.message(),
        beats.stream().map(b -> b.progress().costUsd()).reduce(BigDecimal.ZERO, BigDecimal::add),
        beats.stream().mapToLong(b -> b.progress().tokens()).sum(),
        state.failures(),
        state.requests().stream().map(r -> r.kind().name().toLowerCase(Locale.ROOT)).toList(),
        last.at());
  }

  private Event.@Nullable Claimed claim(JobId job, JobState state) {
    return state.held() && entry(job, state.token()) instanceof Event.Claimed claim ? claim : null;
  }

  /// Of the attempt in charge while it runs, else of the newest checkpoint.
  private Progress progress(JobId job, JobState state, List<Heartbeat> beats) {
    for (Heartbeat beat : beats) {
      Progress now = beat.progress();
      if (state.held()
          && beat.token() == state.token()
          && (now.step() != null || now.fraction() != null)) {
        return now;
      }
    }
    return state.newest() != null && entry(job, state.newest()) instanceof Event.Checkpointed c
        ? c.checkpoint().progress()
        : Progress.NONE;
  }

  private @Nullable Event entry(JobId job, long number) {
    List<Slot> slots = store.journal().entries(job, number, 1);
    return !slots.isEmpty() && slots.getFirst() instanceof Slot.Readable(Entry e)
        ? e.event()
        : null;
  }
}
