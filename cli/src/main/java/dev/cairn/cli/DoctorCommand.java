package dev.cairn.cli;

import dev.cairn.blob.Blob;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.env.Env;
import dev.cairn.run.CairnExit;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `cairn doctor`: whether a place can be trusted with jobs.
@Command(
    name = "doctor",
    description = {
      "Check that the store's file system does what Cairn relies on: space, atomic link,",
      "directory sync, two racing writers of whom one wins, and a sane clock."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
  private static final long LITTLE_SPACE = 1L << 30;
  private static final int RACES = 20;
  private static final Duration SKEW = Duration.ofMinutes(2);

  private final Context context;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  DoctorCommand(Context context) {
    this.context = context;
  }

  record Check(String name, boolean ok, String detail) {}

  record Report(String place, boolean ok, List<Check> checks) {}

  @Override
  public Integer call() {
    Path root = context.storePath(store.place);
    Path base = existing(root);
    Path scratch = base.resolve(".cairn-doctor-" + context.env().randomHex(6));
    var checks = new ArrayList<Check>();
    checks.add(check("free space", () -> space(base)));
    Check writable = check("writable", () -> writable(scratch));
    checks.add(writable);
    if (writable.ok()) {
      try {
        checks.add(check("atomic link", () -> link(scratch)));
        checks.add(check("directory sync", () -> sync(scratch)));
        checks.add(check("one of two racing writers wins", () -> race(scratch)));
        checks.add(check("clock", () -> clock(scratch)));
      } finally {
        remove(scratch);
      }
    }
    checks.add(check("store", () -> storeState(root)));
    var report = new Report(root.toString(), checks.stream().allMatch(Check::ok), checks);
    if (json.on) {
      Json.print(context.out(), report);
    } else {
      print(report);
    }
    return report.ok() ? 0 : CairnExit.NO;
  }

  private void print(Report report) {
    context.out().println("store " + report.place());
    for (Check check : report.checks()) {
      context
          .out()
          .println(
              "  %-4s  %s: %s".formatted(check.ok() ? "ok" : "FAIL", check.name(), check.detail()));
    }
  }

  private static Check check(String name, Supplier<String> body) {
    try {
      return new Check(name, true, body.get());
    } catch (CairnException e) {
      return new Check(name, false, String.valueOf(e.getMessage()));
    }
  }

  /// The store itself, or the nearest directory above it that exists.
  private Path existing(Path path) {
    Path at = path;
    while (context.disk().stat(at).isEmpty() && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  private String space(Path base) {
    long usable = context.disk().usableBytes(base);
    if (usable < LITTLE_SPACE) {
      throw new CairnException.Unavailable(
          "only %s are free".formatted(Human.bytes(usable)), "", null);
    }
    return Human.bytes(usable) + " free";
  }

  private String writable(Path scratch) {
    context.disk().createDirectories(scratch);
    write(scratch.resolve("a"));
    return "yes";
  }

  private void write(Path file) {
    try (var out = context.disk().create(file)) {
      out.write(ByteBuffer.wrap(new byte[4096]));
      out.force();
    }
  }

  private String link(Path scratch) {
    Path target = scratch.resolve("linked");
    boolean first = context.disk().link(scratch.resolve("a"), target);
    boolean second = context.disk().link(scratch.resolve("a"), target);
    if (!first || second) {
      throw new CairnException.Unavailable(
          "link(2) does not refuse a name that is taken: no journal can live here", "", null);
    }
    return "a taken name is refused";
  }

  private String sync(Path scratch) {
    long start = context.env().nanos();
    context.disk().forceDirectory(scratch);
    return "works, in " + Human.duration(Duration.ofNanos(context.env().nanos() - start));
  }

  private String race(Path scratch) {
    var blobs = new DiskBlobStore(context.disk(), scratch, context.env());
    for (int i = 0; i < RACES; i++) {
      String name = "race-" + i;
      var winners = new AtomicInteger();
      Runnable writer =
          () -> {
            if (blobs.putIfAbsent(name, Blob.of("mine"))) {
              winners.incrementAndGet();
            }
          };
      Env.Task one = context.env().fork("race-one", writer);
      Env.Task two = context.env().fork("race-two", writer);
      one.join();
      two.join();
      if (winners.get() != 1) {
        throw new CairnException.Unavailable(
            "%d of two racing writers won: no journal can live here".formatted(winners.get()),
            "",
            null);
      }
    }
    return "%d of %d races".formatted(RACES, RACES);
  }

  private String clock(Path scratch) {
    Path file = scratch.resolve("clock");
    write(file);
    Instant theirs = context.disk().stat(file).orElseThrow().modified();
    Duration skew = Duration.between(theirs, context.env().now()).abs();
    if (skew.compareTo(SKEW) > 0) {
      throw new CairnException.Unavailable(
          "the file system's clock differs by %s; nothing is unsafe, but ages are wrong"
              .formatted(Human.duration(skew)),
          "",
          null);
    }
    return "within %s of the file system's".formatted(Human.duration(skew));
  }

  private String storeState(Path root) {
    if (context.disk().stat(root).isEmpty()) {
      return "not made yet; the first run or save makes it";
    }
    try (var opened = context.open(root.toString())) {
      return "format 1, %d jobs".formatted(opened.journal().jobs().size());
    }
  }

  private void remove(Path scratch) {
    for (Path child : context.disk().list(scratch)) {
      context.disk().delete(scratch.resolve(child));
    }
    context.disk().delete(scratch);
  }
}
