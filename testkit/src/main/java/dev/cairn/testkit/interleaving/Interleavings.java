package dev.cairn.testkit.interleaving;

import dev.cairn.testkit.history.Violation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Plays every order in which a few [Actor]s can make their calls of one store.
///
/// A [State] is what the store holds, and what each actor has been answered so far. Nothing else
/// decides what can follow, so each is gone on from once, however many orders lead to it. Those
/// that few calls lead to come first: what is found wrong is told with a short way to it.
///
/// One thing is left out, because it shows nothing: what an actor reads of an entry that stands
/// already. Nobody can change that answer any more, so it is read at once, before anybody else goes
/// on. A play in which entries are replaced by tombstones must not use this.
///
/// An answer that does not come is one more choice, at any call of any actor that is said to lose
/// one, as often in an order as the play says. The call may have acted or not. A process that dies
/// needs no choice of its own: it is one that has no further turn, and every state is judged.
final class Interleavings {
  private final Play play;
  private final Judge judge;
  private final Map<Shelf, Shelf> shelves = new HashMap<>();
  private final Map<Change, Changed> changes = new HashMap<>();
  private final Set<String> words = new TreeSet<>();
  private final Set<State> known = new HashSet<>();
  private final Queue<State> ahead = new ArrayDeque<>();
  private boolean playing;
  private long ends;
  private int depth;
  private @Nullable State wrong;
  private List<Violation> violations = List.of();

  private Interleavings(Play play) {
    this.play = play;
    this.judge = new Judge(play.job, play.trims);
  }

  /// What is played.
  ///
  /// @param job the one that all is about
  /// @param cast who plays, in any order
  /// @param losses answers that may be lost in one order
  /// @param trims whether entries are replaced by tombstones
  /// @param beats whether attempts send a heartbeat, one each
  record Play(String name, String job, List<Part> cast, int losses, boolean trims, boolean beats) {}

  /// Who plays.
  ///
  /// Those that do not play from their start have their turns before the play begins, alone, in the
  /// order of the cast.
  ///
  /// @param from the word after which it plays; empty if it does from its start
  /// @param loses whether answers to it can be lost
  record Part(String name, Actor.Script script, String from, boolean loses) {
    static Part of(String name, Actor.Script script) {
      return new Part(name, script, "", true);
    }

    Part from(String word) {
      return new Part(name, script, word, loses);
    }

    Part loses(boolean some) {
      return new Part(name, script, from, some);
    }

    private boolean begins(Actor.Moment moment) {
      return moment.next() == null || from.isEmpty() || moment.words().contains(from);
    }
  }

