package dev.cairn.testkit.interleaving;

import dev.cairn.checkpoint.CapturedFiles;
import dev.cairn.checkpoint.Checkpointer;
import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Retention;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.JobState.Request;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Status;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.interleaving.Actor.Role;
import dev.cairn.testkit.interleaving.Actor.Script;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What processes do in the plays: short, and with the library as it is.
///
/// Leases have no length: whoever looks twice at a heartbeat that stands still may take the job
/// over. So the order of calls alone decides, and no clock.
final class Scripts {
  static final String JOB = "j";

  private static final JobId ID = JobId.of(JOB);
  private static final Path HOME = Path.of("/home");
  private static final int LOOKS = 4;
  private static final int FEW_LOOKS = 2;
  private static final int TRIES = 2;

  private Scripts() {}

  /// Makes the job, with as many checkpoints, one of each attempt.
  static Script past(int checkpoints, boolean files) {
    return role -> {
      log(role).append(_ -> new Event.Submitted("past", 3, Map.of()));
      for (int i = 0; i < checkpoints; i++) {
        worker(files, 1).play(role);
      }
    };
  }

  /// Claims, restores, saves that many checkpoints and hands back.
  static Script worker(boolean files, int saves) {
    return role ->
        claim(role, Event.Purpose.WORK, LOOKS, attempt -> work(role, attempt, files, saves));
  }

  /// The same, but gives up as soon as the holder that it watched turns out to be another.
  static Script impatient(boolean files, int saves) {
    return role ->
        claim(role, Event.Purpose.WORK, FEW_LOOKS, attempt -> work(role, attempt, files, saves));
  }

  /// Claims, and does nothing more.
  static Script vanisher() {
    return role -> claim(role, Event.Purpose.WORK, FEW_LOOKS, _ -> {});
  }

  /// Drops the oldest checkpoint: does it where nobody runs the job, else asks its holder to.
  static Script pruner() {
    return role -> {
      JobLog log = log(role);
      long oldest = log.history().live().firstKey();
      if (log.state().status() == Status.RUNNING) {
        again(() -> log.append(_ -> new Event.PruneRequested(role.name(), List.of(oldest))));
        role.say("asked");
        return;
      }
      maintain(role, checkpointer -> checkpointer.prune(Set.of(oldest), "asked for"));
    };
  }

  /// Deletes the job if nobody runs it.
  static Script deleter() {
    return role -> maintain(role, checkpointer -> checkpointer.delete(role.name()));
  }

  /// Makes sure that the newest checkpoint stays, if the library says it does.
  static Script pinner() {
    return role -> {
      JobLog log = log(role);
      long oldest = log.history().live().firstKey();
      again(() ->
          log.append(history -> {
            history.checkpoint(oldest);
            return new Event.Pinned(role.name(), oldest);
          }));
      role.say("pinned");
      role.claim(
          "I5",
          "what_is_pinned_stays",
          role.name() + " has pinned " + oldest + ", which is gone",
          rules -> rules.live().containsKey(oldest) || rules.status().equals("none"));
    };
  }

  /// Pauses the job, and lets it go on from its oldest checkpoint.
  static Script rewinder() {
    return role -> {
      JobLog log = log(role);
      try {
        again(() -> log.append(_ -> new Event.PauseRequested(role.name(), "")));
      } catch (CairnException.Conflict e) {
        role.say("is told no");
      }
      log.refresh();
      Long oldest = log.history().live().isEmpty() ? null : log.history().live().firstKey();
      again(() ->
          log.append(history -> {
            if (oldest != null) {
              history.checkpoint(oldest);
            }
            return new Event.Resumed(role.name(), oldest);
          }));
      role.say("resumed");
    };
  }

  private static JobLog log(Role role) {
    JobLog log = again(() -> JobLog.open(new BlobJournal(role.blobs, role.env), role.env, ID));
    role.say("open");
    return log;
  }

  private static Repository repository(Role role) {
    var storing = Repository.Storing.DEFAULTS.with(Repository.Compression.NONE);
    return new Repository(role.blobs, role.disk, role.env).storing(storing);
  }

  private static void maintain(Role role, Consumer<Checkpointer> errand) {
    claim(
        role,
        Event.Purpose.MAINTENANCE,
        LOOKS,
        attempt -> {
          again(() -> {
            errand.accept(checkpointer(role, attempt));
            return true;
          });
          role.say("maintained");
          if (attempt.log().history().exists()) {
            end(role, attempt, new Event.Released("done", "", false, null, 0));
          }
        });
  }

  private static Checkpointer checkpointer(Role role, Attempt attempt) {
    return new Checkpointer(
        repository(role), role.disk, role.env, attempt, new Retention(2), role.name());
  }

