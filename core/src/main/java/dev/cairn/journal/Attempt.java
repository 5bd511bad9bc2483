package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import dev.cairn.env.Env;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One attempt in charge of a job: appends for it and beats for it.
///
/// The token is the number of its claim entry. Appending is for one thread; [#report], [#left] and
/// [#news] are thread-safe, because the beats are sent from a thread of their own.
public final class Attempt implements AutoCloseable {
  private static final Duration RETRY = Duration.ofMillis(500);
  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final int PEEK = 100;
  private static final Duration STOP_WAIT = Duration.ofSeconds(2);

  private final Journal journal;
  private final Env env;
  private final JobLog log;
  private final long token;
  private final Duration interval;
  private final Duration lease;

  private volatile Progress progress = Progress.NONE;
  private volatile Heartbeat.@Nullable Child child;
  private volatile long known;
  private volatile boolean news;
  private volatile boolean displaced;
  private volatile boolean urgent;
  private volatile boolean closed;
  private volatile long lastSent;
  private Env.@Nullable Task beating;
  private long beats;

  private Attempt(Journal journal, Env env, JobLog log, Entry claim, Duration interval, long sent) {
    this.journal = journal;
    this.env = env;
    this.log = log;
    this.token = claim.number();
    this.known = claim.number();
    this.interval = interval;
    this.lease = Duration.ofMillis(((Event.Claimed) claim.event()).leaseMillis());
    this.lastSent = sent;
  }

  /// Takes the job over and starts to beat.
  ///
  /// @param verdict why the present holder counts as dead; absent if nobody holds it
  /// @return empty if somebody holds it and is not known to be dead, or if anything came after the
  ///   verdict
  /// @throws CairnException.Conflict if the status forbids it
  static Optional<Attempt> claim(
      Journal journal,
      Env env,
      JobLog log,
      Event.Purpose purpose,
      Event.Owner owner,
      Duration interval,
      Duration lease,
      @Nullable Verdict verdict) {
    long sent = env.nanos();
    Entry entry;
    try {
      entry =
          log.append(history -> {
            JobState state = history.state();
            if (state.held() && (verdict == null || !verdict.holdsFor(history))) {
              throw new Held();
            }
            return new Event.Claimed(purpose, owner, state.newest(), lease.toMillis());
          });
    } catch (Held e) {
      return Optional.empty();
    }
    var attempt = new Attempt(journal, env, log, entry, interval, sent);
    attempt.beating = env.fork("beat-" + log.job(), attempt::beatOn);
    return Optional.of(attempt);
  }

  /// The decision to claim was called off.
  private static final class Held extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// The process that made a claim, for people.
  public static String who(Event.Claimed claim) {
    return "%s (pid %d)".formatted(claim.owner().node(), claim.owner().pid());
  }

  /// The death of one attempt, as seen with nothing new after entry `last`.
  ///
  /// @param who whose attempt it was, for people: see [History#who]
  public record Verdict(long token, long last, String who, String why) {
    static Verdict on(History history, String why) {
      long token = history.state().token();
      return new Verdict(token, history.last(), history.who(token), why);
    }

    boolean holdsFor(History history) {
      return history.state().token() == token && history.last() == last;
    }
  }

  public JobId job() {
    return log.job();
  }

  /// The fencing token.
  public long token() {
    return token;
  }

  /// The journal as this attempt follows it. For the appending thread only.
  public JobLog log() {
    return log;
  }

  /// Appends an attempt entry.
  ///
  /// @throws CairnException.Fenced if this attempt has ended or was displaced
  /// @throws CairnException.Unavailable if the outcome is unknown
  public Entry append(Function<History, ? extends Event.OfAttempt> decision) {
    Entry entry = log.append(token, decision);
    known = log.history().last();
    return entry;
  }

  /// Reads what others have asked since.
  ///
  /// @throws CairnException.Fenced if this attempt was displaced
  public JobState refresh() {
    news = false;
    log.refresh();
    known = log.history().last();
    log.requireHolder(token);
    return log.state();
  }

  /// What the next beats carry.
  public void report(Progress now, Heartbeat.@Nullable Child running) {
    progress = now;
    child = running;
  }

  /// Whether somebody has appended something that this attempt has not read yet.
  public boolean news() {
    return news;
  }

  /// Reads the journal once for newer claims, if it can be read.
  ///
  /// @return whether another claim stands there
  public boolean lookForClaims() {
    look();
    return displaced;
  }

  /// Whether another claim was seen in the journal. Never becomes false again.
  public boolean displaced() {
    return displaced;
  }

  /// Time until others may count this attempt as dead, counted from the sending of its last
  /// successful beat. Negative when it is over.
  public Duration left() {
    return lease.minusNanos(env.nanos() - lastSent);
  }

  /// What the next beats carry, the first of them soon rather than after the interval.
  public void reportNow(Progress now, Heartbeat.@Nullable Child running) {
    report(now, running);
    urgent = true;
  }

  private void beatOn() {
    while (!closed) {
      urgent = false;
      Duration wait = beat() ? interval : RETRY.compareTo(interval) < 0 ? RETRY : interval;
      long until = env.nanos() + wait.toNanos();
      while (!closed && !urgent && env.nanos() < until) {
        look();
        pause(Duration.ofNanos(Math.min(until - env.nanos(), LOOK.toNanos())));
      }
    }
  }

  private boolean beat() {
    long sent = env.nanos();
    try {
      journal.beat(new Heartbeat(job(), token, beats + 1, known, progress, child));
    } catch (CairnException e) {
      return false; // left() runs down, and the holder of this attempt watches it
    }
    beats++;
    lastSent = sent;
    return true;
  }

  private void look() {
    try {
      for (Journal.Slot slot : journal.entries(job(), known + 1, PEEK)) {
        news = true;
        displaced |= displaces(slot);
      }
    } catch (CairnException e) {
      return; // the beat tells whether the store is there
    }
  }

  /// A claim or a resume by others, or what cannot be read and so counts as one. Entries of our own
  /// that [#known] lags behind are no such thing.
  private boolean displaces(Journal.Slot slot) {
    return switch (slot) {
      case Journal.Slot.Unreadable _ -> true;
      case Journal.Slot.Readable(Entry entry) ->
          entry.number() > known && entry.after().token() != token;
    };
  }

  private void pause(Duration duration) {
    try {
      env.sleep(duration);
    } catch (CairnException.Cancelled e) {
      closed = true;
    }
  }

  /// Stops beating. Appends nothing: an attempt that was not ended counts as dead after its lease.
  @Override
  public void close() {
    closed = true;
    if (beating != null) {
      beating.interrupt();
      beating.join(STOP_WAIT);
    }
  }
}
