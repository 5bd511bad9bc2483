package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Env;
import dev.cairn.env.Pace;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Scrubbed;
import dev.cairn.repository.Scrubbed.Proof;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Reads the packs of all checkpoints again, slowly and in the background, to find rot while there
/// is still an older checkpoint, another replica or the job itself to mend it from.
///
/// Reads only what kept checkpoints name, those first whose last check is longest ago, and
/// remembers what it found whole ([ScrubMemory]). Changes nothing else. Jobs may run meanwhile:
/// what a holder lets go while it is read is no damage, so the journal is read again before
/// anything is told (a holder deletes a pack only after the entry that lets it go). Not
/// thread-safe.
public final class Scrubber {
  private static final Duration REMEMBER_EVERY = Duration.ofSeconds(10);

  private final Store store;
  private final Env env;
  private final Pace pace;
  private final Options options;
  private final Listener listener;

  private final List<Look> looks = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private long packs;
  private long bytes;
  private long fresh;
  private long strays;
  private long strayBytes;
  private long gone;
  private long remembered;
  private boolean forgetful;

  /// @param every packs that were found whole within this time are left out
  public record Options(Duration every, Proof proof) {
    public static final Options DEFAULTS = new Options(Duration.ofDays(7), Proof.SHA256);
  }

  /// Hears what a pass finds, as it finds it.
  public interface Listener {
    void found(Finding finding);

    /// What people should know and is no damage.
    void tell(String sentence);
  }

  /// Something damaged that kept checkpoints need.
  ///
  /// @param object its name in the store
  /// @param reason the rest of a sentence about it
  /// @param checkpoints that need it
  /// @param files of those that cannot be restored, as far as that can be told
  public record Finding(
      JobId job, String object, String reason, List<CheckpointId> checkpoints, List<String> files) {
    public Finding {
      checkpoints = List.copyOf(checkpoints);
      files = List.copyOf(files);
    }
  }

  /// What a pass came to.
  ///
  /// @param packs read to their ends, of which those in `damaged` are not whole
  /// @param fresh left out, because they were found whole not long ago
  /// @param strays that no kept checkpoint names: of attempts that died, or of a save under way;
  ///   not read
  /// @param gone let go by the job's holder while they were to be read
  /// @param complete false if it was asked to stop before the end
  public record Pass(
      long packs,
      long bytes,
      long fresh,
      long strays,
      long strayBytes,
      long gone,
      boolean complete,
      List<Finding> damaged) {
    public Pass {
      damaged = List.copyOf(damaged);
    }
  }

  public Scrubber(Store store, Env env, Pace pace, Options options, Listener listener) {
    this.store = store;
    this.env = env;
    this.pace = pace;
    this.options = options;
    this.listener = listener;
  }

  /// What is known of a job.
  ///
  /// @param named kept checkpoints by the packs that they name
  private record Look(Map<String, Set<Long>> named, ScrubMemory memory) {}

  /// A pack to be read.
  ///
  /// @param checked as [ScrubMemory#checked]
  /// @param suspect what to say of it if it is whole, since what it holds cannot be understood
  private record Due(
      JobId job, Look look, String pack, long checked, long sizeBytes, @Nullable Finding suspect) {}

  /// Goes through these jobs once.
  ///
  /// @throws CairnException.Unavailable if the store does not answer
  public Pass pass(List<JobId> jobs, Meter meter) {
    reset();
    var due = new ArrayList<Due>();
    jobs.forEach(job -> look(job, due));
    due.sort(
        Comparator.comparingLong(Due::checked).thenComparing(Due::job).thenComparing(Due::pack));
    meter.total(due.stream().mapToLong(Due::sizeBytes).sum());
    boolean complete = true;
    try {
      for (Due next : due) {
        complete = read(next);
        if (!complete) {
          break;
        }
        meter.moved(next.sizeBytes());
      }
    } finally {
      remember();
    }
    return new Pass(packs, bytes, fresh, strays, strayBytes, gone, complete, findings);
  }

  private void reset() {
    looks.clear();
    findings.clear();
    packs = 0;
    bytes = 0;
    fresh = 0;
    strays = 0;
    strayBytes = 0;
    gone = 0;
    remembered = env.nanos() - REMEMBER_EVERY.toNanos(); // the first one at once
  }

