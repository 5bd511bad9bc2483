package dev.cairn.cli;

import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import org.jspecify.annotations.Nullable;

/// What a command that changes a job prints of it afterwards.
record JobStatus(String job, String status, String reason, @Nullable String newestCheckpoint) {
  static void print(Context context, boolean json, JobId job, JobState state) {
    var status =
        new JobStatus(
            job.value(),
            state.status().toString(),
            state.reason(),
            state.newest() == null ? null : job + "@" + state.newest());
    if (json) {
      Json.print(context.out(), status);
    } else {
      context
          .out()
          .println(
              "job %s is %s%s"
                  .formatted(
                      job,
                      status.status,
                      status.reason.isEmpty() ? "" : " (" + status.reason + ")"));
    }
  }
}
