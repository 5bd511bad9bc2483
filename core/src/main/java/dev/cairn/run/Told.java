package dev.cairn.run;

import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Text;
import dev.cairn.env.Host;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.Journal.Slot;
import java.time.Duration;

/// The sentences that a supervisor says to people.
final class Told {
  private static final int SIGNALLED = 128;

  private Told() {}

  static String saved(JobId job, Saved saved) {
    Checkpoint c = saved.checkpoint();
    return "saved %s@%d (%s%s): %d files, %s, %s new, %s stored, in %s"
        .formatted(
            job,
            saved.entry().number(),
            c.kind(),
            step(c.progress()),
            c.files(),
            Human.bytes(c.sizeBytes()),
            Human.bytes(c.newBytes()),
            Human.bytes(c.storedBytes()),
            Human.duration(Duration.ofMillis(c.durationMillis())));
  }

  static String unreadable(Slot.Unreadable slot) {
    return "%s is damaged (%s): if it was a checkpoint, the job goes on from an older one"
        .formatted(slot.object(), slot.why());
  }

  static String restored(JobId job, Published from, Host host) {
    Checkpoint c = from.checkpoint();
    String where = c.node().equals(host.node()) ? "" : ", saved on " + c.node();
    return c.isBaseline()
        ? "starting over from what was there before the first start (%s@%d)"
            .formatted(job, from.number())
        : "restored %s@%d (%s%s%s): %d files, %s, every byte checked"
            .formatted(
                job,
                from.number(),
                c.kind(),
                step(c.progress()),
                where,
                c.files(),
                Human.bytes(c.sizeBytes()));
  }

  private static String step(Progress progress) {
    return progress.step() == null ? "" : ", step " + progress.step();
  }

  static String stopping(Stop why, Duration grace) {
    String reason =
        switch (why) {
          case HAND_BACK -> "SIGTERM";
          case INTERRUPT, FORCE -> "Ctrl-C";
          case PAUSE -> "a pause was asked for";
          case CANCEL -> "the job was cancelled";
          case DISK_FULL -> "the store is full";
        };
    return "%s: the command has up to %s to save and end%s"
        .formatted(
            reason, Human.duration(grace), why == Stop.INTERRUPT ? "; Ctrl-C again forces" : "");
  }

  static String stopped(JobId job, JobState state) {
    String go =
        switch (state.status()) {
          case PENDING -> "handed back; the same command goes on, here or elsewhere";
          case PAUSED -> "go on with: cairn jobs resume " + job;
          default -> "";
        };
    return "job %s is %s%s%s"
        .formatted(job, state.status(), reason(state), go.isEmpty() ? "" : "; " + go);
  }

  static String ended(JobId job, int code, JobState state, Duration wait) {
    String what = "the command ended with " + exit(code);
    return switch (state.status()) {
      case COMPLETED -> "job %s is completed".formatted(job);
      case PENDING ->
          what
              + (wait.isZero()
                  ? "; starting it again"
                  : "; starting it again in " + Human.duration(wait));
      case FAILED ->
          "%s; job %s has failed%s. When the cause is mended: cairn jobs resume %s"
              .formatted(what, job, reason(state), job);
      case PAUSED ->
          "%s; job %s is paused%s. To go on: cairn jobs resume %s"
              .formatted(what, job, reason(state), job);
      default -> "%s; job %s is %s".formatted(what, job, state.status());
    };
  }

  static String resting(JobId job, JobState state, Duration left) {
    return "job %s is %s%s; starting it in %s"
        .formatted(job, state.status(), reason(state), duration(left));
  }

  static String exit(int code) {
    return code > SIGNALLED
        ? "signal %d (exit code %d)".formatted(code - SIGNALLED, code)
        : "exit code " + code;
  }

  static String reason(JobState state) {
    return state.reason().isEmpty() ? "" : " (" + Text.printable(state.reason(), 60) + ")";
  }

  static String duration(Duration duration) {
    return Human.duration(duration);
  }
}
