package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Changed;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Repository.Subject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Saves the checkpoints of one attempt, in the order that keeps I2: packs, then the journal entry;
/// and lets old ones go in the order that keeps I5: the entry that says so, then the bytes.
///
/// Not thread-safe: the attempt's appending thread uses it.
public final class Checkpointer {
  private static final int TRIM_BATCH = 32;
  private static final int TRIM_STATE_BYTES = 1024;

  private final Repository repository;
  private final Disk disk;
  private final Env env;
  private final Attempt attempt;
  private final Retention retention;
  private final String node;

  private final Map<Long, Set<String>> packs = new HashMap<>();
  private final Set<Long> damaged = new HashSet<>();
  private @Nullable Long parent;
  private boolean litter;

  /// A publication that the store did not answer.
  private @Nullable Unanswered unanswered;

  public Checkpointer(
      Repository repository,
      Disk disk,
      Env env,
      Attempt attempt,
      Retention retention,
      String node) {
    this.repository = repository;
    this.disk = disk;
    this.env = env;
    this.attempt = attempt;
    this.retention = retention;
    this.node = node;
    this.parent =
        attempt.log().history().lineage().stream().findFirst().map(Published::number).orElse(null);
  }

  /// What is to be saved.
  ///
  /// @param state the job's state as JSON text
  /// @param answers the requests that it answers
  public record Capture(
      Checkpoint.Kind kind,
      CapturedFiles files,
      Progress progress,
      Map<String, String> labels,
      @Nullable String state,
      List<Long> answers) {
    public Capture {
      labels = Map.copyOf(labels);
      answers = List.copyOf(answers);
    }

    private boolean asksTheSame(Capture other) {
      return kind == other.kind
          && Objects.equals(files.root(), other.files.root())
          && files.parts().equals(other.files.parts())
          && progress.equals(other.progress)
          && labels.equals(other.labels)
          && Objects.equals(state, other.state)
          && answers.equals(other.answers);
    }
  }

  private record Unanswered(Capture capture, Checkpoint checkpoint, Contents contents) {}

  /// A published checkpoint.
  ///
  /// @param tree what was in the directory, for telling later whether it changed; absent without
  ///   files
  public record Saved(Entry entry, Checkpoint checkpoint, @Nullable FileTree tree) {}

  /// Saves and publishes one checkpoint.
  ///
  /// The directory is looked at before its contents are read and again after: only if nothing in it
  /// changed in between is the checkpoint published.
  ///
  /// If the store did not answer, the same may be asked for again: it is published once.
  ///
  /// @throws Changed if something changed meanwhile; nothing was published
  /// @throws CairnException.Fenced if the attempt was displaced; nothing was published
  /// @throws CairnException.Unavailable if the store did not take it; what was there stays
  public Saved save(Capture capture, Meter meter) throws Changed {
    return save(capture, _ -> Optional.empty(), meter);
  }

  /// As above, but only what was meant: whoever has judged what the directory holds must find the
  /// same in what is about to be read.
  ///
  /// @param objection why that is something else, if it is
  public Saved save(Capture capture, Function<FileTree, Optional<String>> objection, Meter meter)
      throws Changed {
    Optional<Saved> earlier = settle(capture);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    long start = env.nanos();
    return publish(capture, contents(capture, objection, meter), start);
  }

  /// Saves and publishes a checkpoint of files that were copied before, which nobody changes.
  ///
  /// @param capture what was copied, and the rest
  /// @throws Changed if somebody did change the copy; nothing was published
  Saved save(Capture capture, StableCopy copy, Meter meter) throws Changed {
    Optional<Saved> earlier = settle(capture);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    long start = env.nanos();
    return publish(capture, store(capture, copy.tree(), meter), start);
  }

  private Saved publish(Capture capture, Contents contents, long start) {
    Duration took = Duration.ofNanos(env.nanos() - start);
    var checkpoint =
        new Checkpoint(
            capture.kind(),
            parent,
            capture.progress(),
            capture.labels(),
            isInline(capture.state()) ? capture.state() : null,
            contents.manifest,
            contents.files,
            contents.sizeBytes,
            contents.newBytes,
            contents.storedBytes,
            took.toMillis(),
            node,
            capture.answers());
    unanswered = new Unanswered(capture, checkpoint, contents);
    Entry entry = publish(checkpoint, contents);
    unanswered = null;
    tidy();
    return new Saved(entry, checkpoint, contents.tree);
  }

