package dev.cairn.checkpoint;

import dev.cairn.checkpoint.Checkpointer.Capture;
import dev.cairn.checkpoint.Checkpointer.Saved;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.Changed;
import dev.cairn.repository.Meter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Saves checkpoints while the job works on: it waits only for a [StableCopy].
///
/// One save is under way at a time. Whoever asks for the next one before waits for it, so what is
/// copied and not yet saved stays bounded. While a save is under way nobody else appends to the
/// attempt: [#await] first. Not thread-safe.
public final class BackgroundSaver implements AutoCloseable {
  private final Checkpointer checkpointer;
  private final Disk disk;
  private final Env env;
  private final Path copies;
  private final StableCopy.Writer writer;
  private @Nullable Pending pending;
  private boolean litter;

  /// @param copies directory for copies, on the file system of what is saved and outside of it, or
  ///   a directory whose names that start with `.cairn-` no capture takes; what a process that died
  ///   has left there is removed
  /// @param writer how the job changes its files
  public BackgroundSaver(
      Checkpointer checkpointer, Disk disk, Env env, Path copies, StableCopy.Writer writer) {
    this.checkpointer = checkpointer;
    this.disk = disk;
    this.env = env;
    this.copies = copies;
    this.writer = writer;
    disk.createDirectories(copies);
    StableCopy.removeLeftovers(disk, copies);
  }

  /// A save that is under way.
  public static final class Pending {
    private final Env.Task task;
    private final StableCopy copy;
    private final Duration stall;
    private volatile @Nullable Saved saved;
    private volatile @Nullable Changed changed;
    private volatile @Nullable RuntimeException failure;
    private volatile @Nullable Error error;
    private volatile boolean litter;
    private volatile boolean told;

    private Pending(Env env, StableCopy copy, Duration stall, Body body) {
      this.copy = copy;
      this.stall = stall;
      this.task = env.fork("save in background", () -> run(body));
    }

    private interface Body {
      Saved save() throws Changed;
    }

    private void run(Body body) {
      try {
        saved = body.save();
      } catch (Changed e) {
        changed = e;
      } catch (RuntimeException e) {
        failure = e;
      } catch (Error e) {
        error = e;
      } finally {
        removeCopy();
      }
    }

    /// What has been published is no failure because its copy is still there.
    private void removeCopy() {
      try {
        copy.close();
      } catch (CairnException _) {
        litter = true;
      }
    }

    /// How long the job stood still for it: the copy, and what was left of the save before.
    public Duration stall() {
      return stall;
    }

    /// How the copy was made.
    public StableCopy.How how() {
      return copy.how();
    }

    /// Waits until it is published and durable.
    ///
    /// @throws Changed if the copy was changed; nothing was published
    /// @throws CairnException as [Checkpointer#save] does
    public Saved await() throws Changed {
      task.join();
      return result();
    }

    private Saved result() throws Changed {
      told = true;
      if (changed != null) {
        throw changed;
      }
      if (failure != null) {
        throw failure;
      }
      if (error != null) {
        throw error;
      }
      Saved done = saved;
      if (done == null) {
        throw new CairnException.Cancelled("the save was stopped; nothing was published");
      }
      return done;
    }
  }

  /// Copies what is to be saved, and saves it in the background.
  ///
  /// @param capture without parts: nobody knows how long their bytes stay as they are
  /// @throws Changed if the directory changed while it was copied, or the copy before did; nothing
  ///   was published
  /// @throws CairnException what the save before has failed with, which is told once
  public Pending save(Capture capture, Meter meter) throws Changed {
    if (!capture.files().parts().isEmpty()) {
      throw new IllegalArgumentException("parts are saved while the job waits: use Checkpointer");
    }
    long start = env.nanos();
    await();
    if (litter) {
      StableCopy.removeLeftovers(disk, copies);
      litter = false;
    }
    StableCopy copy = StableCopy.take(disk, env, capture.files(), copies, writer);
    Duration stall = Duration.ofNanos(env.nanos() - start);
    pending = new Pending(env, copy, stall, () -> checkpointer.save(capture, copy, meter));
    return pending;
  }

  /// Waits for the save that is under way, if there is one. It stays under way if this thread is
  /// interrupted meanwhile.
  ///
  /// @return what it saved; empty too if its failure has been told by [Pending#await]
  public Optional<Saved> await() throws Changed {
    Pending last = pending;
    if (last == null) {
      return Optional.empty();
    }
    last.task.join(); // throws only if this thread is interrupted: then the save goes on
    pending = null;
    litter |= last.litter;
    boolean failureIsKnown = last.told && last.saved == null;
    return failureIsKnown ? Optional.empty() : Optional.of(last.result());
  }

  /// Waits for the save that is under way; what it failed with is thrown.
  @Override
  public void close() {
    try {
      await();
    } catch (Changed e) {
      throw new CairnException.Unavailable(
          "the last checkpoint was not published: " + e.what(), "Save once more.", e);
    }
  }
}
