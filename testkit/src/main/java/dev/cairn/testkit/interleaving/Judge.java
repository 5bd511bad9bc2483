package dev.cairn.testkit.interleaving;

import dev.cairn.testkit.history.Line;
import dev.cairn.testkit.history.Rules;
import dev.cairn.testkit.history.Violation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Judges every change to the store of one play, and everything that an [Actor] claims.
///
/// It knows the names and bytes of objects and nothing of how they came about, apart from
/// [Contents], which restores. For one thread.
final class Judge {
  private static final Pattern JOURNAL = Pattern.compile("jobs/([^/]+)/journal/([0-9]{20})\\.json");

  private final String job;
  private final boolean trims;
  private final Contents contents;
  private final Map<String, String> writers = new HashMap<>();
  private final Map<Bytes, Line> lines = new HashMap<>();
  private final Map<List<Bytes>, Journal> journals = new HashMap<>();
  private final Map<Kept, List<Violation>> kept = new HashMap<>();

  /// @param trims whether tombstones may replace entries; if not, one that does is told
  Judge(String job, boolean trims) {
    this.job = job;
    this.trims = trims;
    this.contents = new Contents(job);
  }

  /// One job's journal, and what the rules say of its newest entry.
  private record Journal(
      TreeMap<Long, Line> lines, Rules rules, long holderBefore, List<Violation> violations) {}

  /// Everything that a restore can read.
  private record Kept(Map<String, Bytes> journal, Map<String, Bytes> packs) {}

  /// Whether that call is about one entry of a journal, and changes nothing.
  static boolean readsEntry(Call call) {
    boolean reads =
        call instanceof Call.Read || call instanceof Call.Size || call instanceof Call.Confirm;
    return reads && JOURNAL.matcher(call.name()).matches();
  }

  /// Judges what a call has changed.
  ///
  /// @param who made it
  List<Violation> changed(String who, Call call, Shelf before, Shelf after) {
    Matcher name = JOURNAL.matcher(call.name());
    var found = new ArrayList<Violation>();
    if (name.matches()) {
      judgeEntry(who, call, before.get(call.name()), after, found);
    }
    if (found.isEmpty() && !call.name().contains("/heartbeat/")) {
      found.addAll(kept(after));
    }
    return found;
  }

  private void judgeEntry(
      String who, Call call, @Nullable Bytes old, Shelf after, List<Violation> found) {
    Bytes now = after.get(call.name());
    if (now == null) {
      found.add(new Violation("I3", "numbers_are_never_freed", who + " deletes " + call.name()));
      return;
    }
    Line line = line(now);
    if (old != null) {
      Line stood = line(old);
      if (!stood.id().equals(line.id()) || !line.type().equals("dropped") || !trims) {
        found.add(
            new Violation(
                "I3",
                "numbers_have_one_writer",
                "%s replaces %s by %s".formatted(who, stood, line)));
      }
      return;
    }
    writers.putIfAbsent(line.id(), who);
    Journal journal = journal(after);
    found.addAll(journal.violations);
  }

  /// Whoever displaces an attempt has looked twice at its heartbeat, and it had not changed.
  ///
  /// @param moment of the actor whose call has just put an entry
  List<Violation> takeover(Actor.Moment moment, Shelf after) {
    Journal journal = journal(after);
    Line claim = journal.lines.lastEntry().getValue();
    Line holder = journal.lines.get(journal.holderBefore);
    if (!claim.isClaim()
        || holder == null
        || moment.actor().name.equals(writers.get(holder.id()))) {
      return List.of();
    }
    String heartbeat = "jobs/%s/heartbeat/%d.json".formatted(claim.job(), holder.number());
    var looks = new ArrayList<@Nullable Object>();
    for (Actor.Moment at = moment; at.before != null; at = at.before) {
      Call asked = at.before.next();
      if (asked != null && asked.name().equals(heartbeat)) {
        looks.add(at.answer);
      }
    }
    return looks.size() >= 2 && Objects.equals(looks.get(0), looks.get(1))
        ? List.of()
        : List.of(
            new Violation(
                "I9",
                "only_the_dead_are_displaced",
                "%s by %s displaces %d, whose heartbeat it did not see standing still"
                    .formatted(claim, moment.actor().name, holder.number())));
  }

  /// Judges what an actor says of this moment.
  List<Violation> said(Actor.Claim claim, Shelf shelf) {
    return claim.held().test(journal(shelf).rules)
        ? List.of()
        : List.of(new Violation(claim.invariant(), claim.check(), claim.message()));
  }

  private List<Violation> kept(Shelf shelf) {
    SortedMap<String, Bytes> entries = shelf.below("jobs/" + job + "/journal/");
    SortedMap<String, Bytes> packs = shelf.below("jobs/" + job + "/packs/");
    return kept.computeIfAbsent(
        new Kept(entries, packs),
        _ -> {
          Journal journal = journal(shelf);
          return contents.judge(shelf, journal.lines, journal.rules);
        });
  }

  private Journal journal(Shelf shelf) {
    List<Bytes> entries = List.copyOf(shelf.below("jobs/" + job + "/journal/").values());
    return journals.computeIfAbsent(entries, this::read);
  }

  private Journal read(List<Bytes> entries) {
    var rules = new Rules(job);
    var all = new TreeMap<Long, Line>();
    List<Violation> violations = List.of();
    long holder = 0;
    for (Bytes entry : entries) {
      Line line = line(entry);
      all.put(line.number(), line);
      holder = rules.holder();
      violations = rules.accept(line, writers.get(line.id()));
    }
    return new Journal(all, rules, holder, violations);
  }

  private Line line(Bytes entry) {
    return lines.computeIfAbsent(entry, Judge::parse);
  }

  static Line parse(Bytes entry) {
    try {
      return Line.parse(entry.copy());
    } catch (Line.Unreadable e) {
      throw new IllegalStateException("somebody wrote %s: %s".formatted(entry, e.getMessage()));
    }
  }
}
