package dev.cairn.testkit.interleaving;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Host;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.history.Rules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One process that does what its script says, with one thread, a disk and a clock of its own.
///
/// What it does follows from the answers that the store gave it, and from nothing else. So its past
/// is the list of those answers, and a [Moment] keeps what it does next. To learn that, the script
/// is run with the answers that it got; it then waits at its next call. Who wants to know what
/// another answer leads to runs it anew, from its start. For one thread.
final class Actor implements AutoCloseable {
  /// Beyond what Linux gives out, so that nobody asks the machine about it in earnest.
  private static final long FIRST_PID = 1L << 23;

  /// In place of an answer.
  enum NoAnswer {
    NO_ANSWER
  }

  final String name;
  private final int number;
  private final Script script;
  private final boolean beats;
  private final Moment over = new Moment(null, null);
  private final Set<Role> waiting = new HashSet<>();
  private long runs;

  Actor(String name, int number, Script script, boolean beats) {
    this.name = name;
    this.number = number;
    this.script = script;
    this.beats = beats;
  }

  /// What a process does.
  @FunctionalInterface
  interface Script {
    void play(Role role);
  }

  /// Something that must hold at the moment when it is said.
  record Claim(String invariant, String check, String message, Predicate<Rules> held) {}

  /// How often the script was run.
  long runs() {
    return runs;
  }

  /// A process that has got some answers and now waits for the next.
  final class Moment {
    final @Nullable Moment before;
    final @Nullable Object answer;
    private final Map<Object, Moment> then = new HashMap<>();
    private final List<Claim> claims = new ArrayList<>();
    private final List<String> words = new ArrayList<>();
    private @Nullable Call next;
    private boolean readsEntry;
    private @Nullable Role waits;

    private Moment(@Nullable Moment before, @Nullable Object answer) {
      this.before = before;
      this.answer = answer;
    }

    Actor actor() {
      return Actor.this;
    }

    /// What it asks; absent if its script has ended.
    @Nullable Call next() {
      return next;
    }

    /// Whether it asks about one entry of a journal, and changes nothing.
    boolean readsEntry() {
      return readsEntry;
    }

    /// What it said since it got the last answer.
    List<Claim> claims() {
      return claims;
    }

    /// What happened to it since, in a word.
    List<String> words() {
      return words;
    }

    /// The same process once it has got one more answer.
    Moment answered(Object theAnswer) {
      Moment known = then.get(theAnswer);
      if (known == null) {
        known = new Moment(this, theAnswer);
        then.put(theAnswer, known);
        Role role = waits == null ? new Role(this) : waits;
        waits = null;
        role.goOn(known);
      }
      return known;
    }
  }

  /// How the process ended does not matter any more: nothing follows.
  Moment over() {
    return over;
  }

  Moment start() {
    var start = new Moment(null, null);
    new Role(start).goOn(start);
    return start;
  }

  /// Ends what still waits.
  @Override
  public void close() {
    List.copyOf(waiting).forEach(Role::stop);
  }

  /// The script need not go on. An [Error], so that nothing takes it for an answer of the store.
  private static final class Enough extends Error {
    private static final long serialVersionUID = 1L;

    Enough() {
      super("enough", null, false, false);
    }
  }

  /// One run of the script, on a thread of its own that waits whenever the answer is not known yet;
  /// and what the script has to work with.
  final class Role {
    final QuietEnv env = new QuietEnv(number, beats);
    final CrashingDisk disk = new CrashingDisk(name);
    final CallStore blobs = new CallStore(this::ask);
    final Host host = new Host(name, "", FIRST_PID + number);
    private final List<Moment> past = new ArrayList<>();
    private final Semaphore turn = new Semaphore(0);
    private final Semaphore waits = new Semaphore(0);
    private final Thread thread = Thread.ofVirtual().name(name).unstarted(this::live);
    private Moment now;
    private int answered;
    private boolean over;

    /// @param known whose answers are known
    private Role(Moment known) {
      now = known;
      for (Moment at = known; at.before != null; at = at.before) {
        past.addFirst(at);
      }
    }

    String name() {
      return name;
    }

    /// Says what must hold now.
    void claim(String invariant, String check, String message, Predicate<Rules> held) {
      if (isNew()) {
        now.claims.add(new Claim(invariant, check, message, held));
      }
    }

    /// Says what happened.
    void say(String word) {
      if (isNew()) {
        now.words.add(word);
      }
    }

    private boolean isNew() {
      return answered == past.size() && !over;
    }

    /// Runs on to the moment `next`, whose answer is the newest.
    private void goOn(Moment next) {
      if (next.before != null) {
        past.add(next);
      }
      now = next;
      if (waiting.remove(this)) {
        turn.release();
      } else {
        runs++;
        thread.start();
      }
      waits.acquireUninterruptibly();
    }

    private void stop() {
      over = true;
      waiting.remove(this);
      turn.release();
      waits.acquireUninterruptibly();
    }

    private void live() {
      try {
        script.play(this);
      } catch (Enough e) {
        over = true;
      } catch (CairnException e) {
        say(e.getClass().getSimpleName());
      } catch (RuntimeException | Error e) {
        claim("bug", "no_surprises", name + ": " + e, _ -> false);
      } finally {
        waits.release();
      }
    }

    private Object ask(Call call) {
      if (over) {
        throw new Enough();
      }
      if (answered == past.size()) {
        now.next = call;
        now.readsEntry = Judge.readsEntry(call);
        now.waits = this;
        waiting.add(this);
        waits.release();
        turn.acquireUninterruptibly();
        if (over) {
          throw new Enough();
        }
      }
      Moment moment = past.get(answered++);
      if (moment.before == null || !call.equals(moment.before.next)) {
        throw new IllegalStateException(call + " does not follow from the answers before");
      }
      if (moment.answer instanceof NoAnswer) {
        throw new CairnException.Unavailable("no answer: " + call.name(), "", null);
      }
      return Objects.requireNonNull(moment.answer);
    }
  }
}
