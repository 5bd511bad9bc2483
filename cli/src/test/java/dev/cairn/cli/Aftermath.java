package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What must hold of a store whatever was done to the processes that used it, while none of them
/// writes: read from its files, not from what they say of themselves.
///
/// - The journal of each job is one that the protocol allows.
/// - Every checkpoint that is kept is restored in full, and holds a state that the command wrote as
///   a whole.
/// - Every checkpoint that a process called saved stands in the journal.
/// - Every start of the command went on from the checkpoint that its claim names, and that was the
///   newest then; so the counting never goes back further than what was acknowledged.
final class Aftermath {
  private static final Pattern SAVED =
      Pattern.compile("^cairn: saved (\\S+)@(\\d+) \\(", Pattern.MULTILINE);

  private final Machines machines;
  private final int before;

  /// The numbers that checkpoints hold, by their ids, as restores and starts found them: they never
  /// change.
  private final Map<String, Integer> states = new HashMap<>();

  /// Of the store that `machines` use now, and of processes that are started from now on.
  Aftermath(Machines machines) {
    this.machines = machines;
    this.before = machines.started().size();
  }

  /// Checks one job.
  ///
  /// @param nodes where its command was started
  /// @return the number that its newest checkpoint holds
  int check(String job, Collection<Machines.Node> nodes) {
    checkJournal(job);
    restoreAll(job);
    checkAcknowledged(job);
    nodes.forEach(node -> checkStarts(job, node));
    JsonNode newest = entries(job).getLast().get("after").get("newest");
    return newest == null ? 0 : states.getOrDefault(job + "@" + newest.asLong(), 0);
  }

  private void checkJournal(String job) {
    long expected = 1;
    for (JsonNode entry : entries(job)) {
      assertThat(entry.get("number").asLong()).isEqualTo(expected++);
    }
  }

  private void restoreAll(String job) {
    for (long number : machines.history(job).live().keySet()) {
      String id = job + "@" + number;
      Path restored = machines.restore(job, number);
      int state = Parts.whole(restored, job);
      assertThat(states.getOrDefault(id, state)).as("what %s holds", id).isEqualTo(state);
      states.put(id, state);
      Machines.delete(restored);
    }
  }

  private void checkAcknowledged(String job) {
    List<CairnProcess> started = machines.started();
    for (CairnProcess process : started.subList(before, started.size())) {
      Matcher saved = SAVED.matcher(process.said());
      while (saved.find()) {
        if (saved.group(1).equals(job)) {
          JsonNode event = entry(job, Long.parseLong(saved.group(2))).get("event");
          String type = event.get("type").asString();
          assertThat(type.equals("dropped") ? event.get("was").asString() : type)
              .as("%s says: %s", process, saved.group())
              .isEqualTo("checkpointed");
        }
      }
    }
  }

  private void checkStarts(String job, Machines.Node node) {
    for (Parts.Start start : Parts.starts(node, job)) {
      JsonNode claim = entry(job, start.token()).get("event");
      assertThat(claim.get("type").asString()).as("%s", start).isEqualTo("claimed");
      JsonNode newest = entry(job, start.token() - 1).get("after").get("newest");
      assertThat(claim.get("from")).as("what claim %d names", start.token()).isEqualTo(newest);
      long from = newest == null ? 0 : newest.asLong();
      boolean nothing = from == 0 || isBaseline(job, from);
      assertThat(start.checkpoint())
          .as("%s on %s", start, node.name())
          .isEqualTo(nothing ? 0 : from);
      int state = nothing ? 0 : states.computeIfAbsent(job + "@" + from, _ -> start.from());
      assertThat(start.from()).as("%s on %s", start, node.name()).isEqualTo(state);
    }
  }

  private boolean isBaseline(String job, long number) {
    JsonNode checkpoint = entry(job, number).get("event").get("checkpoint");
    return checkpoint != null && checkpoint.get("labels").has(Checkpoint.BASELINE);
  }

  /// The bodies of the journal's objects, in order.
  private List<JsonNode> entries(String job) {
    try (var files = Files.list(journal(job))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".json"))
          .sorted()
          .map(Aftermath::body)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode entry(String job, long number) {
    return body(journal(job).resolve(String.format(Locale.ROOT, "%020d.json", number)));
  }

  private Path journal(String job) {
    return machines.store().resolve("jobs").resolve(job).resolve("journal");
  }

  private static JsonNode body(Path file) {
    return JsonMapper.shared().readTree(CairnProcess.contents(file)).get("body");
  }
}
