package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.cli.demo.Farewell;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.Seam;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal.Slot;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What every command needs of the world around it.
///
/// @param directory the current directory
/// @param bytes where `out` goes, for bytes that are no text; not buffered
/// @param isTerminal whether a person reads what is printed to `err`
record Context(
    Env env,
    Disk disk,
    Host host,
    Map<String, String> variables,
    Path directory,
    PrintWriter out,
    OutputStream bytes,
    PrintWriter err,
    boolean isTerminal) {
  static final String DEFAULT_STORE = ".cairn";

  private static final int MAX_LINKS = 40;
  private static final int MAX_SENTENCE = 2_000;
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  private static final Duration MAINTENANCE_HEARTBEAT = Duration.ofSeconds(5);
  private static final Duration MAINTENANCE_LEASE = Duration.ofSeconds(30);

  static Context ofProcess() {
    return new Context(
        new SystemEnv(),
        new RealDisk(),
        Host.here(),
        System.getenv(),
        Path.of("").toAbsolutePath(),
        new PrintWriter(System.out, false, StandardCharsets.UTF_8),
        standardOutput(),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        hasTerminal());
  }

  /// Unlike `System.out`, it tells when nobody reads it any more.
  @Seam
  private static OutputStream standardOutput() {
    return new FileOutputStream(FileDescriptor.out);
  }

  /// Without a terminal there is no console in some versions of the JDK, and one that is none in
  /// others.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean hasTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  boolean isColoured() {
    return isTerminal && variable("NO_COLOR").isEmpty();
  }

  /// Says one sentence to people, apart from output.
  void tell(String sentence) {
    err.println("cairn: " + Text.printable(sentence, MAX_SENTENCE));
    err.flush();
  }

  void complain(CairnException e) {
    tell(String.valueOf(e.getMessage()));
    if (!e.advice().isEmpty()) {
      err.println("  " + e.advice());
      err.flush();
    }
  }

  /// Says which entries of the journal of a job cannot be read: what they published is not known.
  void warnOfDamage(History history) {
    for (Slot.Unreadable slot : history.unreadable()) {
      tell(
          "%s is damaged (%s): if it was a checkpoint, what is known begins before it"
              .formatted(slot.object(), slot.why()));
    }
  }

  /// Where the store is.
  ///
  /// @param option what `--store` says, if it was given
  Path storePath(@Nullable String option) {
    String place = option != null ? option : variable("CAIRN_STORE").orElse(DEFAULT_STORE);
    if (place.startsWith("file:")) {
      try {
        URI uri = URI.create(place);
        return uri.isOpaque() ? path(uri.getSchemeSpecificPart()) : Path.of(uri);
      } catch (IllegalArgumentException e) {
        throw notAStore(place);
      }
    }
    if (SCHEME.matcher(place).lookingAt()) {
      throw notAStore(place);
    }
    return path(place);
  }

  /// Tells only the scheme: any other part may hold a password.
  private static CairnException.Invalid notAStore(String place) {
    return new CairnException.Invalid(
        "this version of cairn does not know stores such as '%s…'"
            .formatted(place.substring(0, place.indexOf(':') + 1)),
        "Use a directory, local or shared: --store /mnt/nas/cairn or file:/mnt/nas/cairn");
  }

  /// @throws CairnException.Invalid if `text` cannot be a path
  Path path(String text) {
    try {
      if (text.isEmpty()) {
        throw new CairnException.Invalid("a path is empty", "");
      }
      return directory.resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw new CairnException.Invalid(
          "'%s' is not a path".formatted(Text.printable(text, 80)), "");
    }
  }

  /// `path` with the links on its way and at its end followed, as far as it exists.
  ///
  /// @throws CairnException.Invalid if links lead in a circle
  Path real(Path path) {
    Path at = path.getRoot();
    var left = new ArrayDeque<Path>();
    path.forEach(left::add);
    for (int links = 0; !left.isEmpty(); ) {
      Path next = at.resolve(left.remove()).normalize();
      if (disk.stat(next).filter(stat -> stat.kind() == FileKind.SYMLINK).isEmpty()) {
        at = next;
        continue;
      }
      if (++links > MAX_LINKS) {
        throw new CairnException.Invalid(
            Text.printable(path.toString(), 200) + " is a loop of links", "");
      }
      Path target = Path.of(disk.readSymlink(next));
      var onward = new ArrayDeque<Path>();
      target.forEach(onward::add);
      onward.addAll(left);
      left = onward;
      at = target.isAbsolute() ? target.getRoot() : at;
    }
    return at;
  }

  /// The store, which must exist.
  Store open(@Nullable String option) {
    return Store.open(disk, env, storePath(option));
  }

  /// The store, made if it is missing.
  Store openOrCreate(@Nullable String option) {
    return Store.openOrCreate(disk, env, storePath(option));
  }

  JobLog existing(Store store, String job) {
    return JobLog.existing(store.journal(), env, JobId.of(job));
  }

  /// Claims for short work of a person.
  Claimer claimer(Store store) {
    return new Claimer(store.journal(), env, host, MAINTENANCE_HEARTBEAT, MAINTENANCE_LEASE);
  }

  /// Waits for whoever holds a job, however long that takes.
  Claimer.Patience patience() {
    return (_, _, look) -> {
      env.sleep(look);
      return true;
    };
  }

  /// As above, but no longer than `limit` from now on.
  Claimer.Patience patience(Duration limit) {
    long start = env.nanos();
    return (_, _, look) -> {
      env.sleep(look);
      return env.nanos() - start < limit.toNanos();
    };
  }

  /// Who asks, for the journal: the user and the node.
  String by() {
    return variable("USER").orElse("somebody") + "@" + host.node();
  }

  /// A progress line on the terminal for work on `what`; silent elsewhere.
  ProgressLine progress(String what) {
    return new ProgressLine(this, what);
  }

  /// What is said to people if a signal ends the process before that is closed.
  Farewell farewell(String sentence) {
    return new Farewell(() -> tell("interrupted; " + sentence));
  }

  static String kind(Checkpoint checkpoint) {
    return checkpoint.isBaseline() ? "baseline" : checkpoint.kind().toString();
  }
}
