package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal;
import dev.cairn.journal.Watcher;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// When a holder counts as dead (I9).
final class WatcherTest {
  private static final JobId JOB = JobId.of("job");
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final ManualEnv env = new ManualEnv(1);
  private final Journal journal = new BlobJournal(new MemoryBlobStore(), env);
  private Duration pause = Duration.ZERO;

  private Watcher watcher() {
    JobLog log = JobLog.open(journal, env, JOB);
    log.append(_ -> new Event.Submitted("sweep", 3, Map.of()));
    log.append(_ -> Entries.claim("node-a"));
    journal.beat(Entries.beat(JOB, 2, 1));
    return new Watcher(pausing(), env, log, _ -> false);
  }

  /// A journal whose reader stands still after each reading of a heartbeat.
  private Journal pausing() {
    return (Journal)
        Proxy.newProxyInstance(
            WatcherTest.class.getClassLoader(),
            new Class<?>[] {Journal.class},
            (_, method, arguments) -> {
              try {
                Object result = method.invoke(journal, arguments);
                if (method.getName().equals("heartbeat")) {
                  env.advance(pause);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void a_heartbeat_that_stood_still_for_the_lease_is_a_verdict() {
    Watcher watcher = watcher();
    assertThat(watcher.look()).isEmpty();
    env.advance(LEASE.minusMillis(1));
    assertThat(watcher.look()).isEmpty();
    env.advance(Duration.ofMillis(1));
    assertThat(watcher.look()).isPresent();
  }

  @Test
  void the_time_in_which_the_watcher_itself_stood_still_does_not_count() {
    Watcher watcher = watcher();
    assertThat(watcher.look()).isEmpty();
    env.advance(Duration.ofSeconds(1));
    pause = LEASE.multipliedBy(2);
    assertThat(watcher.look()).isEmpty();
    journal.beat(Entries.beat(JOB, 2, 2));
    assertThat(watcher.look()).isEmpty();
  }
}