  /// The listing comes first: what is published after it is not taken for a stray.
  private void look(JobId job, List<Due> due) {
    Map<String, Long> sizes = store.repository().packSizes(job);
    History history = JobLog.open(store.journal(), env, job).history();
    for (var slot : history.unreadable()) {
      find(
          new Finding(
              job, slot.object(), "is damaged (%s)".formatted(slot.why()), List.of(), List.of()));
    }
    var named = new TreeMap<String, Set<Long>>();
    var suspects = new HashMap<String, Finding>();
    boolean allNamed = !history.isDamaged();
    for (Published published : history.live().values()) {
      allNamed &= name(job, published, named, suspects);
    }
    ScrubMemory memory = ScrubMemory.read(store.blobs(), env, job);
    memory.retain(named.keySet());
    var look = new Look(named, memory);
    looks.add(look);
    long now = env.now().getEpochSecond();
    for (String pack : named.keySet()) {
      long checked = memory.checked(pack, options.proof());
      Finding suspect = suspects.get(pack);
      if (suspect == null && checked >= 0 && now - checked < options.every().toSeconds()) {
        fresh++;
      } else {
        due.add(new Due(job, look, pack, checked, sizes.getOrDefault(pack, 0L), suspect));
      }
    }
    if (allNamed) { // else nobody knows
      sizes.keySet().removeAll(named.keySet());
      strays += sizes.size();
      strayBytes += sizes.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /// @param suspects packs whose list of files could not be read, and what to say of them
  /// @return whether it is known what the checkpoint needs
  private boolean name(
      JobId job, Published published, Map<String, Set<Long>> named, Map<String, Finding> suspects) {
    ManifestRef ref = published.checkpoint().manifest();
    if (ref == null) {
      return true;
    }
    try {
      for (String pack : store.repository().packs(job, ref)) {
        named.computeIfAbsent(pack, _ -> new TreeSet<>()).add(published.number());
      }
      return true;
    } catch (CairnException.Corrupt e) {
      var finding =
          new Finding(
              job,
              object(job, ref.pack()),
              String.valueOf(e.getMessage()),
              List.of(Restorer.id(job, published)),
              List.of());
      if (Repository.isPack(ref.pack())) {
        named.computeIfAbsent(ref.pack(), _ -> new TreeSet<>()).add(published.number());
        suspects.put(ref.pack(), finding);
      } else {
        find(finding);
      }
      return false;
    }
  }

  private static String object(JobId job, String pack) {
    return "jobs/%s/packs/%s".formatted(job, Text.printable(pack, 200));
  }

  private Map<Long, Published> live(JobId job) {
    return JobLog.open(store.journal(), env, job).history().live();
  }

  private void find(Finding finding) {
    findings.add(finding);
    listener.found(finding);
  }

  /// @return false if it was asked to stop
  private boolean read(Due due) {
    Optional<Scrubbed> read =
        store.repository().scrub(due.job(), due.pack(), options.proof(), pace);
    if (read.isEmpty()) {
      return false;
    }
    Scrubbed scrubbed = read.get();
    bytes += scrubbed.bytes();
    if (!scrubbed.isWhole()) {
      judge(due, scrubbed);
    } else if (due.suspect() != null) {
      packs++;
      find(due.suspect());
    } else {
      packs++;
      due.look().memory().remember(due.pack(), options.proof());
    }
    if (env.nanos() - remembered >= REMEMBER_EVERY.toNanos()) {
      remember();
    }
    return true;
  }

  /// Damage counts only while a kept checkpoint needs the pack.
  private void judge(Due due, Scrubbed scrubbed) {
    var needing = new TreeMap<Long, ManifestRef>();
    var known = new TreeSet<Long>();
    due.look().named().values().forEach(known::addAll);
    live(due.job())
        .forEach((number, published) -> {
          ManifestRef ref = published.checkpoint().manifest();
          if (ref != null && needs(due, number, ref, known)) {
            needing.put(number, ref);
          }
        });
    if (needing.isEmpty()) {
      gone++;
      return;
    }
    packs++;
    var files = new TreeSet<String>();
    needing
        .values()
        .forEach(ref -> files.addAll(store.repository().spoilt(due.job(), ref, scrubbed)));
    find(
        new Finding(
            due.job(),
            object(due.job(), due.pack()),
            scrubbed.reason(),
            needing.keySet().stream().map(number -> new CheckpointId(due.job(), number)).toList(),
            List.copyOf(files)));
  }

  /// @param known checkpoints whose packs are known
  private boolean needs(Due due, long number, ManifestRef ref, Set<Long> known) {
    if (known.contains(number)) {
      return due.look().named().getOrDefault(due.pack(), Set.of()).contains(number);
    }
    try {
      return store.repository().packs(due.job(), ref).contains(due.pack());
    } catch (CairnException.Corrupt e) {
      return ref.pack().equals(due.pack());
    }
  }

  /// Without a memory, everything is only read again sooner.
  private void remember() {
    remembered = env.nanos();
    for (Look look : looks) {
      if (look.memory().isChanged() && !forgetful) {
        try {
          look.memory().save();
        } catch (CairnException.Denied | CairnException.Unavailable e) {
          forgetful = true;
          listener.tell(
              "what was checked cannot be remembered, so it will be checked again: "
                  + e.getMessage());
        }
      }
    }
  }
}
