package dev.cairn.testkit.sim;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.history.Line;
import dev.cairn.testkit.history.Rules;
import dev.cairn.testkit.history.Violation;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Sees everything that happens to the shared store at the moment when it happens, and what each
/// process was told of it, and judges both. Knows the names and the bytes of objects, and nothing
/// of how they come about.
final class Witness {
  private static final Pattern JOURNAL = Pattern.compile("jobs/([^/]+)/journal/([0-9]{20})\\.json");
  private static final Pattern PACK = Pattern.compile("jobs/([^/]+)/packs/([^/]+)");
  private static final int RECENT = 40;
  private static final int HIDDEN_AT_MOST = 6;

  private final Sim sim;
  private final Takeovers takeovers = new Takeovers();
  private final Spending spending = new Spending();
  private final Audit audit;
  private final Map<String, Seen> jobs = new TreeMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final Set<String> knowledge = new HashSet<>();

  /// Names that came or went last: listings may not know it yet.
  private final Deque<String> recent = new ArrayDeque<>();

  private long checkpoints;

  Witness(Sim sim) {
    this.sim = sim;
    this.audit = new Audit(sim, this);
  }

  /// One job's journal as it stands.
  static final class Seen {
    private Rules rules;
    private final TreeMap<Long, Line> lines = new TreeMap<>();
    private final Map<Long, String> writers = new HashMap<>();
    private final TreeMap<Long, String> acknowledged = new TreeMap<>();
    private @Nullable Long rotten;

    Seen(String job) {
      this.rules = new Rules(job);
    }

    Rules rules() {
      return rules;
    }

    Optional<Line> line(long number) {
      return Optional.ofNullable(lines.get(number));
    }

    boolean isRotten() {
      return rotten != null;
    }
  }

  /// What a [SimDisk] tells.
  interface OfDisk {
    void appeared(SimProcess process, CrashingDisk disk, Path path);

    void vanished(SimProcess process, Path path);

    List<Path> seen(SimProcess process, Path directory, List<Path> names);

    /// Of a disk that is nobody's business.
    OfDisk NONE =
        new OfDisk() {
          @Override
          public void appeared(SimProcess process, CrashingDisk disk, Path path) {}

          @Override
          public void vanished(SimProcess process, Path path) {}

          @Override
          public List<Path> seen(SimProcess process, Path directory, List<Path> names) {
            return names;
          }
        };
  }

  /// For the disk of the store, whose objects are below `root`.
  OfDisk of(Path root) {
    return new OfDisk() {
      @Override
      public void appeared(SimProcess process, CrashingDisk disk, Path path) {
        Witness.this.appeared(process, root.relativize(path).toString());
      }

      @Override
      public void vanished(SimProcess process, Path path) {
        Witness.this.vanished(process, root.relativize(path).toString());
      }

      @Override
      public List<Path> seen(SimProcess process, Path directory, List<Path> names) {
        return names.stream()
            .filter(name -> !isHidden(process, root.relativize(directory.resolve(name)).toString()))
            .toList();
      }
    };
  }

  List<Violation> violations() {
    return List.copyOf(violations);
  }

  void violate(String invariant, String check, String message) {
    violate(new Violation(invariant, check, message));
  }

  void violate(Violation violation) {
    sim.story().tell("witness", () -> "VIOLATION " + violation);
    violations.add(violation);
  }

  /// Notes a broken promise if `held` is false.
  void require(boolean held, String invariant, String check, Supplier<String> message) {
    if (!held) {
      violate(invariant, check, message.get());
    }
  }

  Takeovers takeovers() {
    return takeovers;
  }

  Spending spending() {
    return spending;
  }

  Audit audit() {
    return audit;
  }

  Seen job(String job) {
    return jobs.computeIfAbsent(job, Seen::new);
  }

  Set<String> jobs() {
    return jobs.keySet();
  }

  /// Checkpoints that were published in this run.
  long checkpoints() {
    return checkpoints;
  }

  /// An object has come, or has been replaced.
  void appeared(SimProcess process, String name) {
    remember(name);
    Matcher journal = JOURNAL.matcher(name);
    if (journal.matches()) {
      byte[] bytes = Sim.bytes(sim.raw(), name);
      try {
        landed(process, journal.group(1), Long.parseLong(journal.group(2)), Line.parse(bytes));
      } catch (Line.Unreadable e) {
        violate("I2", "entries_are_readable", name + " by " + process.name + ": " + e.getMessage());
      }
    }
  }

  private void landed(SimProcess process, String job, long number, Line line) {
    Seen seen = job(job);
    if (seen.isRotten()) {
      judgeAboveRot(process, seen, line);
      return;
    }
    Line before = seen.lines.get(number);
    if (before != null) {
      require(
          before.id().equals(line.id()),
          "I3",
          "numbers_have_one_writer",
          () -> "%s by %s is overwritten by %s".formatted(before, seen.writers.get(number), line));
      sim.story().tell(process.name, () -> "trims " + before);
      return;
    }
    sim.story().tell(process.name, () -> "-> " + line + " " + Audit.summary(line));
    judgeTakeover(process, seen, line);
    seen.lines.put(number, line);
    seen.writers.put(number, process.name);
    seen.rules.accept(line, process.name).forEach(this::violate);
    if (line.isCheckpoint()) {
      checkpoints++;
      audit.published(seen, line);
    }
  }

