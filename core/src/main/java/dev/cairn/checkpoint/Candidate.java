package dev.cairn.checkpoint;

import dev.cairn.domain.Checkpoint;
import dev.cairn.journal.History.Published;
import java.time.Instant;

/// A checkpoint that stays or goes.
///
/// @param at when its entry was written, by the wall clock of its writer
public record Candidate(long number, Instant at, Checkpoint checkpoint) {
  static Candidate of(Published published) {
    return new Candidate(published.number(), published.entry().at(), published.checkpoint());
  }
}
