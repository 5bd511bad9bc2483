package dev.cairn.testkit.interleaving;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.SequentialEnv;
import dev.cairn.testkit.history.Line;
import dev.cairn.testkit.history.Rules;
import dev.cairn.testkit.history.Violation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/// Restores every checkpoint that must be there, and compares it with what its attempt saved.
final class Contents {
  private final JobId job;
  private final Map<Restored, Optional<String>> known = new HashMap<>();

  Contents(String job) {
    this.job = JobId.of(job);
  }

  private record Restored(Line line, Map<String, Bytes> packs, Work work) {}

  List<Violation> judge(Shelf shelf, SortedMap<Long, Line> lines, Rules rules) {
    var found = new ArrayList<Violation>();
    SortedMap<String, Bytes> packs = shelf.below("jobs/" + job + "/packs/");
    rules
        .live()
        .forEach((number, line) -> {
          Work work = work(lines, line);
          known
              .computeIfAbsent(new Restored(line, packs, work), _ -> wrong(shelf, number, work))
              .ifPresent(wrong ->
                  found.add(
                      new Violation("I2", "visible_checkpoints_are_whole", line + ": " + wrong)));
        });
    return found;
  }

  /// What the attempt that wrote that entry must have saved.
  static Work work(SortedMap<Long, Line> lines, Line checkpoint) {
    long token = checkpoint.after().token();
    Line claim = lines.get(token);
    Long from = claim == null ? null : claim.number("from");
    return new Work(token, from == null ? 0 : from);
  }

  private Optional<String> wrong(Shelf shelf, long number, Work work) {
    var env = new SequentialEnv(0);
    var disk = new CrashingDisk();
    var blobs = CallStore.over(shelf);
    var restorer = new Restorer(new Repository(blobs, disk, env));
    Path target = Path.of("/restored");
    try {
      Published published =
          JobLog.open(new BlobJournal(blobs, env), env, job).history().checkpoint(number);
      Optional<String> state = restorer.state(job, published);
      if (!state.equals(Optional.of(work.state()))) {
        return Optional.of("its state is %s, not %s".formatted(state, work.state()));
      }
      restorer.restore(job, published, target, null, Meter.NONE);
      SortedMap<String, String> files = Work.read(disk, target);
      boolean right =
          published.checkpoint().manifest() == null ? files.isEmpty() : files.equals(work.files());
      return right ? Optional.empty() : Optional.of("its files are " + files);
    } catch (CairnException e) {
      return Optional.of(e.toString());
    }
  }
}
