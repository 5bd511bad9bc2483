package dev.cairn.repository;

import dev.cairn.env.Disk.FileStat;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Manifest.Origin;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// Whether a file is still the one that was read for an earlier checkpoint, so that it need not be
/// read again: same boot of the machine, device, inode, size, modification time and time of change.
///
/// Why that is enough (I4): nobody can set the time of change, and every write sets it to the time
/// of the file system's clock, which moves in ticks. So a write after the file was looked at is
/// missed only if it falls into the same tick; what is read at least [#TICK] after the look has no
/// such write after it. A loss of power can leave other contents under the same times, and another
/// machine can have a file of the same numbers: those are other boots. A file system whose clock
/// knows whole seconds only is not believed, nor one in memory
/// ([dev.cairn.env.Disk#tellsOfWrites]).
///
/// A program that writes into a mapping of a file sets its times only with the first write to each
/// page since the kernel wrote that page back. So nothing is noted of a file that was written to
/// less than [#WRITTEN_BACK] before it is read: it is read once more by the next save.
final class Unchanged {
  /// Longer than a tick of the clock of any file system that knows parts of a second.
  static final Duration TICK = Duration.ofMillis(25);

  /// Linux writes back what was written 35 s ago, unless it is behind with that.
  static final Duration WRITTEN_BACK = Duration.ofSeconds(60);

  private Unchanged() {}

  /// What to note of a file for later; null if that would tell nothing.
  ///
  /// @param read when the reading of the file began, or an earlier moment
  static @Nullable Origin origin(FileStat stat, Instant read) {
    boolean wholeSecond = stat.changed().equals(stat.changed().truncatedTo(ChronoUnit.SECONDS));
    boolean writtenBack = stat.changed().plus(WRITTEN_BACK).isBefore(read);
    return wholeSecond || !writtenBack ? null : identity(stat);
  }

  private static Origin identity(FileStat stat) {
    return new Origin(stat.device(), stat.inode(), stat.changed());
  }

  /// Whether a copy is so much younger than the last change of its original, by the clock of the
  /// file system that holds both, that a write after the copying cannot have gone unnoticed.
  static boolean isSettled(FileStat original, FileStat copy) {
    return original.device() == copy.device() && origin(original, copy.changed()) != null;
  }

  static boolean since(Entry before, FileStat now) {
    return before.kind() == Kind.FILE
        && before.origin() != null
        && before.origin().equals(identity(now))
        && before.sizeBytes() == now.sizeBytes()
        && before.modified().equals(now.modified());
  }
}
