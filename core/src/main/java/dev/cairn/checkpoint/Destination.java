package dev.cairn.checkpoint;

import dev.cairn.checkpoint.Restorer.Outcome;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Repository.Restore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The directory that a person restores into.
///
/// One that is missing or empty is filled beside it, as `<name>.cairn-partial-<mark>`
/// ([Leftovers]), and renamed when it is whole and durable: it is there whole or not at all. Where
/// that cannot be (a mount point, the current directory, a parent that may not be written), or
/// where a person asks for it, it is restored in place: then it holds `.cairn-restoring`
/// ([InPlaceMark]) until it is whole.
///
/// A restore that was interrupted is gone on from by the next one into the same directory, of
/// whichever checkpoint. Two at the same time never write into the same tree.
public final class Destination {
  private final Disk disk;
  private final Env env;
  private final Host host;
  private final Path directory;
  private final Path current;

  /// @param directory without symbolic links
  /// @param current a directory that must not be renamed away
  public Destination(Disk disk, Env env, Host host, Path directory, Path current) {
    this.disk = disk;
    this.env = env;
    this.host = host;
    this.directory = directory;
    this.current = current;
  }

  /// Restores the first of `candidates` that is whole. The directory must not exist, be empty, or
  /// hold what an interrupted restore of this kind left.
  ///
  /// @param options whose [Restore.Onto] does not count
  /// @throws CairnException.Conflict if anything else is in it, or another restore is at work there
  public Outcome fresh(
      Restorer restorer, JobId job, List<Published> candidates, Restore options, Meter meter) {
    boolean exists = requireFree();
    if (exists && (current.startsWith(directory) || isMount(disk, directory) || holdsMark())) {
      return inPlace(restorer, job, candidates, options, meter, true);
    }
    Leftovers leftovers = leftovers();
    leftovers
        .atWork()
        .ifPresent(pid -> {
          throw new CairnException.Conflict(
              "process %d restores into %s at this moment".formatted(pid, shown()),
              "Wait for it, or end it: the next restore goes on from there.");
        });
    Path mine;
    try {
      disk.createDirectories(directory.resolveSibling(""));
      mine = leftovers.take(() -> {});
      leftovers.useless(mine).forEach(this::discard);
      disk.createDirectories(mine);
    } catch (CairnException.Denied e) {
      if (!exists) {
        throw e;
      }
      return inPlace(restorer, job, candidates, options, meter, true);
    }
    return swap(restorer, job, candidates, options, meter, mine);
  }

  /// Restores over what is in the directory, which stays where the checkpoint does not name it.
  ///
  /// @param options whose [Restore.Onto] does not count
  /// @throws CairnException.Conflict if something of another kind stands in the place of a file,
  ///   link or directory, or another restore is at work there
  public Outcome over(
      Restorer restorer, JobId job, List<Published> candidates, Restore options, Meter meter) {
    Optional<FileStat> stat = disk.stat(directory);
    if (stat.isEmpty()) {
      return fresh(restorer, job, candidates, options, meter);
    }
    requireDirectory(stat.get());
    return inPlace(restorer, job, candidates, options, meter, false);
  }

  /// Where an interrupted restore into this directory has left what it had done; empty if nowhere.
  public Optional<Path> unfinished() {
    if (holdsMark()) {
      return Optional.of(directory);
    }
    return leftovers().mine();
  }

  private Leftovers leftovers() {
    return Leftovers.beside(disk, env, host, directory, "partial-");
  }

  private boolean holdsMark() {
    return InPlaceMark.isIn(disk, directory);
  }

  /// @return whether it exists
  private boolean requireFree() {
    Optional<FileStat> stat = disk.stat(directory);
    if (stat.isEmpty()) {
      return false;
    }
    requireDirectory(stat.get());
    if (!disk.list(directory).isEmpty() && !InPlaceMark.isOfFresh(disk, directory)) {
      InPlaceMark.requireNone(disk, directory, "nothing was changed");
      throw notEmpty();
    }
    return true;
  }

