package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Attempt;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Two processes on two machines want the same job at the same moment, a hundred times.
class ClaimRaceTest {
  private static final int RACES = 100;
  private static final String WON = "won ";
  private static final String LOST = "lost";
  private static final String PUBLISHED = "published ";
  private static final String FENCED = "fenced";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(50);

  @RegisterExtension private final Machines machines = new Machines();

  /// Does to one job after the other what it is told, and answers each time.
  static final class Racer {
    private final Env env = new SystemEnv();
    private final Store store;
    private final Claimer claimer;
    private final Map<String, Attempt> attempts = new HashMap<>();

    private Racer(Path root, Duration lease) {
      store = Store.open(new RealDisk(), env, root);
      claimer = new Claimer(store.journal(), env, Host.here(), Duration.ofHours(1), lease);
    }

    /// Takes the store's path and a lease in milliseconds as arguments, and lines that say `claim
    /// JOB` or `publish JOB`.
    public static void main(String[] args) throws IOException {
      var racer = new Racer(Path.of(args[0]), Duration.ofMillis(Long.parseLong(args[1])));
      var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      System.out.println("ready");
      for (String call = calls.readLine(); call != null; call = calls.readLine()) {
        String[] words = call.split(" ", 2);
        System.out.println(
            words[0].equals("claim") ? racer.claim(words[1]) : racer.publish(words[1]));
      }
    }

    /// Waits for the end of a short lease only.
    private String claim(String job) {
      return claimer
          .claim(
              JobLog.open(store.journal(), env, JobId.of(job)),
              Event.Purpose.WORK,
              (_, lease, look) -> {
                boolean isShort = lease.compareTo(SHORT) <= 0;
                if (isShort) {
                  env.sleep(look);
                }
                return isShort;
              })
          .map(Claimer.Claimed::attempt)
          .map(attempt -> {
            attempts.put(job, attempt);
            return WON + attempt.token();
          })
          .orElse(LOST);
    }

    private String publish(String job) {
      try {
        Attempt attempt = Objects.requireNonNull(attempts.get(job));
        return PUBLISHED
            + attempt.append(_ -> new Event.Released("done", "", false, null, 0)).after().token();
      } catch (CairnException.Fenced e) {
        return FENCED;
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

  @Test
  void whoever_was_displaced_publishes_nothing() throws Exception {
    Env env = new SystemEnv();
    try (Store store = Store.openOrCreate(new RealDisk(), env, machines.store());
        Contestant a = new Contestant(machines.node("a"), SHORT);
        Contestant b = new Contestant(machines.node("b"), LONG)) {
      for (int race = 0; race < RACES / 5; race++) {
        JobLog log = JobLog.open(store.journal(), env, JobId.of("job-" + race));
        log.append(_ -> new Event.Submitted("race", 5, Map.of()));
        assertThat(a.answerTo("claim " + log.job())).startsWith(WON);
        assertThat(b.answerTo("claim " + log.job())).startsWith(WON);
        List<Long> claims = claims(log.job());

        assertThat(a.answerTo("publish " + log.job())).isEqualTo(FENCED);
        assertThat(b.answerTo("publish " + log.job())).isEqualTo(PUBLISHED + claims.getLast());
        assertThat(a.answerTo("publish " + log.job())).isEqualTo(FENCED);
        log.refresh();
        assertThat(log.history().last()).isEqualTo(claims.getLast() + 1);
        assertThat(log.state().ordinal()).isEqualTo(1);
      }
    }
  }

  private interface Preparation {
    void of(JobLog log, int race);
  }

  private void race(Preparation preparation) throws Exception {
    Env env = new SystemEnv();
    try (Store store = Store.openOrCreate(new RealDisk(), env, machines.store());
        Contestant a = new Contestant(machines.node("a"), LONG);
        Contestant b = new Contestant(machines.node("b"), LONG)) {
      int wonByFirst = 0;
      for (int race = 0; race < RACES; race++) {
        JobLog log = JobLog.open(store.journal(), env, JobId.of("job-" + race));
        log.append(_ -> new Event.Submitted("race", 5, Map.of()));
        preparation.of(log, race);
        (race % 2 == 0 ? a : b).call("claim " + log.job());
        (race % 2 == 0 ? b : a).call("claim " + log.job());
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
    Contestant(Machines.Node node, Duration lease) throws IOException {
      Process process =
          CairnProcess.start(
              Racer.class.getName(),
              List.of(
                  Objects.requireNonNull(node.variables().get("CAIRN_STORE")),
                  String.valueOf(lease.toMillis())),
              node.file("."),
              node.variables(),
              Redirect.PIPE,
              node.file("err"));
      this(process, process.inputReader(StandardCharsets.UTF_8));
      // No read waits for ever.
      CompletableFuture.delayedExecutor(5, TimeUnit.MINUTES).execute(process::destroyForcibly);
      assertThat(answer()).isEqualTo("ready");
    }

    void call(String what) throws IOException {
      process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    }

    String answer() throws IOException {
      return Objects.requireNonNull(answers.readLine(), "it has ended");
    }

    String answerTo(String call) throws IOException {
      call(call);
      return answer();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
