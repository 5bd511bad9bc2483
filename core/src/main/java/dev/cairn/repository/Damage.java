package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;

/// Why something stored cannot be read: the pack, and what is wrong with it as the rest of a
/// sentence, such as `is damaged at byte 4096 (hash differs)`.
final class Damage extends Exception {
  private static final long serialVersionUID = 1L;

  private final String pack;
  private final String reason;

  /// @param pack leaf name
  Damage(String pack, String reason) {
    super("pack " + pack + " " + reason, null, false, false);
    this.pack = pack;
    this.reason = reason;
  }

  static Damage missing(PackName pack) {
    return new Damage(pack.leaf(), "is missing");
  }

  static Damage at(PackName pack, long offset, String what) {
    return new Damage(pack.leaf(), "is damaged at byte %d (%s)".formatted(offset, what));
  }

  /// Leaf name of the damaged pack.
  String pack() {
    return pack;
  }

  String reason() {
    return reason;
  }

  /// The same for people, who care about `what` of a job.
  CairnException.Corrupt spoils(String what, JobId job) {
    return new CairnException.Corrupt(
        "%s of job %s cannot be read back: pack %s %s".formatted(what, job, pack, reason),
        "See which checkpoints are whole: cairn checkpoints verify " + job);
  }
}