  /// What came of it.
  ///
  /// @param states that were gone on from
  /// @param ends states in which everybody is done
  /// @param depth most calls that are made until something is new
  /// @param runs of an actor's script, to learn what it does next
  /// @param words what happened to somebody in some order
  /// @param story a shortest way to the violation
  record Explored(
      String play,
      long states,
      long ends,
      int depth,
      long runs,
      Set<String> words,
      List<Violation> violations,
      List<String> story) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%-52s %,9d states, %,d of them ends, %d calls deep, %,d runs",
          play,
          states,
          ends,
          depth,
          runs);
    }
  }

  private static final class State {
    final Shelf shelf;
    final Actor.Moment[] at;
    final int losses;
    final @Nullable State before;
    final int mover;
    final Actor.@Nullable Moment moved;
    final int calls;

    State(
        Shelf shelf,
        Actor.Moment[] at,
        int losses,
        @Nullable State before,
        int mover,
        Actor.@Nullable Moment moved,
        int calls) {
      this.shelf = shelf;
      this.at = at;
      this.losses = losses;
      this.before = before;
      this.mover = mover;
      this.moved = moved;
      this.calls = calls;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof State that
          && shelf.equals(that.shelf)
          && losses == that.losses
          && Arrays.equals(at, that.at);
    }

    @Override
    public int hashCode() {
      return (shelf.hashCode() * 31 + Arrays.hashCode(at)) * 31 + losses;
    }
  }

  private record Change(Shelf shelf, Call call) {}

  private record Changed(Shelf after, Object answer, List<Violation> violations) {}

  static Explored explore(Play play) {
    return new Interleavings(play).explore();
  }

  private Explored explore() {
    List<Actor> actors = new ArrayList<>();
    for (Part part : play.cast) {
      actors.add(new Actor(part.name, actors.size() + 1, part.script, play.beats));
    }
    try {
      add(start(actors));
      while (!ahead.isEmpty() && wrong == null) {
        goOn(ahead.remove());
      }
    } finally {
      actors.forEach(Actor::close);
    }
    return new Explored(
        play.name,
        known.size(),
        ends,
        depth,
        actors.stream().mapToLong(Actor::runs).sum(),
        words,
        violations,
        story());
  }

  private State start(List<Actor> actors) {
    var at = new Actor.Moment[actors.size()];
    Shelf shelf = interned(Shelf.EMPTY);
    var state = new State(shelf, at, 0, null, 0, null, 0);
    for (int i = 0; i < at.length; i++) {
      at[i] = actors.get(i).start();
      hear(at[i], List.of(), state);
      while (!play.cast.get(i).begins(at[i]) && wrong == null) {
        state = step(state, i, changed(state.shelf, at[i]), 0);
        at = state.at;
      }
    }
    playing = true;
    return settled(new State(state.shelf, at, play.losses, null, 0, null, 0));
  }

  private void goOn(State state) {
    List<Integer> movers = movers(state);
    if (movers.isEmpty()) {
      ends++;
    }
    for (int i : movers) {
      Changed changed = changed(state.shelf, state.at[i]);
      add(step(state, i, changed, 0));
      if (state.losses > 0 && play.cast.get(i).loses) {
        add(step(state, i, new Changed(state.shelf, Actor.NoAnswer.NO_ANSWER, List.of()), 1));
        if (!changed.after.equals(state.shelf)) {
          add(step(state, i, new Changed(changed.after, Actor.NoAnswer.NO_ANSWER, List.of()), 1));
        }
      }
    }
  }

  private void add(State state) {
    if (known.add(state)) {
      ahead.add(state);
      depth = Math.max(depth, state.calls);
    }
  }

  /// Whose calls are tried in that state.
  private List<Integer> movers(State state) {
    var movers = new ArrayList<Integer>();
    for (int i = 0; i < state.at.length; i++) {
      Call call = state.at[i].next();
      if (call != null) {
        if (isSettled(state, state.at[i], call)) {
          return List.of(i);
        }
        movers.add(i);
      }
    }
    return movers;
  }

  /// Whether the answer to a call will be the same whenever it is made: it is about an entry that
  /// stands, or about a heartbeat where none are sent.
  private boolean isSettled(State state, Actor.Moment moment, Call call) {
    return moment.readsEntry()
        ? !play.trims && state.shelf.get(call.name()) != null
        : !play.beats && call.name().contains("/heartbeat/");
  }

  private Changed changed(Shelf shelf, Actor.Moment moment) {
    Call call = Objects.requireNonNull(moment.next());
    if (moment.readsEntry()) {
      return new Changed(shelf, call.on(shelf).answer(), List.of());
    }
    Changed changed =
        changes.computeIfAbsent(
            new Change(shelf, call),
            _ -> {
              Call.Done done = call.on(shelf);
              Shelf after = interned(done.after());
              List<Violation> found =
                  after.equals(shelf)
                      ? List.of()
                      : judge.changed(moment.actor().name, call, shelf, after);
              return new Changed(after, done.answer(), found);
            });
    if (changed.after.equals(shelf)
        || !changed.violations.isEmpty()
        || !(call instanceof Call.PutIfAbsent && call.name().contains("/journal/"))) {
      return changed;
    }
    return new Changed(changed.after, changed.answer, judge.takeover(moment, changed.after));
  }

  private State step(State state, int mover, Changed changed, int lost) {
    Actor.Moment moment = state.at[mover].answered(changed.answer);
    Actor.Moment[] at = state.at.clone();
    at[mover] = moment.next() == null ? moment.actor().over() : moment;
    int losses = state.losses - lost;
    var next = new State(changed.after, at, losses, state, mover, moment, state.calls + 1);
    hear(moment, changed.violations, next);
    return settled(next);
  }

  /// Notes what has happened to an actor on the way to `state`, and what is wrong there.
  private void hear(Actor.Moment moment, List<Violation> changed, State state) {
    if (!moment.words().isEmpty()) {
      words.addAll(moment.words());
    }
    List<Violation> found = changed;
    if (!moment.claims().isEmpty()) {
      found = new ArrayList<>(changed);
      for (Actor.Claim claim : moment.claims()) {
        found.addAll(judge.said(claim, state.shelf));
      }
    }
    if (!found.isEmpty() && wrong == null) {
      wrong = state;
      violations = found;
    }
  }

  /// Goes on with whoever asks what is settled, unless that answer could be lost.
  private State settled(State state) {
    for (int i = 0; i < state.at.length; i++) {
      Call call = state.at[i] == null ? null : state.at[i].next();
      boolean sure = state.losses == 0 || !play.cast.get(i).loses;
      if (call != null && sure && playing && isSettled(state, state.at[i], call)) {
        return step(state, i, changed(state.shelf, state.at[i]), 0);
      }
    }
    return state;
  }

  private Shelf interned(Shelf shelf) {
    return shelves.computeIfAbsent(shelf, same -> same);
  }

  private List<String> story() {
    var lines = new ArrayList<String>();
    for (State at = wrong; at != null && at.before != null && at.moved != null; at = at.before) {
      Actor.Moment moment = at.moved;
      Call call = at.before.at[at.mover].next();
      lines.addFirst(
          "%-10s %s -> %s %s"
              .formatted(moment.actor().name, shown(call), shown(moment.answer), moment.words()));
    }
    return lines;
  }

  private static String shown(@Nullable Object what) {
    String text =
        switch (what) {
          case Call.Put put -> "put " + put.name() + shown(put.name(), put.body());
          case Call.PutIfAbsent put -> "putIfAbsent " + put.name() + shown(put.name(), put.body());
          case Call call -> call.getClass().getSimpleName() + " " + call.name();
          case null -> "";
          default -> String.valueOf(what);
        };
    return text.substring(0, Math.min(text.length(), 150));
  }

  private static String shown(String name, Bytes body) {
    return name.contains("/journal/") ? ": " + Judge.parse(body).type() : "";
  }
}
