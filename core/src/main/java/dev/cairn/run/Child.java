package dev.cairn.run;

import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.Progress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A running command as its supervisor sees it: the processes it has become, and what it says of
/// itself. Thread-safe.
public interface Child extends AutoCloseable {
  /// What a successor needs to end it.
  Heartbeat.Child group();

  /// Waits for the first process of the command; others may outlive it until [#close].
  ///
  /// @return its exit code, 128 + n if signal n ended it; empty if it runs on after `limit`
  /// @throws dev.cairn.domain.CairnException.Cancelled if interrupted; the command runs on
  OptionalInt waitFor(Duration limit);

  /// Sends a signal to all of its processes, if any is left.
  void signal(int signal);

  /// The files below `root` that it holds open for writing, by their paths relative to it, and
  /// which of its processes does. Empty where that cannot be known.
  Map<String, String> openFiles(Path root);

  /// How far it said it is, with everything that it had said before this call.
  Progress progress();

  /// How often it has said that what it saved is complete.
  long savedCount();

  /// One sentence about all that was ignored of what it said because it was wrong.
  Optional<String> warning();

  /// Ends all that is left of it by SIGKILL; nothing of it runs any more on return. What it said
  /// can still be asked for. May be repeated.
  void end();

  /// As [#end], and lets go of what it said.
  @Override
  void close();
}
