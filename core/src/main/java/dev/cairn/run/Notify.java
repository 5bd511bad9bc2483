package dev.cairn.run;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Progress;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The pipe by which a command tells how far it is; [NotifyLines] says in which words. Its path
/// goes to the command as `CAIRN_NOTIFY`.
///
/// The pipe lies in a directory `cairn-<boot>-<pid>-<start time>-<random>` that only this user may
/// enter, under `XDG_RUNTIME_DIR` or else the directory for temporary files; boot is a hash. Those
/// of supervisors that were killed are removed by the next one.
///
/// Never fails because of what the command writes, nor because the pipe itself fails. Thread-safe.
public final class Notify implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
  private static final int BUFFER = 8192;
  // So that a command that floods the pipe cannot hold whoever asks for the progress.
  private static final int BUFFERS_AT_ONCE = 64;
  private static final Pattern DIRECTORY =
      Pattern.compile("cairn-([0-9a-f]{8})-([0-9]{1,18})-([0-9]{1,18})-[0-9a-f]+");

  private final Disk disk;
  private final NotifyPipe pipe;
  private final NotifyLines lines = new NotifyLines();
  private final byte[] buffer = new byte[BUFFER];
  private boolean closed;
  private @Nullable String failure;
  private Env.@Nullable Task reader;

  private Notify(Disk disk, NotifyPipe pipe) {
    this.disk = disk;
    this.pipe = pipe;
  }

  /// Makes the pipe and reads it until [#close].
  ///
  /// @throws CairnException.Unavailable if it cannot be made anywhere
  public static Notify open(Env env, Disk disk, Host host) {
    var places = new ArrayList<Path>();
    String runtime = System.getenv().getOrDefault("XDG_RUNTIME_DIR", "");
    if (runtime.startsWith("/")) {
      places.add(Path.of(runtime));
    }
    places.add(Path.of(System.getProperty("java.io.tmpdir", "/tmp")));
    return open(env, disk, host, places);
  }

  /// As above, in the first of `places` that is usable.
  static Notify open(Env env, Disk disk, Host host, List<Path> places) {
    CairnException.Unavailable problem = null;
    for (Path place : places) {
      try {
        removeLeftovers(disk, host, place);
        String name =
            "cairn-%s-%d-%d-%s"
                .formatted(
                    boot(host), host.pid(), Host.started(host.pid()).orElse(0), env.randomHex(4));
        var notify = new Notify(disk, NotifyPipe.create(place.toAbsolutePath().resolve(name)));
        notify.reader = env.fork("notify", () -> notify.read(env));
        return notify;
      } catch (CairnException.Unavailable e) {
        problem = e;
      }
    }
    throw problem == null ? new IllegalArgumentException("no places") : problem;
  }

  private static String boot(Host host) {
    return "%08x".formatted(host.boot().hashCode());
  }

  private static void removeLeftovers(Disk disk, Host host, Path place) {
    try {
      for (Path name : disk.list(place)) {
        Matcher matcher = DIRECTORY.matcher(name.toString());
        if (matcher.matches()
            && matcher.group(1).equals(boot(host))
            && Host.isGone(Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)))) {
          remove(disk, place.resolve(name));
        }
      }
    } catch (CairnException _) {
      // Not there, or not for us to look at: making the pipe will tell.
    }
  }

  private static void remove(Disk disk, Path directory) {
    try {
      disk.delete(directory.resolve(NotifyPipe.NAME));
      disk.delete(directory);
    } catch (CairnException _) {
      // It belongs to another user, or something else lies in it.
    }
  }

  private void read(Env env) {
    while (takeWhatIsThere()) {
      env.sleep(LOOK);
    }
  }

  /// @return false if nothing will come any more
  private synchronized boolean takeWhatIsThere() {
    try {
      for (int i = 0; i < BUFFERS_AT_ONCE && !closed && failure == null; i++) {
        int count = pipe.read(buffer);
        if (count == 0) {
          break;
        }
        lines.accept(buffer, count);
      }
    } catch (IOException e) {
      failure =
          "what the command writes to CAIRN_NOTIFY can no longer be read: "
              + Text.printable(String.valueOf(e.getMessage()), 200);
    }
    return !closed && failure == null;
  }

  /// For the command's `CAIRN_NOTIFY`.
  public Path path() {
    return pipe.path();
  }

  /// What the command said last, with everything in it that it had written before this call.
  public synchronized Progress progress() {
    takeWhatIsThere();
    return lines.progress();
  }

  /// How often it has said `saved`, with every one that it had written before this call.
  public synchronized long savedCount() {
    takeWhatIsThere();
    return lines.savedCount();
  }

  /// One sentence about all that was ignored because it was wrong.
  public synchronized Optional<String> warning() {
    return failure == null ? lines.warning() : Optional.of(failure);
  }

  /// Reads what is left, and removes the pipe and its directory.
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      takeWhatIsThere();
      closed = true;
    }
    if (reader != null) {
      endReader(reader);
    }
    try {
      pipe.close();
    } catch (IOException _) {
      // Nothing can be lost: it is read.
    }
    Path directory = pipe.path().getParent();
    if (directory != null) {
      remove(disk, directory);
    }
  }

  private static void endReader(Env.Task reader) {
    try {
      reader.interrupt();
      reader.join(CLOSE_LIMIT);
    } catch (CairnException.Cancelled _) {
      // Of the reader, which is what we want, or of ourselves, whose interrupt flag is set again.
    }
  }
}
