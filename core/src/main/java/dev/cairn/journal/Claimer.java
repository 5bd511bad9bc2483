package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Status;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Claims jobs for this process: at once where nobody holds them, else after the holder's death, by
/// the rules of [Watcher]. To work on a job that its last attempt wants to rest ([History#rest]) it
/// waits that long first, by this process's own clock, from when it first saw that (I9).
/// Thread-safe.
public final class Claimer {
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Journal journal;
  private final Env env;
  private final Host host;
  private final Duration heartbeat;
  private final Duration lease;

  /// Tokens of attempts that this process made and has ended without being able to say so.
  private final Set<Long> givenUp = ConcurrentHashMap.newKeySet();

  private final Map<JobId, Seen> rests = new ConcurrentHashMap<>();

  /// The entry that wants the job to rest, and when this process first saw it.
  private record Seen(long entry, long at) {}

  /// @param heartbeat how often its attempts beat
  /// @param lease how long their heartbeats may stand still
  public Claimer(Journal journal, Env env, Host host, Duration heartbeat, Duration lease) {
    this.journal = journal;
    this.env = env;
    this.host = host;
    this.heartbeat = heartbeat;
    this.lease = lease;
  }

  /// What to do while the job cannot be claimed.
  public interface Patience {
    /// Waits for at most `look`.
    ///
    /// @param holder who holds it, for people
    /// @param lease how long its heartbeat may stand still
    /// @return false to give up
    boolean goesOn(String holder, Duration lease, Duration look);

    /// Waits for at most `look` while nobody holds the job, but it rests.
    ///
    /// @param left until it may be claimed
    /// @return false to give up
    default boolean rests(Duration left, Duration look) {
      return goesOn("nobody", left, look);
    }
  }

  /// A claimed job.
  ///
  /// @param displaced the dead attempt that was taken over from; absent if there was none
  public record Claimed(Attempt attempt, Attempt.@Nullable Verdict displaced) {}

  /// Claims the job of `log`, waiting as long as `patience` lasts while somebody holds it or it
  /// rests.
  ///
  /// @return empty if patience ended first
  /// @throws CairnException.Conflict if the job's status forbids such a claim
  public Optional<Claimed> claim(JobLog log, Event.Purpose purpose, Patience patience) {
    var watcher = new Watcher(journal, env, log, this::isGone);
    while (true) {
      log.refresh();
      Duration rest = purpose == Event.Purpose.WORK ? restLeft(log) : Duration.ZERO;
      if (rest.isPositive()) {
        if (!patience.rests(rest, rest.compareTo(LOOK) < 0 ? rest : LOOK)) {
          return Optional.empty();
        }
        continue;
      }
      Optional<Attempt.Verdict> verdict = verdict(log, watcher);
      if (!log.state().held() || verdict.isPresent()) {
        Optional<Attempt> attempt = claimNow(log, purpose, verdict);
        if (attempt.isPresent()) {
          return Optional.of(new Claimed(attempt.get(), verdict.orElse(null)));
        }
        watcher.reset(); // after a conflict the verdict is void
        continue;
      }
      Duration left = watcher.leaseLeft();
      Duration look = left.isPositive() && left.compareTo(LOOK) < 0 ? left : LOOK;
      if (!patience.goesOn(holder(log), watcher.lease(), look)) {
        return Optional.empty();
      }
    }
  }

  /// Notes that nothing of this attempt, made by this very process, is at work any more: the next
  /// claim need not wait for its lease.
  public void giveUp(Attempt attempt) {
    givenUp.add(attempt.token());
  }

  /// How long the job still rests; nothing if it is held or stopped, or was never to rest.
  private Duration restLeft(JobLog log) {
    Optional<History.Rest> rest = log.history().rest();
    if (rest.isEmpty() || log.state().held() || log.state().status() != Status.PENDING) {
      return Duration.ZERO;
    }
    long now = env.nanos();
    long entry = rest.get().number();
    Seen seen =
        rests.compute(
            log.job(),
            (_, before) -> before != null && before.entry == entry ? before : new Seen(entry, now));
    return rest.get().length().minusNanos(now - seen.at);
  }

  private Optional<Attempt.Verdict> verdict(JobLog log, Watcher watcher) {
    if (!log.state().held()) {
      return Optional.empty();
    }
    long token = log.state().token();
    return givenUp.contains(token)
        ? Optional.of(Attempt.Verdict.on(log.history(), "it was given up here"))
        : watcher.look();
  }

  private Optional<Attempt> claimNow(
      JobLog log, Event.Purpose purpose, Optional<Attempt.Verdict> verdict) {
    var owner =
        new Event.Owner(host.node(), host.boot(), host.pid(), Host.started(host.pid()).orElse(0));
    return Attempt.claim(journal, env, log, purpose, owner, heartbeat, lease, verdict.orElse(null));
  }

  /// Whether a process is known not to exist any more; false whenever in doubt.
  public boolean isGone(Event.Owner owner) {
    return owner.node().equals(host.node())
        && host.sharesBoot(owner.boot())
        && Host.isGone(owner.pid(), owner.started());
  }

  private static String holder(JobLog log) {
    return log.history().claim().map(Attempt::who).orElse("somebody");
  }
}
