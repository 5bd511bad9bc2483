package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Repository;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Two processes on two machines want the same job at the same moment, a hundred times.
class ClaimRaceTest {
  private static final int RACES = 100;
  private static final String WON = "won ";
  private static final String LOST = "lost";

  @RegisterExtension private final Machines machines = new Machines();

  /// Claims one job after the other, as they are called out.
  static final class Racer {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private Racer() {}

    /// Takes the store's path as its argument and job ids as lines, and answers each of them.
    public static void main(String[] args) throws IOException {
      Env env = new SystemEnv();
      try (Store store =
          Store.open(new RealDisk(), env, Path.of(args[0]), Repository.Compression.AUTO)) {
        var claimer = new Claimer(store.journal(), env, Host.here(), Duration.ofSeconds(10), LEASE);
        var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String job = calls.readLine(); job != null; job = calls.readLine()) {
          JobLog log = JobLog.open(store.journal(), env, JobId.of(job));
          System.out.println(
              claimer
                  .claim(
                      log,
                      Event.Purpose.WORK,
                      (_, lease, look) -> {
                        boolean isDead = lease.compareTo(LEASE) < 0;
                        if (isDead) {
                          env.sleep(look);
                        }
                        return isDead;
                      })
                  .map(claimed -> WON + claimed.attempt().token())
                  .orElse(LOST));
        }
      }
    }
  }

  @Test
  void exactly_one_wins_a_job_that_nobody_holds() throws Exception {
    race((log, _) -> {});
  }

  @Test
  void exactly_one_takes_over_from_a_dead_holder() throws Exception {
    race((log, race) -> {
      var dead = new Event.Owner("c", "another boot", 1, 1);
      log.append(_ -> new Event.Claimed(Event.Purpose.WORK, dead, null, 1 + race % 50));
    });
  }

  private interface Preparation {
    void of(JobLog log, int race);
  }

  private void race(Preparation preparation) throws Exception {
    Env env = new SystemEnv();
    try (Store store =
            Store.openOrCreate(new RealDisk(), env, machines.store(), Repository.Compression.AUTO);
        Contestant a = new Contestant(machines.node("a"));
        Contestant b = new Contestant(machines.node("b"))) {
      a.awaitReady();
      b.awaitReady();
      int wonByFirst = 0;
      for (int race = 0; race < RACES; race++) {
        JobLog log = JobLog.open(store.journal(), env, JobId.of("job-" + race));
        log.append(_ -> new Event.Submitted("race", 5, Map.of()));
        preparation.of(log, race);
        (race % 2 == 0 ? a : b).call(log.job());
        (race % 2 == 0 ? b : a).call(log.job());
        List<String> answers = List.of(a.answer(), b.answer());

        log.refresh();
        assertThat(answers).containsExactlyInAnyOrder(WON + log.state().token(), LOST);
        assertThat(claims(log.job())).endsWith(log.state().token()).hasSize(log.state().attempt());
        wonByFirst += answers.getFirst().equals(LOST) ? 0 : 1;
      }
      assertThat(wonByFirst).as("races won by the first of the two").isBetween(1, RACES - 1);
    }
  }

  private List<Long> claims(JobId job) {
    return machines.entries(job.value()).stream()
        .filter(e -> e.event() instanceof Event.Claimed)
        .map(Entry::number)
        .toList();
  }

  /// A [Racer] in a process of its own.
  private record Contestant(Process process, BufferedReader answers) implements AutoCloseable {
    Contestant(Machines.Node node) {
      Process process =
          CairnProcess.start(
              Racer.class.getName(),
              List.of(node.variables().get("CAIRN_STORE")),
              node.file("."),
              node.variables(),
              Redirect.PIPE,
              node.file("err"));
      this(process, process.inputReader(StandardCharsets.UTF_8));
    }

    void awaitReady() throws IOException {
      assertThat(answer()).isEqualTo("ready");
    }

    void call(JobId job) throws IOException {
      process.getOutputStream().write((job + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    }

    String answer() throws IOException {
      return Objects.requireNonNull(answers.readLine(), "it has ended");
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
