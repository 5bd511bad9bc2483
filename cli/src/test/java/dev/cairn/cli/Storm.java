package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;

/// Supervisors on several pretended machines that run and want to run a few jobs, and what befalls
/// them: kills, stops, signals, and people who ask for things. What is chosen comes from a seed;
/// when it strikes depends on the machine, so a seed does not repeat a storm exactly.
///
/// On one machine a job has one supervisor at a time.
final class Storm {
  /// Of what `cairn run` may end with here: 0 completed, 11 displaced or not pending, 75 handed
  /// back, 125 it could not record its end, 130 paused or cancelled, 137 killed, 143 ended before
  /// it could handle signals.
  private static final Set<Integer> EXIT_CODES = Set.of(0, 11, 75, 125, 130, 137, 143);

  /// A job that nobody runs: people save into it, and delete it.
  private static final String LOOSE = "loose";

  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LONGEST_STOP = LEASE.multipliedBy(2);
  private static final Duration PACE = Duration.ofMillis(100);
  private static final Duration ORPHANS = Duration.ofSeconds(5);
  private static final int ERRANDS = 2;

  private final Machines machines;
  private final List<Machines.Node> nodes;
  private final List<String> jobs;
  private final int perNode;
  private final Random random;
  private final Aftermath aftermath;
  private final List<Post> posts = new ArrayList<>();
  private final List<CairnProcess> errands = new ArrayList<>();
  private final List<Nap> naps = new ArrayList<>();
  private final Map<String, Integer> tally = new TreeMap<>();

  /// @param perNode how many supervisors a node has at a time
  Storm(Machines machines, int nodes, int jobs, int perNode, long seed) {
    this.machines = machines;
    this.nodes = IntStream.rangeClosed(1, nodes).mapToObj(n -> machines.node("n" + n)).toList();
    this.jobs = IntStream.rangeClosed(1, jobs).mapToObj(n -> "job-" + n).toList();
    this.perNode = perNode;
    this.random = new Random(seed);
    this.aftermath = new Aftermath(machines);
  }

  /// One supervisor.
  private record Post(Machines.Node node, String job, CairnProcess cairn) {
    boolean isOf(Machines.Node other, String otherJob) {
      return node == other && job.equals(otherJob);
    }

    /// Whether it has done more than to start a JVM.
    boolean hasBegun() {
      return !cairn.said().isEmpty();
    }
  }

  /// Processes that are stopped until then.
  private record Nap(long target, long until) {}

