package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import java.nio.file.Path;
import java.util.Map;

/// What is run under a job: the seam to processes. Thread-safe.
public interface Program {
  /// As the user wrote it, for people.
  String name();

  /// The working directory that it is started in.
  Path directory();

  /// Says before anything is claimed whether it is there.
  ///
  /// @throws CairnException.NotFound if it is not
  /// @throws CairnException.Denied if it may not be executed
  /// @throws CairnException.Invalid if the working directory does not exist
  void requireStartable();

  /// Starts it with these variables in its environment, and whatever else it needs to tell how far
  /// it is.
  ///
  /// @throws CairnException.Unavailable if that is not possible now
  Child start(Map<String, String> variables);

  /// Ends what the supervisor of an earlier attempt on this host left running, and touches nothing
  /// else.
  ///
  /// @return whether there was anything to end
  /// @throws CairnException.Unavailable if it may still run
  boolean endOrphan(Heartbeat.Child child);

  /// Ends the supervisor of an earlier attempt if it is a process of this host that was stopped
  /// (SIGSTOP) in the middle of something: its lease is over, but woken it would first finish what
  /// it did to the directory. Touches nothing else.
  ///
  /// @return whether there was anything to end
  /// @throws CairnException.Unavailable if it is still there
  boolean endStopped(Event.Owner owner);
}
