package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a job's journal says up to and including one entry; every entry carries it, so that the
/// newest entry alone answers who, what state, from where, and what is asked.
///
/// [#after] is the whole protocol of who may append what when: a pure function. Keeps I3 and I7.
///
/// @param reason a stable word that says more than the status; empty if there is nothing to say
/// @param token number of the newest claim; 0 before the first
/// @param held whether that claim's attempt may still append
/// @param attempt work claims so far, counted for people
/// @param ordinal attempt entries of that token so far
/// @param requests still unanswered, oldest first
/// @param newest number of the newest checkpoint of the lineage
/// @param failures failures of the child in a row, without a new checkpoint between
public record JobState(
    Status status,
    String reason,
    long token,
    boolean held,
    Event.@Nullable Purpose purpose,
    int attempt,
    long ordinal,
    List<Request> requests,
    @Nullable Long newest,
    int failures,
    boolean deleted) {
  /// Of a job that has no entry yet.
  public static final JobState NONE =
      new JobState(Status.PENDING, "", 0, false, null, 0, 0, List.of(), null, 0, true);

  public JobState {
    requests = List.copyOf(requests);
  }

  /// Something asked of the holder.
  ///
  /// @param number of the control entry that asked
  public record Request(long number, Kind kind) {
    public enum Kind {
      @JsonProperty("cancel")
      CANCEL,
      @JsonProperty("pause")
      PAUSE,
      @JsonProperty("checkpoint")
      CHECKPOINT,
      @JsonProperty("prune")
      PRUNE
    }
  }

  /// Whether a request of that kind waits for an answer.
  public boolean asks(Request.Kind kind) {
    return requests.stream().anyMatch(r -> r.kind() == kind);
  }

  /// The state after `event` stands at `number`.
  ///
  /// @param author token of the attempt that appends; ignored for claims and control entries
  /// @throws CairnException.Fenced if `author` is no longer the holder
  /// @throws CairnException.Conflict if the state forbids the event
  public JobState after(Event event, long number, long author) {
    if (event instanceof Event.OfAttempt) {
      requireHolder(author);
    }
    return switch (event) {
      case Event.Claimed e -> claimed(e, number);
      case Event.Checkpointed e -> {
        var left = new ArrayList<>(requests);
        left.removeIf(r ->
            r.kind() == Request.Kind.CHECKPOINT && e.checkpoint().answers().contains(r.number()));
        yield edit().requests(left).newest(number).failures(0).next();
      }
      case Event.Pruned e -> edit().requests(without(Request.Kind.PRUNE)).newest(e.newest()).next();
      case Event.Repaired _ -> edit().next();
      case Event.Completed e -> end(Status.COMPLETED, "", List.of());
      case Event.Failed e -> end(Status.FAILED, e.reason(), List.of());
      case Event.Cancelled e -> end(Status.CANCELLED, "", List.of());
      case Event.Paused e -> end(Status.PAUSED, e.reason(), without(Request.Kind.PAUSE));
      case Event.Released e -> released(e);
      case Event.Deleted _ ->
          edit()
              .status(Status.PENDING, "deleted")
              .requests(List.of())
              .newest(null)
              .held(false)
              .deleted(true)
              .next();
      case Event.Submitted _ -> {
        if (!deleted) {
          throw conflict("exists already", "");
        }
        yield new JobState(
            Status.PENDING, "", token, false, null, attempt, ordinal, List.of(), null, 0, false);
      }
      case Event.CancelRequested _ -> requested(number, Request.Kind.CANCEL, Status.CANCELLED);
      case Event.PauseRequested _ -> requested(number, Request.Kind.PAUSE, Status.PAUSED);
      case Event.CheckpointRequested _ -> {
        if (!held || purpose != Event.Purpose.WORK) {
          throw conflict(
              "is " + status + ": nobody runs it who could save now",
              "Save it from outside with 'cairn save', or run it with 'cairn run'.");
        }
        yield edit().request(new Request(number, Request.Kind.CHECKPOINT)).build();
      }
      case Event.PruneRequested _ -> {
        requireExisting();
        yield edit().request(new Request(number, Request.Kind.PRUNE)).build();
      }
      case Event.Resumed e -> resumed(e);
      case Event.Pinned _, Event.Unpinned _ -> {
        requireExisting();
        yield this;
      }
      case Event.Dropped _ -> throw new IllegalArgumentException("a tombstone is never appended");
    };
  }

  private void requireHolder(long author) {
    if (!held || token != author) {
      throw new CairnException.Fenced(
          token == author
              ? "the attempt of claim %d has ended and publishes nothing more".formatted(author)
              : "the attempt of claim %d was displaced by claim %d".formatted(author, token));
    }
  }

  private JobState claimed(Event.Claimed claim, long number) {
    requireExisting();
    if (claim.purpose() == Event.Purpose.WORK) {
      if (status != Status.PENDING && status != Status.RUNNING) {
        throw conflict("is " + status, "Go on with: cairn jobs resume JOB");
      }
      return new JobState(
          Status.RUNNING,
          "",
          number,
          true,
          Event.Purpose.WORK,
          attempt + 1,
          0,
          requests,
          claim.from(),
          failures,
          false);
    }
    if (status == Status.RUNNING) {
      throw conflict("is running", "Ask its holder instead, or wait until it ends.");
    }
    return new JobState(
        status,
        reason,
        number,
        true,
        Event.Purpose.MAINTENANCE,
        attempt,
        0,
        requests,
        newest,
        failures,
        false);
  }

  private JobState released(Event.Released e) {
    if (purpose == Event.Purpose.MAINTENANCE) {
      return edit().held(false).next();
    }
    return edit()
        .status(Status.PENDING, e.reason())
        .held(false)
        .failures(e.failure() ? failures + 1 : failures)
        .next();
  }

  private JobState end(Status to, String why, List<Request> left) {
    if (purpose == Event.Purpose.MAINTENANCE) {
      throw new IllegalStateException("a maintenance claim changes no status");
    }
    return edit().status(to, why).held(false).requests(left).next();
  }

  private JobState requested(long number, Request.Kind kind, Status without) {
    requireExisting();
    if (status == Status.RUNNING) {
      return edit().request(new Request(number, kind)).build();
    }
    if (status == without) {
      throw conflict("is " + status + " already", "");
    }
    boolean settled =
        status == Status.COMPLETED || status == Status.CANCELLED || status == Status.FAILED;
    if (settled) {
      throw conflict("is " + status + ": there is nothing to stop", "");
    }
    return edit().status(without, "person").build();
  }

  private JobState resumed(Event.Resumed e) {
    requireExisting();
    boolean rollback = status == Status.PENDING && e.from() != null;
    if (!status.isResumable() && !rollback) {
      throw conflict(
          "is " + status,
          switch (status) {
            case COMPLETED ->
                "A completed job never changes. Go on in a new one: cairn fork JOB@N ANOTHER";
            case RUNNING -> "Pause or cancel it first: cairn jobs pause JOB";
            default -> "It goes on when somebody runs it: cairn run --job JOB -- COMMAND";
          });
    }
    var left = new ArrayList<>(requests);
    left.removeIf(r -> r.kind() == Request.Kind.CANCEL || r.kind() == Request.Kind.PAUSE);
    Long from = e.from() != null ? e.from() : newest;
    return edit()
        .status(Status.PENDING, "resumed")
        .held(false)
        .requests(left)
        .newest(from)
        .failures(0)
        .build();
  }

  private void requireExisting() {
    if (deleted) {
      throw new CairnException.NotFound("there is no such job", "See: cairn jobs list");
    }
  }

  private static CairnException.Conflict conflict(String what, String advice) {
    return new CairnException.Conflict("the job " + what, advice);
  }

  private List<Request> without(Request.Kind kind) {
    return requests.stream().filter(r -> r.kind() != kind).toList();
  }

  private Edit edit() {
    return new Edit(this);
  }

  /// A state in the making.
  private static final class Edit {
    private final JobState from;
    private Status status;
    private String reason;
    private boolean held;
    private List<Request> requests;
    private @Nullable Long newest;
    private int failures;
    private boolean deleted;

    Edit(JobState from) {
      this.from = from;
      status = from.status;
      reason = from.reason;
      held = from.held;
      requests = from.requests;
      newest = from.newest;
      failures = from.failures;
      deleted = from.deleted;
    }

    Edit status(Status to, String why) {
      status = to;
      reason = why;
      return this;
    }

    Edit held(boolean value) {
      held = value;
      return this;
    }

    Edit requests(List<Request> value) {
      requests = value;
      return this;
    }

    Edit request(Request added) {
      requests = new ArrayList<>(requests);
      requests.add(added);
      return this;
    }

    Edit newest(@Nullable Long value) {
      newest = value;
      return this;
    }

    Edit failures(int value) {
      failures = value;
      return this;
    }

    Edit deleted(boolean value) {
      deleted = value;
      return this;
    }

    /// As an attempt entry: one more of its token.
    JobState next() {
      return build(from.ordinal + 1);
    }

    /// As a control entry.
    JobState build() {
      return build(from.ordinal);
    }

    private JobState build(long ordinal) {
      return new JobState(
          status,
          reason,
          from.token,
          held,
          from.purpose,
          from.attempt,
          ordinal,
          requests,
          newest,
          failures,
          deleted);
    }
  }
}