  private static void claim(Role role, Event.Purpose purpose, int most, Consumer<Attempt> then) {
    JobLog log = log(role);
    var journal = new BlobJournal(role.blobs, role.env);
    var claimer = new Claimer(journal, role.env, role.host, Duration.ofSeconds(1), Duration.ZERO);
    int[] looks = {0};
    Claimer.Patience patience =
        (_, _, _) -> {
          role.say("looked");
          return ++looks[0] < most;
        };
    Claimer.Claimed claimed = again(() -> claimer.claim(log, purpose, patience)).orElse(null);
    if (claimed == null) {
      role.say("gave up");
      return;
    }
    role.say(claimed.displaced() == null ? "claimed" : "took over");
    try (Attempt attempt = claimed.attempt()) {
      then.accept(attempt);
    } catch (CairnException.Fenced e) {
      long token = claimed.attempt().token();
      role.say("fenced");
      role.claim(
          "I3",
          "nobody_is_fenced_for_nothing",
          "%s was fenced although %d holds the job".formatted(role.name(), token),
          rules -> rules.holder() != token);
    } catch (CairnException.Corrupt e) {
      role.claim("I2", "nothing_looks_damaged", role.name() + " is told: " + e, _ -> false);
    }
  }

  private static void work(Role role, Attempt attempt, boolean files, int saves) {
    if (saves > 0 && answer(role, attempt, again(attempt::refresh))) {
      return;
    }
    Long from = attempt.log().history().claim().orElseThrow().from();
    var checkpointer = checkpointer(role, attempt);
    if (files) {
      restore(role, attempt, checkpointer, from);
    }
    var work = new Work(attempt.token(), from == null ? 0 : from);
    for (int i = 0; i < saves; i++) {
      JobState state = i == 0 ? attempt.log().state() : again(attempt::refresh);
      if (answer(role, attempt, state)) {
        return;
      }
      if (state.asks(Request.Kind.PRUNE)) {
        Set<Long> asked = attempt.log().history().asksToDrop();
        again(() -> {
          checkpointer.prune(asked, "asked for");
          return true;
        });
        role.say("pruned");
      }
      role.say("saving");
      save(role, checkpointer, work, files, state);
    }
    end(role, attempt, new Event.Released("preempted", "", false, null, 0));
  }

  private static void restore(
      Role role, Attempt attempt, Checkpointer checkpointer, @Nullable Long from) {
    Path target = Path.of("/restored-" + attempt.token());
    var restorer = new Restorer(repository(role));
    var lineage = attempt.log().history().lineage();
    Restorer.Outcome outcome =
        again(() -> restorer.newestValid(ID, lineage, target, null, Meter.NONE));
    Long found = outcome.checkpoint() == null ? null : outcome.checkpoint().number();
    outcome
        .damaged()
        .forEach((number, e) ->
            role.claim(
                "I2",
                "visible_checkpoints_are_whole",
                "%s cannot restore %d: %s".formatted(role.name(), number, e),
                rules -> !rules.live().containsKey(number)));
    role.claim(
        "I3",
        "attempts_go_on_from_their_claim",
        "%s goes on from %s, its claim says %s".formatted(role.name(), found, from),
        rules -> Objects.equals(found, from) || rules.holder() != attempt.token());
    role.say("restored");
    checkpointer.wentOnFrom(found, outcome.damaged().keySet());
  }

  private static void save(
      Role role, Checkpointer checkpointer, Work work, boolean files, JobState state) {
    if (files) {
      work.write(role.disk, HOME);
    }
    List<Long> asked = new ArrayList<>();
    for (Request request : state.requests()) {
      if (request.kind() == Request.Kind.CHECKPOINT) {
        asked.add(request.number());
      }
    }
    var capture =
        new Capture(
            Checkpoint.Kind.PERIODIC,
            CapturedFiles.in(files ? HOME : null, _ -> false),
            Progress.NONE,
            Map.of(),
            work.state(),
            asked);
    again(() -> {
      try {
        return checkpointer.save(capture, Meter.NONE);
      } catch (Changed e) {
        throw new IllegalStateException(e);
      }
    });
    role.say("saved");
  }

  private static boolean answer(Role role, Attempt attempt, JobState state) {
    if (!state.asks(Request.Kind.PAUSE)) {
      return false;
    }
    end(role, attempt, new Event.Paused("person", "asked for"));
    return true;
  }

  private static void end(Role role, Attempt attempt, Event.End event) {
    role.say("ending");
    again(() -> attempt.append(_ -> event));
    role.say("ended");
  }

  /// An answer that did not come is asked for once more.
  private static <T> T again(Supplier<T> action) {
    for (int i = 1; ; i++) {
      try {
        return action.get();
      } catch (CairnException.Unavailable e) {
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }
}
