package dev.cairn.testkit.sim;

import dev.cairn.domain.Entry;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.journal.Journal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A journal as one process uses it; tells the witness what this process was told.
final class RecordingJournal implements Journal {
  private final SimProcess process;
  private final Journal journal;
  private final Witness witness;

  RecordingJournal(SimProcess process, Journal journal, Witness witness) {
    this.process = process;
    this.journal = journal;
    this.witness = witness;
  }

  @Override
  public Slot append(Entry entry) {
    Slot standing = journal.append(entry);
    if (standing instanceof Slot.Readable(Entry winner) && winner.id().equals(entry.id())) {
      witness.acknowledged(process, entry.job().value(), entry.number(), entry.id());
    }
    known(standing);
    return standing;
  }

  private void known(Slot slot) {
    if (slot instanceof Slot.Readable(Entry entry)) {
      witness.known(process, entry.job().value(), entry.number());
    }
  }

  @Override
  public Optional<Slot> confirm(JobId job, long number) {
    return journal.confirm(job, number);
  }

  @Override
  public Optional<Slot> last(JobId job) {
    Optional<Slot> last = journal.last(job);
    last.ifPresent(this::known);
    return last;
  }

  @Override
  public long highest(JobId job) {
    return journal.highest(job);
  }

  @Override
  public List<Slot> entries(JobId job, long from, int limit) {
    List<Slot> slots = journal.entries(job, from, limit);
    slots.forEach(this::known);
    return slots;
  }

  @Override
  public List<JobId> jobs() {
    return journal.jobs();
  }

  @Override
  public void trim(Entry tombstone) {
    journal.trim(tombstone);
  }

  @Override
  public void beat(Heartbeat beat) {
    witness.spending().sending(beat.job().value(), beat.token(), beat.progress().costUsd());
    journal.beat(beat);
    witness.spending().acknowledged(beat.job().value(), beat.token(), beat.progress().costUsd());
  }

  @Override
  public Optional<Heartbeat> heartbeat(JobId job, long token) {
    long asked = process.sim.scheduler().nanos();
    Optional<Heartbeat> beat = journal.heartbeat(job, token);
    witness
        .takeovers()
        .read(process.name, job.value(), token, beat.map(Heartbeat::beat).orElse(0L), asked);
    return beat;
  }

  @Override
  public List<Heartbeat> heartbeats(JobId job) {
    return journal.heartbeats(job);
  }

  @Override
  public boolean watch(JobId job, long number, Duration limit) {
    return journal.watch(job, number, limit);
  }

  @Override
  public String location() {
    return journal.location();
  }
}
