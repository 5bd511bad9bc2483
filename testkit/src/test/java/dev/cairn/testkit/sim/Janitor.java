package dev.cairn.testkit.sim;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal;

/// Somebody who breaks the rules: he deletes packs that no entry names, without a claim, and
/// appends a pin at the same moment. A worker that was about to publish loses the race for its
/// number to him, and must find out that its packs are gone.
final class Janitor {
  private static final JobId JOB = Crowd.JOB;

  private final Sim sim;
  private final SimProcess janitor;

  Janitor(Sim sim) {
    this.sim = sim;
    this.janitor = sim.process(sim.nodes().getLast());
  }

  /// Works until the play is over.
  void clean() {
    while (!janitor.group.isDead()) {
      sim.scheduler().current().sleep(sim.random().nextLong(1_000_000, 8_000_000), "janitor");
      BlobStore raw = sim.raw();
      boolean deleted = false;
      for (BlobStore.Item pack : raw.list("jobs/" + JOB + "/packs")) {
        boolean needed =
            sim.witness().audit().needing(sim.witness().job(JOB.value()), pack.leaf()).isPresent();
        if (!needed && sim.random().nextBoolean()) {
          raw.delete(pack.name());
          sim.story().tell(janitor.name, () -> "throws away " + pack.name());
          deleted = true;
        }
      }
      if (deleted) {
        pin(raw);
      }
    }
  }

  private void pin(BlobStore raw) {
    Journal journal = sim.journal(raw, janitor.env);
    Entry pin =
        JobLog.open(journal, janitor.env, JOB).append(_ -> new Event.Pinned(janitor.name, 1));
    sim.witness().appeared(janitor, "jobs/%s/journal/%020d.json".formatted(JOB, pin.number()));
  }
}
