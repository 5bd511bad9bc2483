package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Event;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.env.Host;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A job whose command failed rests before anybody starts it again.
final class RestTest {
  private static final Duration REST = Duration.ofSeconds(60);
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final SequentialEnv env = new SequentialEnv(1);
  private final CrashingDisk disk = new CrashingDisk();
  private final Store store = Worker.store(new MemoryBlobStore(), disk, env);
  private final Claimer claimer =
      new Claimer(store.journal(), env, new Host("node-b", "", 0), LEASE.dividedBy(3), LEASE);

  @BeforeEach
  void the_command_fails() {
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    Worker first = Worker.claim(store, disk, env, "node-a");
    first.end(new Event.Released("child_failed", "exit code 3", true, 3, REST.toMillis()));
  }

  private JobLog log() {
    return JobLog.existing(store.journal(), env, Worker.JOB);
  }

  private Duration untilClaimed(Purpose purpose) {
    long start = env.nanos();
    var claimed =
        claimer.claim(
            log(),
            purpose,
            (_, _, look) -> {
              env.sleep(look);
              return true;
            });
    assertThat(claimed).isPresent();
    return Duration.ofNanos(env.nanos() - start);
  }

  @Test
  void everybody_waits_from_when_he_first_saw_it() {
    env.advance(REST.dividedBy(2)); // nobody knows whose clock the entry was written by

    assertThat(untilClaimed(Purpose.WORK)).isEqualTo(REST);
  }

  @Test
  void who_gave_up_meanwhile_does_not_start_to_wait_anew() {
    assertThat(claimer.claim(log(), Purpose.WORK, (_, _, _) -> false)).isEmpty();
    env.advance(REST.dividedBy(2));

    assertThat(untilClaimed(Purpose.WORK)).isEqualTo(REST.dividedBy(2));
  }

  @Test
  void what_else_is_written_meanwhile_makes_it_neither_longer_nor_shorter() {
    assertThat(claimer.claim(log(), Purpose.WORK, (_, _, _) -> false)).isEmpty();
    env.advance(REST.dividedBy(2));
    Worker.claim(store, disk, env, "node-c", Purpose.MAINTENANCE, 3).release();

    assertThat(untilClaimed(Purpose.WORK)).isEqualTo(REST.dividedBy(2));
  }

  @Test
  void maintenance_does_not_wait() {
    assertThat(untilClaimed(Purpose.MAINTENANCE)).isZero();
  }

  @Test
  void a_person_who_says_that_it_goes_on_ends_it() {
    log().append(_ -> new Event.PauseRequested("ann", ""));
    log().append(_ -> new Event.Resumed("ann", null));

    assertThat(untilClaimed(Purpose.WORK)).isZero();
  }
}
