package dev.cairn.testkit.sim;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.Journal.Slot;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.SequentialEnv;
import dev.cairn.testkit.history.Line;
import dev.cairn.testkit.sim.Witness.Seen;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// Restores checkpoints outside of simulated time, and compares them with what jobs wrote.
final class Audit {
  private final Sim sim;
  private final Witness witness;
  private final Map<String, Content> contents = new HashMap<>();
  private long restores;

  Audit(Sim sim, Witness witness) {
    this.sim = sim;
    this.witness = witness;
  }

  /// What a checkpoint holds.
  ///
  /// @param digest over all files
  /// @param link what its files say; absent if there are none
  /// @param packs leaf names of the packs that it needs
  private record Content(String digest, @Nullable Link link, boolean baseline, Set<String> packs) {
    /// Whether a job that finds it begins anew.
    boolean isNothing() {
      return baseline || link == null;
    }
  }

  /// For the story.
  static String summary(Line line) {
    var text = new StringBuilder();
    for (String field : new String[] {"purpose", "from", "reason", "by", "checkpoint", "newest"}) {
      String value = line.event().path(field).asString("");
      if (!value.isEmpty()) {
        text.append(field).append('=').append(value).append(' ');
      }
    }
    if (line.isCheckpoint()) {
      text.append("parent=").append(line.parent());
    }
    if (!line.drops().isEmpty()) {
      text.append(" drops=").append(line.drops());
    }
    return text.toString();
  }

  /// A checkpoint became visible: now it must be whole, and what an attempt of that lineage wrote.
  void published(Seen seen, Line line) {
    Content content = restore(line, "when it became visible");
    if (content == null) {
      return;
    }
    String origin = origin(line);
    if (!origin.isEmpty()) {
      contents.put(key(line.job(), line.number()), content);
      Content original = contents.get(origin);
      witness.require(
          original == null || original.digest.equals(content.digest),
          "I4",
          "forks_are_exact",
          () -> "%s is not what %s is".formatted(line, origin));
      return;
    }
    Long parent = line.parent();
    Content before = parent == null ? null : contents.get(key(line.job(), parent));
    contents.put(key(line.job(), line.number()), content);
    Link link = content.link;
    // Nothing new, or the next step was on its way: then it is what the attempt began with.
    boolean same = before != null && Objects.equals(before.link, content.link);
    // So is what an earlier life of the job left in the directory, until a step is made.
    boolean leftover =
        content.baseline
            || before != null
                && before.baseline
                && (same || link != null && link.token() < line.after().token());
    if (leftover) {
      contents.put(
          key(line.job(), line.number()), new Content(content.digest, link, true, content.packs));
    }
    if (link == null || same || leftover) {
      return;
    }
    witness.require(
        link.token() == line.after().token(),
        "I3",
        "checkpoints_are_the_holders",
        () -> "%s holds what attempt %d wrote".formatted(line, link.token()));
    boolean ofAttempt =
        before != null
            && before.link != null
            && before.link.token() == link.token()
            && before.link.step() <= link.step();
    Content base = contents.get(key(line.job(), link.base()));
    boolean ofBase =
        link.base() == (parent == null ? 0 : parent)
            || before != null && base != null && before.digest.equals(base.digest);
    boolean fromNothing = link.base() == 0 && before != null && before.isNothing();
    witness.require(
        ofAttempt || ofBase || fromNothing,
        "I4",
        "lineages_are_true",
        () ->
            "%s says that its parent is %s; its job went on from %d"
                .formatted(line, parent, link.base()));
  }

  /// The checkpoint that it is a copy of; empty if it is none.
  private static String origin(Line line) {
    return line.event().path("checkpoint").path("labels").path("cairn.forked-from").asString("");
  }

  /// Checks that every checkpoint that is not let go is as it was.
  void all(Seen seen) {
    for (Line line : seen.rules().live().values()) {
      Content now = restore(line, "in an audit");
      Content then = contents.get(key(line.job(), line.number()));
      witness.require(
          now == null || then == null || now.digest.equals(then.digest),
          "I4",
          "restores_are_exact",
          () -> line + " is no longer what it was");
    }
  }

