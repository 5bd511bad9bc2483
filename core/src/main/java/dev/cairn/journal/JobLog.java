package dev.cairn.journal;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.env.Env;
import dev.cairn.journal.Journal.Slot;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One job's journal as one reader or writer follows it: decide on the state folded through n, then
/// put as n+1 (I3).
///
/// Not thread-safe, and holds no lock: one thread of an attempt appends.
public final class JobLog {
  private static final int PAGE = 500;
  private static final int ID_BYTES = 16;

  private final Journal journal;
  private final Env env;

  /// More are not told one by one: whatever is there, it is no journal with holes.
  private static final int MOST_MISSING = 10_000;

  private History history;

  /// An append whose answer is missing: nothing else is tried before its number is known (I2).
  private @Nullable Entry pending;

  /// Entries up to this number are known to outlast a power loss: our own do when they are put, and
  /// with them all below.
  private long confirmed;

  /// Whether the history has to be read anew, because the store went back behind it.
  private boolean forgotten;

  /// The end of an attempt, once it is known to stand although its answer was missing.
  private @Nullable Entry ended;

  private JobLog(Journal journal, Env env, JobId job) {
    this.journal = journal;
    this.env = env;
    this.history = new History(job);
  }

  /// Reads the whole journal of `job`, which may have no entry yet.
  public static JobLog open(Journal journal, Env env, JobId job) {
    var log = new JobLog(journal, env, job);
    log.refresh();
    return log;
  }

  /// Reads the journal of a job that must exist.
  ///
  /// @throws CairnException.NotFound if it does not
  public static JobLog existing(Journal journal, Env env, JobId job) {
    JobLog log = open(journal, env, job);
    if (!log.history.exists() && log.history.broken().isEmpty()) {
      throw new CairnException.NotFound(
          "there is no job %s in %s".formatted(job, journal.location()), "See: cairn jobs list");
    }
    return log;
  }

  public JobId job() {
    return history.job();
  }

  public History history() {
    return history;
  }

  public JobState state() {
    return history.state();
  }

  /// Folds all entries that have come since, and says whether there were any.
  public boolean refresh() {
    long before = history.last();
    settle();
    readOn();
    return history.last() != before;
  }

  private void readOn() {
    boolean first = history.last() == 0;
    List<Slot> page;
    do {
      page = journal.entries(job(), history.last() + 1, PAGE);
      page.forEach(history::add);
    } while (page.size() == PAGE);
    // A lost object below the newest one must not look like the end of the journal.
    long newest = first ? journal.highest(job()) : 0;
    if (first || !page.isEmpty()) {
      newest = Math.max(newest, journal.last(job()).map(Slot::number).orElse(0L));
    }
    while (newest > history.last()) {
      List<Slot> more = journal.entries(job(), history.last() + 1, PAGE);
      more.forEach(history::add);
      if (more.isEmpty() && newest - history.last() > MOST_MISSING) {
        throw new CairnException.Corrupt(
            "the journal of job %s lacks entries %d to %d or most of them, although entry %d exists in %s"
                .formatted(job(), history.last() + 1, newest - 1, newest, journal.location()),
            "Nothing was changed. Restore what is missing from a copy of the store; or, if entry "
                + newest
                + " does not belong there, take it away.");
      }
      if (more.isEmpty()) {
        history.add(new Slot.Unreadable(job(), history.last() + 1, "it is missing"));
      }
    }
    forgotten = false;
  }

  /// Appends as nobody in particular: a claim or a control entry.
  public Entry append(Function<History, ? extends Event> decision) {
    return append(0, decision);
  }

