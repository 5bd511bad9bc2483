package dev.cairn.testkit.sim;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.Journal;
import dev.cairn.repository.Repository;
import dev.cairn.testkit.CrashingDisk;
import dev.cairn.testkit.SequentialEnv;
import dev.cairn.testkit.history.Violation;
import dev.cairn.testkit.sim.SimProcess.Target;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One simulated run: some nodes and people that fight for some jobs over one store, in bad
/// weather.
///
/// Everything follows from the seed: who does what, when, and what goes wrong. The library is the
/// real one, down to the seams [Env], [Disk] and [BlobStore]; only below them time, disks and
/// processes are simulated. A [Witness] judges all of it. For one thread.
public final class Sim {
  private static final Path STORE = Path.of("/store");
  private static final long PLENTY_BYTES = 1L << 40;

  private final Scheduler scheduler = new Scheduler();
  private final SplittableRandom random;
  private final Story story;
  private final Witness witness;
  private final Scheduler.Group world = new Scheduler.Group("world");
  private final List<Node> nodes = new ArrayList<>();
  private final List<SimProcess> processes = new ArrayList<>();
  private final @Nullable BlobStore objects;
  private CrashingDisk disk = new CrashingDisk();
  private Weather weather;
  private boolean full;
  private int pids;

  private Sim(long seed, boolean told) {
    this.random = new SplittableRandom(seed);
    this.story = new Story(scheduler, told);
    this.witness = new Witness(this);
    this.weather = Weather.of(random);
    this.objects = random.nextInt(3) == 0 ? new MemoryBlobStore() : null;
    for (String name : List.of("a", "b", "c")) {
      nodes.add(new Node(name, skew()));
    }
  }

  /// How a run came out.
  ///
  /// @param violations empty if every promise was kept
  /// @param fingerprint the same for the same run
  /// @param calls seam calls made
  /// @param checkpoints published
  /// @param simulated time that passed in the run
  /// @param story what happened, one line each, if it was wanted
  public record Outcome(
      long seed,
      List<Violation> violations,
      long fingerprint,
      long calls,
      long checkpoints,
      Duration simulated,
      List<String> story) {}

  /// Runs the scenario of a seed.
  ///
  /// @param told whether the story is wanted
  public static Outcome run(long seed, boolean told) {
    return run(seed, told, sim -> new Scenario(sim).play());
  }

  /// Runs a play in the world of a seed.
  static Outcome run(long seed, boolean told, Consumer<Sim> play) {
    var sim = new Sim(seed, told);
    sim.story.tell("world", () -> sim.setting() + " " + sim.weather);
    play.accept(sim);
    return new Outcome(
        seed,
        sim.witness.violations(),
        sim.scheduler.fingerprint(),
        sim.scheduler.passes(),
        sim.witness.checkpoints(),
        Duration.ofNanos(sim.scheduler.nanos()),
        sim.story.lines());
  }

  private String setting() {
    return objects == null ? "a shared directory" : "an object store";
  }

  Scheduler scheduler() {
    return scheduler;
  }

  SplittableRandom random() {
    return random;
  }

  Story story() {
    return story;
  }

  Witness witness() {
    return witness;
  }

  Weather weather() {
    return weather;
  }

  void setWeather(Weather newWeather) {
    weather = newWeather;
  }

  List<Node> nodes() {
    return nodes;
  }

  /// Of no process: whoever arranges things.
  Scheduler.Group world() {
    return world;
  }

  /// Whether the store is a directory, on a disk that can lose its power.
  boolean isDirectory() {
    return objects == null;
  }

  /// The store as it is at this moment, without time, faults or listings that lag.
  BlobStore raw() {
    return objects != null ? objects : new DiskBlobStore(disk, STORE, new SequentialEnv(0));
  }

  static byte[] bytes(BlobStore store, String name) {
    ByteBuffer all = store.read(name, 0, 1 << 26).orElse(ByteBuffer.allocate(0));
    var bytes = new byte[all.remaining()];
    all.get(bytes);
    return bytes;
  }

  SimProcess process(Node node) {
    var process = new SimProcess(this, node, ++pids, random.split());
    processes.add(process);
    return process;
  }

  /// The node's own disk as a process sees it.
  Disk local(SimProcess process) {
    return new SimDisk(process, Target.LOCAL, process.node::disk, Witness.OfDisk.NONE);
  }

  /// The shared store as a process sees it.
  Store open(SimProcess process) {
    BlobStore blobs =
        objects != null
            ? new SimBlobStore(process, objects, witness)
            : new DiskBlobStore(
                new SimDisk(process, Target.STORE, () -> disk, witness.of(STORE)),
                STORE,
                process.env);
    return new Store(
        "sim",
        blobs.location(),
        blobs,
        new RecordingJournal(process, journal(blobs, process.env), witness),
        new Repository(blobs, local(process), process.env));
  }

  Journal journal(BlobStore blobs, Env env) {
    return new BlobJournal(blobs, env);
  }

  /// Starts `body` as the main thread of a process.
  Scheduler.Task start(SimProcess process, String what, Runnable body) {
    return scheduler.fork(process.group, what, () -> live(process, what, body));
  }

  private void live(SimProcess process, String what, Runnable body) {
    try {
      body.run();
      story.tell(process.name, () -> what + " ends");
    } catch (CairnException e) {
      story.tell(process.name, () -> what + " ends: " + e);
    } catch (RuntimeException e) {
      witness.violate("bug", "no_surprises", process.name + ": " + e + " at " + place(e));
    }
  }

  private static String place(RuntimeException e) {
    return Stream.of(e.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("dev.cairn"))
        .findFirst()
        .map(StackTraceElement::toString)
        .orElse("an unknown place");
  }

  boolean isFull() {
    return full;
  }

  void setFull(boolean now) {
    full = now;
    disk.full(now ? 0 : PLENTY_BYTES);
    story.tell("world", () -> now ? "the store is full" : "the store has room again");
  }

  Duration skew() {
    return Duration.ofMillis(random.nextLong(-3_600_000, 3_600_000));
  }

  /// Every process dies.
  void curtain() {
    List.copyOf(processes).forEach(SimProcess::die);
    processes.clear();
  }

  /// Everybody dies, and every disk keeps only what it must.
  void losePower() {
    story.tell("world", () -> "ALL POWER IS LOST");
    curtain();
    nodes.forEach(node -> node.losePower(random.nextLong()));
    loseServerPower();
  }

  /// Only the store's machine dies and comes back; who uses it sees calls fail.
  void loseServerPower() {
    if (isDirectory()) {
      story.tell("world", () -> "the store's machine loses its power");
      CrashingDisk.Mode[] modes = CrashingDisk.Mode.values();
      disk = disk.afterCrash(random.nextLong(), modes[random.nextInt(modes.length)]);
    }
    witness.powerCameBack(raw());
  }

  /// Damages the newest entry of a job beyond reading.
  void rot(String job) {
    long number = witness.job(job).rules().last();
    if (number > 0 && !witness.job(job).isRotten()) {
      story.tell("world", () -> "%s@%d rots".formatted(job, number));
      witness.rotted(job);
      String name = String.format(java.util.Locale.ROOT, "jobs/%s/journal/%020d.json", job, number);
      raw().put(name, Blob.of(new byte[] {'x'}));
    }
  }
}
