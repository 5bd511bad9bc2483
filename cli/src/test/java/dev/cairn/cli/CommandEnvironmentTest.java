package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a command finds in its environment.
class CommandEnvironmentTest {
  private static final List<String> SECRETS =
      List.of(
          "CAIRN_S3_ACCESS_KEY",
          "CAIRN_S3_SECRET_KEY",
          "CAIRN_WEBHOOK_TOKEN",
          "CAIRN_ENCRYPTION_KEY",
          "CAIRN_ENCRYPTION_KEY_FILE",
          "CAIRN_TOKEN");

  @RegisterExtension private final Machines machines = new Machines();
  private final Machines.Node node = machines.node("a");

  @Test
  void it_tells_of_job_attempt_and_checkpoint_and_holds_no_key() {
    Run run =
        Run.of(
                "sh",
                "-c",
                """
                env >"environment-$CAIRN_ATTEMPT"
                [ -p "$CAIRN_NOTIFY" ] || exit 78
                echo "$CAIRN_ATTEMPT" >"$CAIRN_CHECKPOINT_DIR/saved"
                [ "$CAIRN_ATTEMPT" -ge 2 ] || exit 85
                """)
            .variable("MINE", "stays");
    for (String secret : SECRETS) {
      run = run.variable(secret, "a-secret");
    }
    CairnProcess cairn = node.start(run);
    assertThat(cairn.awaitExit()).as(cairn::told).isZero();

    Map<String, String> first = environment(1);
    assertThat(first)
        .contains(
            entry("CAIRN_JOB", "job"),
            entry("CAIRN_ATTEMPT", "1"),
            entry("CAIRN_FENCING_TOKEN", token(1)),
            entry("CAIRN_RESTORED", "0"),
            entry("CAIRN_CHECKPOINT", ""),
            entry("CAIRN_CHECKPOINT_DIR", node.watched().toString()),
            entry("MINE", "stays"))
        .doesNotContainValue("a-secret");
    assertThat(Path.of(Objects.requireNonNull(first.get("CAIRN_NOTIFY"))))
        .startsWithRaw(node.runtime())
        .doesNotExist();
    assertThat(environment(2))
        .contains(
            entry("CAIRN_ATTEMPT", "2"),
            entry("CAIRN_FENCING_TOKEN", token(2)),
            entry("CAIRN_RESTORED", "1"),
            entry("CAIRN_CHECKPOINT", "job@" + checkpoint(1).number()))
        .doesNotContainValue("a-secret");
  }

  @Test
  void what_the_command_writes_to_the_pipe_is_saved_with_the_checkpoint() {
    CairnProcess cairn =
        node.start(
            Run.of(
                    "sh",
                    "-c",
                    """
                    echo state >out/state
                    echo 'progress=0.42 step=1200 cost=0.31 tokens=812 saved' >"$CAIRN_NOTIFY"
                    echo 'message="epoch 3"' >"$CAIRN_NOTIFY"
                    exec sleep 1000
                    """)
                .with("--layout", "auto")
                .with("--every", "1h"));
    Entry entry = machines.awaitCheckpoint(Run.JOB, 1); // at once, since it was called saved

    Checkpoint saved = ((Event.Checkpointed) entry.event()).checkpoint();
    assertThat(saved.progress().step()).isEqualTo(1200);
    assertThat(saved.progress().fraction()).isEqualTo(0.42);
    assertThat(saved.progress().costUsd()).isEqualByComparingTo(new BigDecimal("0.31"));
    assertThat(saved.progress().tokens()).isEqualTo(812);
    CairnProcess shown = node.start("jobs", "show", Run.JOB);
    assertThat(shown.awaitExit()).isZero();
    assertThat(shown.output()).contains("42 % step 1200").contains("$0.31, 812 tokens");
    assertThat(cairn.isAlive()).isTrue();
  }

  /// Names and values of one line.
  private Map<String, String> environment(int attempt) {
    return CairnProcess.contents(node.file("environment-" + attempt))
        .lines()
        .filter(line -> line.matches("[A-Za-z_][A-Za-z0-9_]*=.*"))
        .map(line -> line.split("=", 2))
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (one, _) -> one));
  }

  private String token(int attempt) {
    return machines.entries(Run.JOB).stream()
        .filter(e -> e.event() instanceof Event.Claimed && e.after().attempt() == attempt)
        .map(e -> String.valueOf(e.number()))
        .findFirst()
        .orElseThrow();
  }

  private Entry checkpoint(int attempt) {
    return machines.entries(Run.JOB).stream()
        .filter(e -> e.event() instanceof Event.Checkpointed && e.after().attempt() == attempt)
        .toList()
        .getLast();
  }
}