  /// A process has restored a checkpoint.
  void restored(SimProcess process, String job, long number, SortedMap<String, byte[]> files) {
    Content then = contents.get(key(job, number));
    witness.require(
        then == null || then.digest.equals(Link.digest(files)),
        "I4",
        "restores_are_exact",
        () -> "%s restored %s@%d and got something else".formatted(process.name, job, number));
  }

  /// The attempt in charge goes on from a checkpoint: the one that its claim names.
  void wentOn(SimProcess process, String job, long token, @Nullable Long number) {
    if (witness.job(job).rules().holder() != token) {
      return; // displaced by now: what it should go on from may have been let go
    }
    Line claim = witness.job(job).line(token).orElse(null);
    Long from = claim == null ? number : claim.number("from");
    witness.require(
        Objects.equals(from, number),
        "I3",
        "attempts_go_on_from_their_claim",
        () ->
            "attempt %d of job %s by %s goes on from %s, its claim says %s"
                .formatted(token, job, process.name, number, from));
  }

  /// A checkpoint that needs this pack, if there is one.
  Optional<String> needing(Seen seen, String pack) {
    return seen.rules().live().values().stream()
        .filter(line -> {
          Content content = contents.get(key(line.job(), line.number()));
          return content != null && content.packs.contains(pack);
        })
        .map(Line::toString)
        .findFirst();
  }

  private @Nullable Content restore(Line line, String when) {
    var job = JobId.of(line.job());
    var env = new SequentialEnv(++restores);
    var disk = new CrashingDisk();
    try {
      Published published = published(job, line.number(), env);
      if (published == null) {
        return null; // a tombstone by now: it was dropped before
      }
      var repository = new Repository(sim.raw(), disk, env);
      var manifest = published.checkpoint().manifest();
      Path target = Path.of("/audit");
      new Restorer(repository).restore(job, published, target, null, Meter.NONE);
      SortedMap<String, byte[]> files = Files.below(disk, target);
      Set<String> packs = manifest == null ? Set.of() : repository.packs(job, manifest);
      boolean baseline = published.checkpoint().isBaseline();
      String origin = origin(line);
      JobId writer = origin.isEmpty() ? job : CheckpointId.parse(origin).job();
      Link link = baseline ? leftover(writer, files) : Link.of(writer, files).orElse(null);
      requireState(new Restorer(repository), job, published, link);
      return new Content(Link.digest(files), link, baseline, packs);
    } catch (CairnException e) {
      witness.violate(
          "I2", "visible_checkpoints_are_whole", "%s %s: %s".formatted(line, when, e.getMessage()));
    } catch (Link.Wrong e) {
      witness.violate(
          "I4", "restores_are_exact", "%s %s: %s".formatted(line, when, e.getMessage()));
    }
    return null;
  }

  /// What an earlier life of the job left in the directory, if it can be read.
  private static @Nullable Link leftover(JobId job, SortedMap<String, byte[]> files) {
    try {
      return Link.of(job, files).orElse(null);
    } catch (Link.Wrong e) {
      return null;
    }
  }

  private @Nullable Published published(JobId job, long number, SequentialEnv env) {
    Slot slot = sim.journal(sim.raw(), env).entries(job, number, 1).getFirst();
    return slot instanceof Slot.Readable(Entry entry)
            && entry.event() instanceof Event.Checkpointed(var checkpoint, var drops)
            && !drops.contains(number)
        ? new Published(entry, checkpoint)
        : null;
  }

  private void requireState(Restorer restorer, JobId job, Published published, @Nullable Link link)
      throws Link.Wrong {
    Optional<String> state = restorer.state(job, published);
    if (link != null && state.isPresent() && !state.get().startsWith(link.pointer())) {
      throw new Link.Wrong("its state says %.60s".formatted(state.get()));
    }
  }

  private static String key(String job, long number) {
    return job + "@" + number;
  }
}
