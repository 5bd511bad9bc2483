package dev.cairn.run;

/// Why a running attempt is to end before its command has.
public enum Stop {
  /// SIGTERM: hand the job back, exit 75.
  HAND_BACK,
  /// Ctrl-C: pause the job, exit 130.
  INTERRUPT,
  /// Ctrl-C again: do not wait for the command.
  FORCE,
  /// Somebody asked for a pause in the journal.
  PAUSE,
  /// Somebody cancelled the job in the journal.
  CANCEL,
  /// The store is full: the job is paused, the command ended.
  DISK_FULL
}
