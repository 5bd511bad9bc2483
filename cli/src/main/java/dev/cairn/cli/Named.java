package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Tag;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import org.jspecify.annotations.Nullable;

/// What somebody wrote to name a job or a checkpoint: `JOB`, `JOB@N` or `JOB@TAG`.
///
/// @param number of a checkpoint, if one was given
/// @param tag of a checkpoint, if one was given
record Named(JobId job, @Nullable Long number, @Nullable String tag) {
  static Named parse(String text) {
    int at = text.lastIndexOf('@');
    if (at < 0) {
      return new Named(JobId.of(text), null, null);
    }
    String tag = text.substring(at + 1);
    if (Tag.isTag(tag)) {
      return new Named(JobId.of(text.substring(0, at)), null, tag);
    }
    CheckpointId id = CheckpointId.parse(text);
    return new Named(id.job(), id.number(), null);
  }

  /// A checkpoint.
  ///
  /// @throws CairnException.Invalid if `text` names a job only
  static Named checkpoint(String text) {
    Named named = parse(text);
    if (named.isJob()) {
      throw new CairnException.Invalid(
          "'%s' names a job, not a checkpoint".formatted(text),
          "Write JOB@N, as 'cairn checkpoints list %s' prints it.".formatted(named.job()));
    }
    return named;
  }

  /// A checkpoint of one job.
  ///
  /// @param text `JOB@N` or `JOB@TAG`, or `N` or `TAG` alone
  static Named checkpointOf(JobId job, String text) {
    Named named = checkpoint(text.contains("@") ? text : job + "@" + text);
    if (!named.job.equals(job)) {
      throw new CairnException.Invalid(
          "%s is a checkpoint of another job than %s".formatted(text, job), "");
    }
    return named;
  }

  boolean isJob() {
    return number == null && tag == null;
  }

  /// The checkpoint of that name.
  ///
  /// @throws CairnException.NotFound if there is none
  Published in(History history) {
    if (tag != null) {
      return history.tagged(tag);
    }
    if (number == null) {
      throw new IllegalStateException(job + " names no checkpoint");
    }
    return history.checkpoint(number);
  }
}
