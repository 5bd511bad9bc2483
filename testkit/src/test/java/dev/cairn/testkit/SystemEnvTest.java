package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The real environment and the one for tests.
final class SystemEnvTest {
  static List<Env> environments() {
    return List.of(new SystemEnv(), new ManualEnv(1));
  }

  @ParameterizedTest
  @MethodSource("environments")
  void a_join_throws_what_the_body_threw(Env env) {
    var failure = new IllegalStateException("as planned");
    Env.Task task =
        env.fork(
            "body",
            () -> {
              throw failure;
            });
    assertThatThrownBy(task::join).isSameAs(failure);
    assertThatThrownBy(() -> task.join(Duration.ofMinutes(1))).isSameAs(failure);
  }

  @ParameterizedTest
  @MethodSource("environments")
  void a_join_waits_no_longer_than_it_may(Env env) {
    var latch = new CountDownLatch(1);
    Env.Task task = env.fork("body", () -> await(latch));
    assertThat(task.join(Duration.ofMillis(1))).isFalse();
    latch.countDown();
    assertThat(task.join(Duration.ofMinutes(1))).isTrue();
  }

  @ParameterizedTest
  @MethodSource("environments")
  void an_interrupt_cancels_a_sleep_and_stays_set(Env env) {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> env.sleep(Duration.ofMinutes(1)))
        .isInstanceOf(CairnException.Cancelled.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("environments")
  void an_interrupted_task_ends(Env env) {
    Env.Task task = env.fork("body", () -> await(new CountDownLatch(1)));
    task.interrupt();
    assertThatThrownBy(task::join).isInstanceOf(CairnException.Cancelled.class);
  }

  @ParameterizedTest
  @MethodSource("environments")
  void sleep_moves_the_clock_that_never_jumps(Env env) {
    long before = env.nanos();
    env.sleep(Duration.ofMillis(2));
    assertThat(env.nanos() - before).isGreaterThanOrEqualTo(2_000_000);
    assertThat(env.randomHex(8)).matches("[0-9a-f]{16}").isNotEqualTo(env.randomHex(8));
  }

  @org.junit.jupiter.api.Test
  void the_wall_clock_of_a_test_jumps_without_the_other() {
    var env = new ManualEnv(1);
    env.setWallClock(Instant.EPOCH);
    env.advance(Duration.ofSeconds(5));
    assertThat(env.now()).isEqualTo(Instant.EPOCH.plusSeconds(5));
    assertThat(env.nanos()).isEqualTo(5_000_000_000L);
    assertThat(new ManualEnv(9).randomHex(16)).isEqualTo(new ManualEnv(9).randomHex(16));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      throw new CairnException.Cancelled("as planned");
    }
  }
}