  /// Finds out what became of the publication that was not answered, and goes on from it if it
  /// stands: what it let go is gone, and the next checkpoint is its child.
  ///
  /// @return what was published then, if `capture` asks for the very same
  private Optional<Saved> settle(Capture capture) {
    Unanswered last = unanswered;
    if (last == null) {
      return Optional.empty();
    }
    attempt.log().refresh();
    unanswered = null;
    Optional<Published> found =
        attempt.log().history().live().descendingMap().values().stream()
            .filter(published -> published.checkpoint().equals(last.checkpoint))
            .findFirst();
    found.ifPresent(published -> {
      packs.put(published.number(), last.contents.packs);
      parent = published.number();
    });
    return found
        .filter(_ -> last.capture.asksTheSame(capture) && isUnchanged(last, capture))
        .map(published -> new Saved(published.entry(), last.checkpoint, last.contents.tree));
  }

  private boolean isUnchanged(Unanswered last, Capture capture) {
    return capture.files().root() == null
        || last.contents.tree != null && last.contents.tree.sameAs(capture.files().scan(disk));
  }

  private record Contents(
      @Nullable FileTree tree,
      @Nullable ManifestRef manifest,
      long files,
      long sizeBytes,
      long newBytes,
      long storedBytes,
      Set<String> packs) {
    static final Contents NONE = new Contents(null, null, 0, 0, 0, 0, Set.of());
  }

  private Contents contents(
      Capture capture, Function<FileTree, Optional<String>> objection, Meter meter) throws Changed {
    FileTree before = capture.files().scan(disk);
    long looked = env.nanos();
    refuse(objection.apply(before));
    awaitTick(before, looked);
    Contents contents = store(capture, before, meter);
    refuse(before.firstDifference(capture.files().scan(disk)));
    return contents;
  }