  /// Appends what `decision` says on the newest state, deciding anew as often as others come first.
  ///
  /// An attempt may try again to end whose answer was missing: if it has ended, that is the answer.
  ///
  /// @param author token of the attempt, for attempt entries
  /// @throws CairnException.Fenced if the author has been displaced
  /// @throws CairnException.Conflict if the state forbids it
  /// @throws CairnException.Unavailable if the outcome is unknown: the entry stays pending, and the
  ///   next call settles it first
  /// @throws CairnException.Corrupt if the newest entry cannot be read
  public Entry append(long author, Function<History, ? extends Event> decision) {
    settle();
    if (forgotten) {
      readOn();
    }
    while (true) {
      history.broken().ifPresent(slot -> refuseBroken(slot, author));
      confirm();
      Event event = decision.apply(history);
      if (ended != null && ended.after().token() == author && event instanceof Event.End) {
        return ended;
      }
      long number = history.last() + 1;
      JobState after = after(event, number, author);
      Entry entry = new Entry(job(), number, env.randomHex(ID_BYTES), env.now(), after, event);
      if (put(entry)) {
        return entry;
      }
      readOn();
    }
  }

  /// What others appended is made sure of before anything is put above it: if the store's machine
  /// lost its power meanwhile, it may be gone, and the journal would get a gap.
  private void confirm() {
    long last = history.last();
    if (last <= confirmed) {
      return;
    }
    if (!journal.confirm(job(), last).equals(history.newest())) {
      history = new History(job());
      forgotten = true;
      throw new CairnException.Unavailable(
          "entry %d of job %s is not what it was: the store has lost what was not durable yet"
              .formatted(last, job()),
          "Nothing was appended. Try again.",
          null);
    }
    confirmed = last;
  }

  private JobState after(Event event, long number, long author) {
    try {
      return history.state().after(event, number, author);
    } catch (CairnException.Conflict e) { // a state does not know whose it is
      throw new CairnException.Conflict(
          String.valueOf(e.getMessage()).replace("the job", "job " + job()),
          e.advice().replace("JOB", job().value()));
    } catch (CairnException.Fenced e) { // nor who is who
      throw fenced(author);
    }
  }

  /// Makes sure that the attempt of that token is still in charge, as far as is read.
  ///
  /// @throws CairnException.Fenced if it is not, or if the newest entry cannot be read
  void requireHolder(long token) {
    history.broken().ifPresent(slot -> refuseBroken(slot, token));
    if (!state().held() || state().token() != token) {
      throw fenced(token);
    }
  }

  private CairnException.Fenced fenced(long author) {
    long token = state().token();
    return new CairnException.Fenced(
        "%s was fenced off job %s: %s"
            .formatted(
                history.who(author),
                job(),
                token == author
                    ? "it has ended and publishes nothing more"
                    : "it was displaced by " + history.who(token)));
  }

  private static void refuseBroken(Slot.Unreadable slot, long author) {
    if (author != 0) {
      throw new CairnException.Fenced(
          "entry %d of job %s cannot be read and counts as a claim by somebody else"
              .formatted(slot.number(), slot.job()));
    }
    throw slot.error();
  }

  /// Puts `entry`, and folds what stands there; whether that is `entry` itself.
  private boolean put(Entry entry) {
    pending = entry;
    Slot standing = journal.append(entry);
    pending = null;
    history.add(standing);
    boolean own = standing instanceof Slot.Readable(Entry winner) && winner.id().equals(entry.id());
    if (own) {
      confirmed = entry.number();
    }
    return own;
  }

  private void settle() {
    Entry entry = pending;
    if (entry != null && put(entry) && entry.event() instanceof Event.End) {
      ended = entry;
    }
  }

  /// Replaces the bodies of dropped checkpoints by tombstones. For the holder only.
  ///
  /// @param leastBytes entries with a smaller state stay as they are: a tombstone, which costs two
  ///   forces to disk, would save next to nothing
  public void trimDropped(int leastBytes) {
    for (Entry entry : history.untrimmed()) {
      if (stateBytes(entry) >= leastBytes) {
        journal.trim(entry.tombstone());
      }
      history.trimmed(entry.number());
    }
  }

  private static int stateBytes(Entry entry) {
    return entry.event() instanceof Event.Checkpointed(Checkpoint checkpoint, List<Long> _)
            && checkpoint.state() != null
        ? checkpoint.state().length()
        : 0;
  }
}
