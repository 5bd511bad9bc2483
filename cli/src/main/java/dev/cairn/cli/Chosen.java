package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import java.util.List;
import java.util.function.Supplier;

/// The checkpoint that somebody named: `JOB@N` or `JOB@TAG`, or `JOB` for the newest of its
/// lineage.
///
/// @param candidates in the order in which they are tried; one if a number was named
record Chosen(JobLog log, List<Published> candidates) {
  static Chosen of(Context context, Store store, String text) {
    Named named = Named.parse(text);
    JobLog log = context.existing(store, named.job().value());
    if (!named.isJob()) {
      return new Chosen(log, List.of(named.in(log.history())));
    }
    context.warnOfDamage(log.history());
    List<Published> lineage = log.history().lineage();
    if (lineage.isEmpty()) {
      throw new CairnException.NotFound(
          "job %s has no checkpoint".formatted(named.job()), "See: cairn jobs show " + named.job());
    }
    return new Chosen(log, lineage);
  }

  Published first() {
    return candidates.getFirst();
  }

  /// Does `body`, which reads that checkpoint. Whoever reads holds nothing, so retention may let it
  /// go meanwhile: then it is not damaged but gone.
  ///
  /// @throws CairnException.NotFound if it was pruned meanwhile; names the newest
  <T> T reading(Published published, Supplier<T> body) {
    try {
      return body.get();
    } catch (CairnException.Corrupt e) {
      requireStillThere(published, e);
      throw e;
    }
  }

  private void requireStillThere(Published published, CairnException.Corrupt because) {
    try {
      log.refresh();
    } catch (CairnException e) {
      because.addSuppressed(e);
      return;
    }
    if (!log.history().live().containsKey(published.number())) {
      Long newest = log.state().newest();
      throw new CairnException.NotFound(
          "checkpoint %s was pruned while it was read%s"
              .formatted(
                  id(published),
                  newest == null ? "" : "; the newest is " + log.job() + "@" + newest),
          "See: cairn checkpoints list " + log.job());
    }
  }

  String id(Published published) {
    return log.job() + "@" + published.number();
  }
}
