package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Event;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Donor;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.repository.Repository.Mended;
import java.util.ArrayList;
import java.util.List;

/// Makes damaged checkpoints of a job whole again, under a maintenance claim, in the order that
/// keeps I2 and I5: what is missing is stored and durable, then an entry says where the checkpoint
/// is now, then the damaged packs go. Thread-safe.
public final class Mender {
  private static final Errand ERRAND = new Errand("cairn repair", "repair_failed");

  private final Store store;
  private final Disk disk;
  private final Env env;
  private final Claimer claimer;
  private final String node;

  public Mender(Store store, Disk disk, Env env, Claimer claimer, String node) {
    this.store = store;
    this.disk = disk;
    this.env = env;
    this.claimer = claimer;
    this.node = node;
  }

  /// What became of one checkpoint.
  public record Report(long checkpoint, Mended mended) {}

  /// Reads all checkpoints of a job, and mends what is damaged; the newest first. The job's own
  /// packs are asked first: another checkpoint may have stored the same again.
  ///
  /// Damaged packs are deleted only if all checkpoints are whole in the end: what is lost may still
  /// turn up.
  ///
  /// @param donors asked in this order
  /// @param by who wants that, for the journal
  /// @throws CairnException.Conflict if somebody runs the job, or patience ended
  public List<Report> mend(
      JobLog log, List<Donor> donors, String by, Claimer.Patience patience, Meter meter) {
    return ERRAND.run(
        Errand.claim(claimer, log, patience), attempt -> mend(attempt, donors, by, meter));
  }

  private List<Report> mend(Attempt attempt, List<Donor> donors, String by, Meter meter) {
    var all = new ArrayList<Donor>();
    all.add(new Donor.Packs(store.blobs(), attempt.job()));
    all.addAll(donors);
    var reports = new ArrayList<Report>();
    for (Published published :
        List.copyOf(attempt.log().history().live().descendingMap().values())) {
      ManifestRef manifest = published.checkpoint().manifest();
      if (manifest != null) {
        Mended mended =
            store.repository().mend(attempt.job(), manifest, attempt.token(), all, meter);
        Repository.Saved saved = mended.saved();
        if (saved != null) {
          publish(attempt, published.number(), saved, by);
        }
        reports.add(new Report(published.number(), mended));
      }
    }
    if (reports.stream().allMatch(report -> report.mended.lost().isEmpty())) {
      new Checkpointer(store.repository(), disk, env, attempt, Retention.DEFAULTS, node).sweep();
    }
    return reports;
  }

  private void publish(Attempt attempt, long number, Repository.Saved saved, String by) {
    long decided = attempt.log().history().last();
    attempt.append(history -> {
      if (history.last() != decided) {
        store.repository().requirePacks(attempt.job(), saved.packs());
      }
      return new Event.Repaired(number, saved.manifest(), by);
    });
  }
}
