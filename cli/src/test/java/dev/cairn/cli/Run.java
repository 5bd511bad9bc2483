package dev.cairn.cli;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A `cairn run` command line with short times, and its environment.
record Run(
    Map<String, String> options,
    List<String> flags,
    List<String> command,
    Map<String, String> variables) {
  static final String JOB = "job";
  static final String WATCHED = "out";
  static final String ENOUGH = "enough";
  static final String LOG = "log";

  /// Takeovers by time are the matter of some tests only: elsewhere no pause of a busy machine may
  /// look like a death.
  private static final Map<String, String> SHORT =
      Map.of(
          "--job", JOB,
          "--watch", WATCHED,
          "--layout", "dir",
          "--every", "300ms",
          "--heartbeat", "200ms",
          "--lease", "30s",
          "--backoff", "100ms",
          "--keep-last", "1000");

  static Run of(String... command) {
    return new Run(SHORT, List.of(), List.of(command), Map.of());
  }

  /// Counts until [Machines.Node#enough]: `count.sh`.
  static Run counting() {
    return of("sh", program("count.sh"), WATCHED, ENOUGH, LOG);
  }

  static String program(String name) {
    URL url = Objects.requireNonNull(Run.class.getResource(name), name);
    try {
      return Path.of(url.toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  Run with(String option, String value) {
    var changed = new LinkedHashMap<>(options);
    changed.put(option, value);
    return new Run(changed, flags, command, variables);
  }

  Run with(String flag) {
    var changed = new ArrayList<>(flags);
    changed.add(flag);
    return new Run(options, changed, command, variables);
  }

  Run variable(String name, String value) {
    var changed = new LinkedHashMap<>(variables);
    changed.put(name, value);
    return new Run(options, flags, command, changed);
  }

  List<String> arguments() {
    var arguments = new ArrayList<String>();
    arguments.add("run");
    options.forEach((option, value) -> arguments.addAll(List.of(option, value)));
    arguments.addAll(flags);
    arguments.add("--");
    arguments.addAll(command);
    return arguments;
  }
}
