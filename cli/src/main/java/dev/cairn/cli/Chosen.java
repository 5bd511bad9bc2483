package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import java.util.List;

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

  String id(Published published) {
    return log.job() + "@" + published.number();
  }
}
