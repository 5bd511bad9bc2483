package dev.cairn.cli;

import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.Claimer;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Repository;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What every command needs of the world around it.
///
/// @param directory the current directory
/// @param isTerminal whether a person reads what is printed to `err`
record Context(
    Env env,
    Disk disk,
    Host host,
    Map<String, String> variables,
    Path directory,
    PrintWriter out,
    PrintWriter err,
    boolean isTerminal) {
  static final String DEFAULT_STORE = ".cairn";

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
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        System.console() != null && System.console().isTerminal());
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  boolean isColoured() {
    return isTerminal && variable("NO_COLOR").isEmpty();
  }

  /// Says one sentence to people, apart from output.
  void tell(String sentence) {
    err.println("cairn: " + sentence);
    err.flush();
  }

  void complain(CairnException e) {
    tell(String.valueOf(e.getMessage()));
    if (!e.advice().isEmpty()) {
      err.println("  " + e.advice());
      err.flush();
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
    if (place.matches("[A-Za-z][A-Za-z0-9+.-]*:.*")) {
      throw notAStore(place);
    }
    return path(place);
  }

  private static CairnException.Invalid notAStore(String place) {
    return new CairnException.Invalid(
        "this version of cairn does not know stores such as '%s'"
            .formatted(dev.cairn.domain.Text.printable(withoutCredentials(place), 80)),
        "Use a directory, local or shared: --store /mnt/nas/cairn or file:/mnt/nas/cairn");
  }

  private static String withoutCredentials(String place) {
    return place.replaceAll("//[^/@]*@", "//…@");
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
          "'%s' is not a path".formatted(dev.cairn.domain.Text.printable(text, 80)), "");
    }
  }

  /// The store, which must exist.
  Store open(@Nullable String option) {
    return Store.open(disk, env, storePath(option), Repository.Compression.AUTO);
  }

  /// The store, made if it is missing.
  Store openOrCreate(@Nullable String option) {
    return Store.openOrCreate(disk, env, storePath(option), Repository.Compression.AUTO);
  }

  JobLog existing(Store store, String job) {
    return JobLog.existing(store.journal(), env, JobId.of(job));
  }

  /// The job and number that `text` names: `JOB@N`, or `JOB` for no number.
  Named named(String text) {
    if (text.contains("@")) {
      CheckpointId id = CheckpointId.parse(text);
      return new Named(id.job(), id.number());
    }
    return new Named(JobId.of(text), null);
  }

  record Named(JobId job, @Nullable Long number) {}

  /// Claims for short work of a person.
  Claimer claimer(Store store) {
    return new Claimer(store.journal(), env, host, MAINTENANCE_HEARTBEAT, MAINTENANCE_LEASE);
  }

  /// Who asks, for the journal: the user and the node.
  String by() {
    return variable("USER").orElse("somebody") + "@" + host.node();
  }

  /// A progress line on the terminal for work on `what`; silent elsewhere.
  ProgressLine progress(String what) {
    return new ProgressLine(this, what);
  }

  static String kind(Checkpoint checkpoint) {
    return checkpoint.isBaseline() ? "baseline" : checkpoint.kind().toString();
  }
}