  private CairnException.Conflict notEmpty() {
    return new CairnException.Conflict(
        shown() + " is not empty",
        "Nothing was changed. Name a new directory with --to, or restore over it with --in-place.");
  }

  private void requireDirectory(FileStat stat) {
    if (stat.kind() != FileKind.DIRECTORY) {
      throw new CairnException.Conflict(
          shown() + " is not a directory", "Nothing was changed. Name a new directory with --to.");
    }
  }

  /// Whether this directory is where another file system begins, so that it cannot be renamed away.
  public static boolean isMount(Disk disk, Path directory) {
    Path parent = directory.getParent();
    return parent == null
        || disk.stat(parent).map(FileStat::device).orElse(-1L)
            != (long) disk.stat(directory).map(FileStat::device).orElse(-2L);
  }

  private String shown() {
    return Text.printable(directory.toString(), 400);
  }

  private Outcome swap(
      Restorer restorer,
      JobId job,
      List<Published> candidates,
      Restore options,
      Meter meter,
      Path mine) {
    try {
      Outcome outcome =
          restorer.firstValid(job, candidates, mine, options.onto(new Restore.Onto.Ours()), meter);
      if (outcome.checkpoint() == null || outcome.checkpoint().checkpoint().manifest() == null) {
        discard(mine);
      } else {
        swapIn(mine);
      }
      return outcome;
    } catch (RuntimeException e) {
      if (!mayGoOn(e)) {
        discard(mine, e);
      }
      throw e;
    }
  }

  private void swapIn(Path mine) {
    disk.stat(directory).ifPresent(stat -> disk.setAttributes(mine, stat.mode(), stat.modified()));
    try {
      disk.rename(mine, directory);
    } catch (CairnException.NotFound e) {
      throw new CairnException.Conflict(
          "another restore into %s has taken over".formatted(shown()),
          "Nothing was restored from here.");
    } catch (CairnException.Unavailable e) {
      if (disk.stat(directory).isPresent() && !disk.list(directory).isEmpty()) {
        discard(mine, e);
        throw notEmpty();
      }
      throw e;
    }
    disk.forceDirectory(directory.resolveSibling(""));
  }

  /// Whether the same restore, tried again, may go on from what was done.
  private static boolean mayGoOn(RuntimeException e) {
    return e instanceof CairnException.Cancelled
        || e instanceof CairnException.Unavailable u && !u.isFull();
  }

  private void discard(Path tree) {
    Leftovers.removeTree(disk, tree, () -> {});
  }

  private void discard(Path tree, Throwable because) {
    try {
      discard(tree);
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  /// @param fresh whether all in it was written by restores
  private Outcome inPlace(
      Restorer restorer,
      JobId job,
      List<Published> candidates,
      Restore options,
      Meter meter,
      boolean fresh) {
    var what =
        new InPlaceMark.Purpose(Restorer.id(job, candidates.getFirst()), options.wanted().name());
    InPlaceMark mark = InPlaceMark.take(disk, env, host, directory, fresh, what);
    var changed = new boolean[1];
    Runnable begins = () -> changed[0] = true;
    try {
      if (fresh && !mark.goesOn()) {
        empty(); // of what another checkpoint has left
      }
      Outcome outcome =
          restorer.firstValid(
              job,
              candidates,
              directory,
              options.onto(new Restore.Onto.Others(mark.directory(), begins)),
              meter);
      if (outcome.checkpoint() == null && fresh) {
        empty();
      }
      if (outcome.checkpoint() != null || fresh || mark.isFirst() && !changed[0]) {
        mark.release();
      }
      return outcome;
    } catch (RuntimeException e) {
      if (fresh && !mayGoOn(e)) {
        empty(e);
        mark.release(e);
      } else if (mark.isFirst() && !changed[0]) {
        mark.release(e);
      }
      throw e;
    }
  }

  private void empty(Throwable because) {
    try {
      empty();
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }

  private void empty() {
    for (Path name : disk.list(directory)) {
      if (!InPlaceMark.isName(name)) {
        discard(directory.resolve(name));
      }
    }
  }
}
