package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/// `<job>@<number>`: the checkpoint that the job's journal entry of that number published.
public record CheckpointId(JobId job, long number) {
  public CheckpointId {
    if (number < 1) {
      throw new CairnException.Invalid(
          "checkpoint number %d of job %s is not positive".formatted(number, job),
          "See: cairn checkpoints list " + job);
    }
  }

  /// @throws CairnException.Invalid if `text` is not `<job>@<number>`
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static CheckpointId parse(String text) {
    int at = text.lastIndexOf('@');
    if (at < 0) {
      throw invalid(text);
    }
    JobId job = JobId.of(text.substring(0, at));
    String digits = text.substring(at + 1);
    if (digits.isEmpty()
        || digits.length() > 18
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw invalid(text);
    }
    return new CheckpointId(job, Long.parseLong(digits));
  }

  private static CairnException.Invalid invalid(String text) {
    return new CairnException.Invalid(
        "'%s' is not a checkpoint id".formatted(Text.printable(text, 60)),
        "Write it as JOB@NUMBER, as 'cairn checkpoints list' prints it.");
  }

  @JsonValue
  @Override
  public String toString() {
    return job + "@" + number;
  }
}