  private void judgeTakeover(SimProcess process, Seen seen, Line line) {
    Line holder = seen.lines.get(seen.rules.holder());
    boolean own = holder != null && process.name.equals(seen.writers.get(holder.number()));
    if (line.isClaim() && holder != null && !own) {
      takeovers.judge(process.name, line, holder).ifPresent(this::violate);
    }
  }

  private void judgeAboveRot(SimProcess process, Seen seen, Line line) {
    long rotten = seen.rotten == null ? 0 : seen.rotten;
    sim.story().tell(process.name, () -> "-> " + line + " above the damage");
    require(
        line.number() != rotten + 1
            || knowledge.contains(process.name + " " + line.job() + " " + rotten),
        "I3",
        "nobody_skips_what_he_cannot_read",
        () -> "%s by %s stands on %d, which it never read".formatted(line, process.name, rotten));
  }

  /// An object is gone.
  void vanished(SimProcess process, String name) {
    remember(name);
    Matcher pack = PACK.matcher(name);
    if (pack.matches() && !job(pack.group(1)).isRotten()) {
      Seen seen = job(pack.group(1));
      audit
          .needing(seen, pack.group(2))
          .ifPresent(checkpoint ->
              violate(
                  "I5",
                  "what_is_needed_stays",
                  "%s deletes %s, which %s needs".formatted(process.name, name, checkpoint)));
    }
    require(
        !JOURNAL.matcher(name).matches(),
        "I3",
        "numbers_are_never_freed",
        () -> process.name + " deletes " + name);
  }

  private void remember(String name) {
    recent.remove(name);
    recent.addFirst(name);
    if (recent.size() > RECENT) {
      recent.removeLast();
    }
  }

  /// Whether a listing by that process does not know yet that this object is there.
  boolean isHidden(SimProcess process, String name) {
    return recent.stream().limit(HIDDEN_AT_MOST).anyMatch(name::equals) && process.isStale();
  }

  /// A process was told that its entry stands.
  void acknowledged(SimProcess process, String job, long number, String id) {
    Seen seen = job(job);
    if (seen.isRotten()) {
      return;
    }
    Line standing = seen.lines.get(number);
    require(
        standing != null && standing.id().equals(id),
        "I1",
        "what_is_acknowledged_stands",
        () ->
            "%s was told that %s@%d is its own; there is %s"
                .formatted(process.name, job, number, standing));
    seen.acknowledged.put(number, id);
  }

  /// A process was told that its attempt is displaced or over.
  void fenced(SimProcess process, String job, long token) {
    Seen seen = job(job);
    require(
        seen.isRotten() || seen.rules.holder() != token,
        "I3",
        "nobody_is_fenced_for_nothing",
        () ->
            "attempt %d of %s was fenced off job %s although it holds it"
                .formatted(token, process.name, job));
  }

  /// A process could not read a checkpoint: that is only right if it was let go meanwhile.
  void damaged(SimProcess process, String job, long number, CairnException.Corrupt why) {
    Seen seen = job(job);
    require(
        seen.isRotten() || !seen.rules.live().containsKey(number),
        "I2",
        "visible_checkpoints_are_whole",
        () -> "%s cannot read %s@%d: %s".formatted(process.name, job, number, why.getMessage()));
  }

  /// A process has read that entry, and could.
  void known(SimProcess process, String job, long number) {
    if (job(job).isRotten() || number >= job(job).rules.last()) {
      knowledge.add(process.name + " " + job + " " + number);
    }
  }

  /// The newest entry of a job can no longer be read.
  void rotted(String job) {
    Seen seen = job(job);
    seen.rotten = seen.rules.last();
  }

  /// The store has lost its power and is back: whatever was acknowledged must still be there, and
  /// nothing may have a hole.
  void powerCameBack(BlobStore raw) {
    for (String job : jobs.keySet()) {
      Seen seen = job(job);
      if (!seen.isRotten()) {
        recount(raw, job, seen);
        audit.all(seen);
      }
    }
  }

  private void recount(BlobStore raw, String job, Seen seen) {
    var kept = new TreeMap<Long, Line>();
    seen.lines.forEach((number, line) -> {
      String name = String.format(Locale.ROOT, "jobs/%s/journal/%020d.json", job, number);
      if (raw.sizeBytes(name).isPresent()) {
        kept.put(number, line);
        require(
            kept.size() == number,
            "I1",
            "numbers_have_no_gaps",
            () -> "%s outlasted the power loss, an entry below it did not".formatted(line));
        requireReadable(raw, name);
      } else {
        require(
            !seen.acknowledged.containsKey(number),
            "I1",
            "what_is_acknowledged_lasts",
            () -> "%s was acknowledged, and is gone after the power loss".formatted(line));
      }
    });
    if (kept.size() < seen.lines.size()) {
      seen.lines.keySet().retainAll(kept.keySet());
      seen.rules = new Rules(job);
      kept.values().forEach(line -> seen.rules.accept(line, seen.writers.get(line.number())));
    }
  }

  private void requireReadable(BlobStore raw, String name) {
    try {
      Line.parse(Sim.bytes(raw, name));
    } catch (Line.Unreadable e) {
      violate("I2", "entries_are_readable", name + " after a power loss: " + e.getMessage());
    }
  }
}
