package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.domain.JobState;
import dev.cairn.domain.Status;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.History;
import dev.cairn.journal.JobLog;
import dev.cairn.journal.Journal.Slot;
import dev.cairn.repository.Meter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Pretended machines of one test, that share one store and nothing else; and what the store says,
/// read in this JVM.
///
/// After each test all their processes are ended. A test fails that leaves processes without a
/// supervisor, or whose supervisors, having ended by themselves, leave anything lying about.
final class Machines implements AfterEachCallback {
  /// Set in the environment of all processes of a test, and of no others.
  private static final String MARK = "MACHINES_OF_TEST";

  private final Env env = new SystemEnv();
  private final Disk disk = new RealDisk();
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final List<CairnProcess> started = new ArrayList<>();
  private final String mark = UUID.randomUUID().toString();
  private final Path root;
  private Path store;
  private int stores;
  private int restored;

  Machines() {
    try {
      root = Files.createTempDirectory("cairn-test-").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    store = root.resolve("store");
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    boolean failed = context.getExecutionException().isPresent();
    try {
      if (failed) {
        started.forEach(process -> System.err.println(process.told()));
        tellJournals();
      }
      endAll();
    } finally {
      marked().forEach(ProcessHandle::destroyForcibly);
      delete(root);
    }
  }

  private void tellJournals() {
    if (Files.exists(store())) {
      try (Store store = open()) {
        for (JobId job : store.journal().jobs()) {
          for (Entry e : entries(job.value())) {
            String event = String.valueOf(e.event());
            System.err.printf(
                "%s@%d %s %s token %d, ordinal %d: %s%n",
                job,
                e.number(),
                e.at(),
                e.after().status(),
                e.after().token(),
                e.after().ordinal(),
                event.substring(0, Math.min(event.length(), 150)));
          }
        }
      }
    }
  }

  private void endAll() throws IOException {
    for (CairnProcess process : started) {
      assertThat(process.said()).doesNotContain("should not have happened", "Exception");
    }
    for (Node node : nodes.values()) {
      node.assertTidy();
    }
    for (CairnProcess process : started) {
      if (process.isAlive()) {
        process.kill();
      }
    }
    Until.holds(
        "nothing outlives its supervisor",
        () -> marked().isEmpty() && started.stream().allMatch(p -> p.left().isEmpty()),
        () -> marked() + " " + started.stream().map(CairnProcess::left).toList());
  }

  /// What runs now of all that was started, and of what came from it.
  List<ProcessHandle> left() {
    return marked();
  }

  private List<ProcessHandle> marked() {
    String entry = MARK + "=" + mark;
    return ProcessHandle.allProcesses().filter(p -> environment(p.pid()).contains(entry)).toList();
  }

  /// Empty where it cannot be read.
  private static String environment(long pid) {
    try {
      Path file = Path.of("/proc", Long.toString(pid), "environ");
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /// Everything that was started, in order.
  List<CairnProcess> started() {
    return List.copyOf(started);
  }

  /// A new file or directory name of the test's own.
  Path file(String relative) {
    return root.resolve(relative);
  }

  /// The machine of that name.
  Node node(String name) {
    return nodes.computeIfAbsent(name, Node::new);
  }

  Path store() {
    return store;
  }

  /// Gives all that is started from now on, and all that is read, another store: a copy of that
  /// directory, or none yet if it does not exist.
  void newStore(Path from) {
    store = root.resolve("store-" + ++stores);
    if (Files.exists(from)) {
      copy(from, store);
    }
  }

  static void copy(Path from, Path to) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Store open() {
    return Store.open(disk, env, store());
  }

  History history(String job) {
    try (Store store = open()) {
      return JobLog.existing(store.journal(), env, JobId.of(job)).history();
    }
  }

  JobState state(String job) {
    return history(job).state();
  }

  Status status(String job) {
    return state(job).status();
  }

  long newestCheckpoint(String job) {
    return Objects.requireNonNull(state(job).newest(), "no checkpoint");
  }

  /// The job's journal.
  List<Entry> entries(String job) {
    try (Store store = open()) {
      return store.journal().entries(JobId.of(job), Entry.FIRST, Integer.MAX_VALUE).stream()
          .map(slot -> ((Slot.Readable) slot).entry())
          .toList();
    }
  }

  /// Waits until the journal of `job` holds such an entry.
  Entry awaitEntry(String what, String job, Predicate<Entry> which) {
    var found = new ArrayList<Entry>();
    Until.holds(
        "job %s: %s".formatted(job, what),
        () -> {
          started.forEach(CairnProcess::look);
          if (Files.exists(store().resolve("cairn.json"))) {
            entries(job).stream().filter(which).findFirst().ifPresent(found::add);
          }
          return !found.isEmpty();
        },
        () -> started.stream().map(CairnProcess::told).toList().toString());
    return found.getFirst();
  }

  /// Waits until that attempt has published something that its command made.
  Entry awaitCheckpoint(String job, int attempt) {
    return awaitEntry(
        "attempt %d has published".formatted(attempt),
        job,
        e ->
            e.after().attempt() == attempt
                && e.event() instanceof Event.Checkpointed c
                && !c.checkpoint().isBaseline());
  }

  /// When the heartbeat of that attempt was last written.
  Instant lastBeat(String job, long token) throws IOException {
    return Files.getLastModifiedTime(
            store().resolve("jobs").resolve(job).resolve("heartbeat").resolve(token + ".json"))
        .toInstant();
  }

  /// The process group of the command that the newest attempt of `job` runs.
  long group(String job) {
    var groups = new ArrayList<Long>();
    Until.holds(
        "the newest attempt names its command",
        () -> {
          try (Store store = open()) {
            store
                .journal()
                .heartbeat(JobId.of(job), state(job).token())
                .map(Heartbeat::child)
                .ifPresent(child -> groups.add(child.group()));
          }
          return !groups.isEmpty();
        });
    return groups.getFirst();
  }

  /// Restores one checkpoint into a new directory.
  Path restore(String job, long number) {
    Path target = root.resolve("restored-" + restored++);
    try (Store store = open()) {
      JobLog log = JobLog.existing(store.journal(), env, JobId.of(job));
      new Restorer(store.repository())
          .restore(log.job(), log.history().checkpoint(number), target, null, Meter.NONE);
    }
    return target;
  }

  /// A pretended machine: a name, and a folder in which everything on it is started.
  final class Node {
    private final String name;
    private final Path directory;
    private final Path runtime;
    private final List<CairnProcess> supervisors = new ArrayList<>();

    Node(String name) {
      this.name = name;
      this.directory = root.resolve("node-" + name);
      this.runtime = root.resolve("runtime-" + name);
      try {
        Files.createDirectories(directory);
        Files.createDirectories(runtime);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    String name() {
      return name;
    }

    Path file(String relative) {
      return directory.resolve(relative);
    }

    /// What the command of a [Run] saves into.
    Path watched() {
      return file(Run.WATCHED);
    }

    /// Where the pipes of its commands are.
    Path runtime() {
      return runtime;
    }

    /// Lets the command of [Run#counting] end when it has reached that number.
    void enough(int number) {
      try {
        Files.writeString(file(Run.ENOUGH), number + "\n");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    CairnProcess start(Run run) {
      CairnProcess supervisor = start(run.arguments(), run.variables());
      supervisors.add(supervisor);
      return supervisor;
    }

    /// @param program flags of the JVM and the main class, as [Failpoint] gives them
    CairnProcess start(List<String> program, Run run) {
      CairnProcess supervisor = start(program, run.arguments(), run.variables());
      supervisors.add(supervisor);
      return supervisor;
    }

    /// Starts any command line so.
    CairnProcess start(List<String> program, String... arguments) {
      return start(program, List.of(arguments), Map.of());
    }

    CairnProcess start(String... arguments) {
      return start(List.of(arguments), Map.of());
    }

    private CairnProcess start(List<String> arguments, Map<String, String> more) {
      return start(List.of(Main.class.getName()), arguments, more);
    }

    private CairnProcess start(
        List<String> program, List<String> arguments, Map<String, String> more) {
      var variables = new LinkedHashMap<>(variables());
      variables.putAll(more);
      Path output = root.resolve("output-" + started.size());
      var process = CairnProcess.start(program, arguments, directory, variables, output);
      started.add(process);
      return process;
    }

    /// What makes a process one on this machine.
    Map<String, String> variables() {
      return Map.of(
          "CAIRN_NODE",
          name,
          "CAIRN_STORE",
          store().toString(),
          "XDG_RUNTIME_DIR",
          runtime.toString(),
          MARK,
          mark);
    }

    /// Runs a command line to its end.
    CairnProcess cairn(String... arguments) {
      CairnProcess process = start(arguments);
      process.awaitExit();
      return process;
    }

    /// What supervisors clear away before they end; those that were killed leave it to the next.
    private void assertTidy() throws IOException {
      if (supervisors.isEmpty()
          || supervisors.stream().anyMatch(CairnProcess::isAlive)
          || supervisors.getLast().wasKilled()) {
        return;
      }
      try (Stream<Path> pipes = Files.list(runtime)) {
        assertThat(pipes).as("pipes left on node %s", name).isEmpty();
      }
      try (Stream<Path> files = Files.list(directory)) {
        assertThat(files.map(path -> path.getFileName().toString()))
            .as("what is left of restores on node %s", name)
            .noneMatch(leaf -> leaf.contains(".cairn-new-"));
      }
    }
  }
}
