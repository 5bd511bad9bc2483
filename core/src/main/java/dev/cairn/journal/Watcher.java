package dev.cairn.journal;

import dev.cairn.domain.Event;
import dev.cairn.domain.JobState;
import dev.cairn.env.Env;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Watches the attempt in charge of a job and says when it is dead.
///
/// Dead means: neither heartbeat nor journal changed for the whole lease *while this watcher
/// watched*, by its own clock that never jumps; or, on the same host and boot, the process is gone.
/// The holder's clock is never asked (I9). Not thread-safe.
public final class Watcher {
  private final Journal journal;
  private final Env env;
  private final JobLog log;
  private final Predicate<Event.Owner> isGone;

  private @Nullable Seen seen;
  private long since;

  /// @param isGone whether that process is known not to exist any more; false whenever in doubt
  public Watcher(Journal journal, Env env, JobLog log, Predicate<Event.Owner> isGone) {
    this.journal = journal;
    this.env = env;
    this.log = log;
    this.isGone = isGone;
  }

  private record Seen(long token, long last, long beat) {}

  /// Looks once; to be called repeatedly while `log` says that the job is held.
  public Optional<Attempt.Verdict> look() {
    // What is seen is at least as old as the question, however late the answer is read.
    long asked = env.nanos();
    log.refresh();
    JobState state = log.state();
    if (!state.held()) {
      return Optional.empty();
    }
    Event.Claimed claim = log.history().claim().orElse(null);
    if (claim != null && claim.owner() != null && isGone.test(claim.owner())) {
      return verdict("its process is gone from " + claim.owner().node());
    }
    long beat = journal.heartbeat(log.job(), state.token()).map(h -> h.beat()).orElse(0L);
    var now = new Seen(state.token(), log.history().last(), beat);
    if (!now.equals(seen)) {
      seen = now;
      since = env.nanos();
      return Optional.empty();
    }
    if (asked - since < lease().toNanos()) {
      return Optional.empty();
    }
    return verdict("its heartbeat stood still for " + lease().toSeconds() + " s");
  }

  /// How long its heartbeat must still stand still.
  public Duration leaseLeft() {
    return seen == null ? lease() : lease().minusNanos(env.nanos() - since);
  }

  /// The lease of the claim that is watched.
  public Duration lease() {
    return log.history()
        .claim()
        .map(c -> Duration.ofMillis(c.leaseMillis()))
        .orElse(Duration.ofSeconds(30));
  }

  /// Forgets what was seen: after a conflict, a verdict is void and watching starts anew.
  public void reset() {
    seen = null;
  }

  private Optional<Attempt.Verdict> verdict(String why) {
    return Optional.of(Attempt.Verdict.on(log.history(), why));
  }
}