  void rage(Duration length) throws InterruptedException {
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() < end) {
      wake(false);
      clear();
      man();
      befall();
      // Chance needs time to fall into.
      Thread.sleep(random.nextLong(2 * PACE.toMillis()));
    }
    System.out.println("storm: " + tally);
  }

  private void count(String what) {
    tally.merge(what, 1, Integer::sum);
  }

  private void wake(boolean all) {
    long now = System.nanoTime();
    naps.removeIf(nap -> {
      boolean over = all || now >= nap.until;
      if (over) {
        CairnProcess.send("CONT", nap.target);
      }
      return over;
    });
  }

  private void clear() {
    errands.removeIf(errand -> !errand.isAlive());
    if (!posts.isEmpty()) {
      any(posts).cairn.look(); // all of them each time would take longer than what it is for
    }
    posts.removeIf(post -> {
      if (post.cairn.isAlive()) {
        return false;
      }
      int code = post.cairn.awaitExit();
      assertThat(code).as(post.cairn::told).isIn(EXIT_CODES);
      count("exit " + code);
      awaitAlone(post);
      return true;
    });
  }

  /// The command of a dead supervisor is dead too, before the next one starts there.
  private void awaitAlone(Post post) {
    try {
      await()
          .pollInterval(PACE.dividedBy(20))
          .atMost(ORPHANS)
          .until(() -> post.cairn.left().isEmpty());
    } catch (ConditionTimeoutException e) {
      // It died in the instant in which its command ran and the watchdog did not know it yet.
      count("unguarded");
      post.cairn.left().forEach(ProcessHandle::destroyForcibly);
    }
  }

  /// Starts a supervisor where there is room.
  private void man() {
    var free = new ArrayList<Runnable>();
    for (Machines.Node node : nodes) {
      if (posts.stream().filter(post -> post.node == node).count() < perNode) {
        jobs.stream()
            .filter(job -> posts.stream().noneMatch(post -> post.isOf(node, job)))
            .forEach(job -> free.add(() -> start(node, job, random.nextInt(4) > 0)));
      }
    }
    if (!free.isEmpty()) {
      count("run");
      any(free).run();
    }
  }

  private Post start(Machines.Node node, String job, boolean resume) {
    Run run =
        Boundaries.endless(job)
            .with("--heartbeat", "200ms")
            .with("--lease", LEASE.toMillis() + "ms")
            .with("--grace", "2s")
            .with("--keep-last", jobs.indexOf(job) % 2 == 0 ? "3" : "20");
    run = resume ? run.with("--resume") : run;
    List<String> program = List.of(Main.class.getName());
    var post = new Post(node, job, node.start(program, run.arguments().toArray(String[]::new)));
    posts.add(post);
    return post;
  }

  private void befall() {
    List<Post> settled = posts.stream().filter(Post::hasBegun).toList();
    if (settled.isEmpty()) {
      return;
    }
    Post post = any(settled);
    switch (random.nextInt(45)) {
      case 0, 1 -> kill(post, "kill -9 supervisor");
      case 2 -> kill(post, "kill -9 both", commandOf(post));
      case 3, 4 -> anyCommand(settled).ifPresent(this::killCommand);
      case 5, 6 -> nap(post.cairn.pid(), "stop supervisor");
      case 7 -> anyCommand(settled).ifPresent(command -> nap(-command, "stop command"));
      case 8 -> signal(post, "TERM");
      case 9 -> signal(post, "INT");
      case 10, 11, 12, 13 -> sendErrand();
      case 14 -> killErrand();
      default -> count("nothing");
    }
  }

  private List<Long> commandOf(Post post) {
    return post.cairn.command(Parts.SCRIPT).stream().boxed().toList();
  }

  private void kill(Post post, String what) {
    kill(post, what, List.of());
  }

  private void kill(Post post, String what, List<Long> commands) {
    count(what);
    post.cairn.kill(commands.stream().mapToLong(command -> -command).toArray());
  }

  /// The process group of the command of one that runs one.
  private Optional<Long> anyCommand(List<Post> of) {
    var shuffled = new ArrayList<>(of);
    Collections.shuffle(shuffled, random);
    return shuffled.stream().flatMap(post -> commandOf(post).stream()).findFirst();
  }

  private void killCommand(long command) {
    count("kill -9 command");
    CairnProcess.send("KILL", -command);
  }

  private void signal(Post post, String signal) {
    count(signal);
    post.cairn.signal(signal);
  }

  private void nap(long target, String what) {
    if (naps.stream().noneMatch(nap -> nap.target == target)) {
      count(what);
      CairnProcess.send("STOP", target);
      naps.add(new Nap(target, System.nanoTime() + random.nextLong(1, LONGEST_STOP.toNanos())));
    }
  }

  /// Somebody wants something of a job.
  private void sendErrand() {
    if (errands.size() >= ERRANDS || !Files.exists(machines.store().resolve("cairn.json"))) {
      return;
    }
    String job = any(jobs);
    switch (random.nextInt(20)) {
      case 0, 1 -> errand("jobs", "pause", job, "--timeout", "1s");
      case 2, 3 -> errand("jobs", "cancel", job, "--timeout", "1s");
      case 4, 5, 6, 7, 8 -> errand("jobs", "resume", job);
      case 9, 10 ->
          olderCheckpoint(job).ifPresent(id -> errand("jobs", "resume", job, "--from", id));
      case 11, 12 -> errand("checkpoint", job, "--timeout", "1s");
      case 13, 14 ->
          olderCheckpoint(job)
              .ifPresent(id -> errand("checkpoints", "delete", id, "--timeout", "1s"));
      case 15 -> save(job);
      case 16, 17 -> save(LOOSE);
      case 18 ->
          olderCheckpoint(LOOSE).ifPresent(id -> errand("checkpoints", "delete", id, "--force"));
      default -> errand("jobs", "delete", LOOSE, "--force");
    }
  }

  private void errand(String... arguments) {
    boolean grouped = arguments[0].endsWith("s");
    count("cairn " + arguments[0] + (grouped ? " " + arguments[1] : ""));
    errands.add(nodes.getFirst().start(arguments));
  }

  /// One that is not among the two newest: a job without any would go on from what stands in the
  /// directory, whatever that is.
  private Optional<String> olderCheckpoint(String job) {
    try {
      List<Long> live = List.copyOf(machines.history(job).live().keySet());
      return live.size() <= 2
          ? Optional.empty()
          : Optional.of(job + "@" + any(live.subList(0, live.size() - 2)));
    } catch (CairnException.NotFound e) {
      return Optional.empty(); // the job
    }
  }

  /// Saves a state that somebody has made by hand.
  private void save(String job) {
    Path directory = machines.file("by-hand-" + errands.size() + "-" + random.nextInt());
    Parts.write(directory, job, 1 + random.nextInt(500));
    errand("save", "--job", job, directory.toString());
  }

  private void killErrand() {
    if (!errands.isEmpty()) {
      count("kill -9 errand");
      any(errands).kill();
    }
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /// The storm is over: everybody wakes up, every job is run to its end, and all that must hold is
  /// checked.
  void calm() {
    wake(true);
    for (String job : jobs) {
      nodes.forEach(node -> Parts.enough(node, job, 1));
    }
    errands.forEach(CairnProcess::awaitExit);
    posts.forEach(post -> post.cairn.awaitExit());
    clear();
    // Where the errands were run: a holder that died in one is known to be dead at once there.
    List<Post> last = jobs.stream().map(job -> start(nodes.getFirst(), job, true)).toList();
    for (Post post : last) {
      assertThat(post.cairn.awaitExit()).as(post.cairn::told).isZero();
    }
    clear();
    for (String job : jobs) {
      assertThat(machines.status(job)).isEqualTo(Status.COMPLETED);
      assertThat(aftermath.check(job, nodes)).isPositive();
      System.out.printf("storm: %s%n", summary(job));
    }
    if (Files.isDirectory(machines.store().resolve("jobs").resolve(LOOSE))) {
      aftermath.check(LOOSE, List.of());
    }
  }

  private String summary(String job) {
    Map<String, Long> entries =
        machines.entries(job).stream()
            .collect(
                Collectors.groupingBy(
                    e -> e.event().getClass().getSimpleName(),
                    TreeMap::new,
                    Collectors.counting()));
    return job + " " + entries;
  }
}
