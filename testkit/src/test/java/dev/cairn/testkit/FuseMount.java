package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A [Tree] mounted as a real file system: whatever any process does there is kept by the tree,
/// which knows what a power loss would leave of it.
///
/// This process speaks the kernel's FUSE protocol itself, on a platform thread of its own that
/// touches no file, so that other threads of this process may use the mount as well. Linux only,
/// and only for a user who may mount; others skip the test.
final class FuseMount implements AutoCloseable {
  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final int REQUEST_BYTES = FuseReply.MOST_BYTES + (64 << 10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Path place;
  private final int device;
  private final FuseFiles files;
  private final Thread server;
  private final Thread lastResort;
  private volatile @Nullable Stop stop;
  private volatile boolean ended;
  private volatile @Nullable Throwable failure;

  private FuseMount(Path place, int device, Tree tree) {
    this.place = place;
    this.device = device;
    this.files = new FuseFiles(tree);
    this.server = Thread.ofPlatform().daemon().name("fuse").unstarted(this::serve);
    this.lastResort = new Thread(this::unmount, "unmount");
  }

  /// Mounts `tree` at an existing directory.
  ///
  /// @throws org.opentest4j.TestAbortedException if this machine or this user cannot
  static FuseMount at(Path place, Tree tree) {
    assumeTrue(
        System.getProperty("os.name").equals("Linux"), "FUSE is spoken to the kernel of Linux");
    assumeTrue(Files.exists(DEVICE), "there is no " + DEVICE);
    int device = Libc.open(DEVICE, Libc.O_RDWR | Libc.O_CLOEXEC);
    assumeTrue(device >= 0, "this user may not open %s: error %d".formatted(DEVICE, -device));
    var mount = new FuseMount(place, device, tree);
    int mounted =
        Libc.mount(
            "cairn-test",
            place,
            "fuse.cairn",
            "fd=%d,rootmode=40000,user_id=0,group_id=0".formatted(device));
    if (mounted < 0) {
      Libc.close(device);
      assumeTrue(false, "this user may not mount a file system: error " + -mounted);
    }
    Runtime.getRuntime().addShutdownHook(mount.lastResort);
    mount.server.start();
    return mount;
  }

  /// A moment at which the server stops answering.
  ///
  /// @param changes how many more calls that change something until then
  private record Stop(
      AtomicLong changes, When when, CountDownLatch reached, CountDownLatch released) {}

  /// From the `change`-th call from now on that changes anything, nobody is answered.
  ///
  /// @param when whether that call is still carried out
  void stopAt(long change, When when) {
    stop = new Stop(new AtomicLong(change), when, new CountDownLatch(1), new CountDownLatch(1));
  }

  /// Waits until it has stopped.
  boolean awaitStop(Duration limit) throws InterruptedException {
    return stopped().reached.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Answers again, first the call at which it stopped.
  void goOn() {
    stopped().released.countDown();
  }

  private Stop stopped() {
    @Nullable Stop now = stop;
    if (now == null) {
      throw new IllegalStateException("no stop was planned");
    }
    return now;
  }

  private void serve() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(REQUEST_BYTES, Long.BYTES);
      var reply = new FuseReply(arena);
      while (!ended) {
        int count = Libc.read(device, in);
        if (count == -Libc.ENODEV) {
          return; // unmounted
        }
        if (count > 0) {
          serve(FuseRequest.of(in.asSlice(0, count).asByteBuffer()), reply);
        } else if (count != -Libc.EINTR && count != -Libc.EAGAIN && count != -Libc.ENOENT) {
          throw new IllegalStateException("could not read %s: error %d".formatted(DEVICE, -count));
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      Libc.close(device); // whoever still waits for an answer gets an error
    }
  }

  private void serve(FuseRequest request, FuseReply reply) {
    @Nullable Stop due = stop;
    boolean stops = due != null && request.call().changes() && due.changes.decrementAndGet() == 0;
    if (due != null && stops && due.when == When.BEFORE) {
      pause(due);
    }
    if (ended) {
      return;
    }
    int errno = files.answer(request, reply);
    if (due != null && stops && due.when == When.AFTER) {
      pause(due);
    }
    if (!ended && request.call().isAnswered()) {
      int written = Libc.write(device, reply.end(request.unique(), errno));
      if (written < 0 && written != -Libc.ENOENT && written != -Libc.ENODEV && !ended) {
        // ENOENT: whoever asked was killed meanwhile.
        throw new IllegalStateException(
            "the kernel refused the answer to %s: error %d".formatted(request.call(), -written));
      }
    }
  }

  private static void pause(Stop stop) {
    stop.reached.countDown();
    boolean interrupted = false;
    while (true) {
      try {
        stop.released.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private int unmount() {
    return Libc.unmount(place, Libc.MNT_FORCE | Libc.MNT_DETACH | Libc.UMOUNT_NOFOLLOW);
  }

  /// Unmounts, whoever uses it: calls that are not answered yet fail. The tree stays as it is, and
  /// is no longer changed.
  @Override
  public void close() {
    if (ended) {
      return;
    }
    ended = true;
    int unmounted = unmount();
    @Nullable Stop last = stop;
    if (last != null) {
      last.released.countDown();
    }
    Runtime.getRuntime().removeShutdownHook(lastResort);
    assertThat(hasServerEnded()).as("the server of %s ends", place).isTrue();
    assertThat(failure).as("failure of the server of %s", place).isNull();
    assertThat(unmounted).as("unmounting %s", place).isZero();
  }

  private boolean hasServerEnded() {
    try {
      return server.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