  /// @param tree what to read, which stays as it is
  private Contents store(Capture capture, FileTree tree, Meter meter) throws Changed {
    Optional<ByteBuffer> large =
        Optional.ofNullable(capture.state())
            .filter(state -> !isInline(state))
            .map(state -> ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8)));
    if (capture.files().isNone() && large.isEmpty()) {
      return Contents.NONE;
    }
    litter = true;
    var subject = new Subject(tree, capture.files().parts(), large);
    Repository.Saved saved =
        repository.save(attempt.job(), attempt.token(), parentManifest(), subject, meter);
    return new Contents(
        tree,
        saved.manifest(),
        saved.files(),
        saved.sizeBytes(),
        saved.newBytes(),
        saved.storedBytes(),
        saved.packs());
  }

  /// So that whatever is written after the look shows in what the file system tells of a file.
  private void awaitTick(FileTree tree, long looked) {
    Duration left = Repository.settlingTime().minus(Duration.ofNanos(env.nanos() - looked));
    if (tree.files() > 0 && left.isPositive()) {
      env.sleep(left);
    }
  }

  private static void refuse(Optional<String> difference) throws Changed {
    if (difference.isPresent()) {
      throw new Changed(difference.get());
    }
  }

  private @Nullable ManifestRef parentManifest() {
    Published published = parent == null ? null : attempt.log().history().live().get(parent);
    return published == null ? null : published.checkpoint().manifest();
  }

  private Entry publish(Checkpoint checkpoint, Contents contents) {
    long decided = attempt.log().history().last();
    Entry entry =
        attempt.append(history -> {
          if (history.last() != decided) {
            requirePacks(contents.packs);
          }
          return new Event.Checkpointed(checkpoint, drops(history, checkpoint));
        });
    packs.put(entry.number(), contents.packs);
    parent = entry.number();
    return entry;
  }

  /// A newer attempt may sweep what this one has not published: that is no damage.
  private void requirePacks(Set<String> needed) {
    try {
      repository.requirePacks(attempt.job(), needed);
    } catch (CairnException.Corrupt e) {
      if (attempt.lookForClaims()) {
        attempt.refresh(); // tells by whom
      }
      throw e;
    }
  }

  /// What retention lets go once `next` is durable.
  private List<Long> drops(History history, Checkpoint next) {
    Instant now = env.now();
    return retention
        .plan(candidates(history).with(new Candidate(history.last() + 1, now, next)), now)
        .drops();
  }

  private Candidates candidates(History history) {
    return Candidates.of(history, parent, damaged);
  }

  /// Drops checkpoints that a person asked to drop, and the bytes that only they needed.
  public void prune(Set<Long> numbers, String reason) {
    prune(_ -> numbers, reason);
  }

  /// Drops what others have asked to drop: what a person named, and of what a policy named as much
  /// as nothing needs by now (I5).
  public void answerPruneRequests() {
    prune(
        history -> {
          Set<Long> drops = new HashSet<>(history.asksToDrop());
          drops.addAll(
              Retention.LEAST.plan(candidates(history), env.now()).dropsOf(history.asksToLetGo()));
          return drops;
        },
        "asked for");
  }

  /// Drops checkpoints, and the bytes that only they needed.
  ///
  /// @param choice which; asked of the very history on which the entry that says so is put
  /// @return numbers of those that went
  List<Long> prune(Function<History, Set<Long>> choice, String reason) {
    Entry entry = attempt.append(history -> pruned(history, choice.apply(history), reason));
    litter = true;
    tidy();
    return ((Event.Pruned) entry.event()).drops();
  }

  private static Event.Pruned pruned(History history, Set<Long> numbers, String reason) {
    return new Event.Pruned(
        numbers.stream().filter(history.live()::containsKey).sorted().toList(),
        reason,
        history.lineage().stream()
            .map(Published::number)
            .filter(number -> !numbers.contains(number))
            .findFirst()
            .orElse(null));
  }

  /// Deletes packs that no checkpoint needs, of dead attempts too.
  void sweep() {
    litter = true;
    tidy();
  }

  /// Deletes the job: the entry that says so first, then every pack, then the bodies of its
  /// checkpoints' entries. Its numbers stay taken.
  public void delete(String by) {
    attempt.append(_ -> new Event.Deleted(by));
    litter = true;
    tidy();
    if (!attempt.log().history().isDamaged()) {
      attempt.log().trimDropped(0);
    }
  }

  /// Deletes packs that no kept checkpoint names, and trims entries of dropped ones. Never while
  /// anything is unreadable, and never what an append of unknown outcome may still need: such an
  /// append throws before this is reached.
  private void tidy() {
    History history = attempt.log().history();
    if (history.isDamaged()) {
      return;
    }
    boolean dropped =
        packs.keySet().retainAll(history.live().keySet()) || !history.untrimmed().isEmpty();
    try {
      if (litter || dropped) {
        repository.sweep(attempt.job(), attempt.token(), keptPacks(history));
        litter = false;
      }
      if (history.untrimmed().size() >= TRIM_BATCH) {
        attempt.log().trimDropped(TRIM_STATE_BYTES);
      }
    } catch (CairnException.Corrupt e) {
      return; // an unreadable manifest of a kept checkpoint forbids all deletion
    } catch (CairnException.Unavailable | CairnException.Denied e) {
      litter = true; // the checkpoint stands; the bytes go next time
    }
  }

  private Set<String> keptPacks(History history) {
    var kept = new HashSet<String>();
    for (Published published : history.live().values()) {
      ManifestRef manifest = published.checkpoint().manifest();
      if (manifest != null) {
        kept.addAll(
            packs.computeIfAbsent(
                published.number(), _ -> repository.packs(attempt.job(), manifest)));
      }
    }
    return kept;
  }

  /// Tells what the attempt goes on from, and which newer ones turned out damaged on the way.
  public void wentOnFrom(@Nullable Long checkpoint, Set<Long> foundDamaged) {
    parent = checkpoint;
    damaged.addAll(foundDamaged);
  }

  private static boolean isInline(@Nullable String state) {
    return state != null
        && state.length() <= Checkpoint.INLINE_STATE_BYTES
        && state.getBytes(StandardCharsets.UTF_8).length <= Checkpoint.INLINE_STATE_BYTES;
  }
}
