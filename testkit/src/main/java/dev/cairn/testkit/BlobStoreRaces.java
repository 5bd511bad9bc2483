package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.env.Env;
import dev.cairn.env.SystemEnv;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// What [BlobStore] promises when several use it at once; the other half of [BlobStoreContract].
public interface BlobStoreRaces {
  /// A new, empty store.
  BlobStore open();

  /// Of all that put one name if absent, exactly one is told that it did, and its body stands.
  @Test
  default void exactly_one_of_many_putters_wins() {
    int putters = 16;
    var env = new SystemEnv();
    try (BlobStore store = open()) {
      for (int round = 0; round < 100; round++) {
        String name = "race/%03d".formatted(round);
        var winners = Collections.synchronizedList(new ArrayList<Integer>());
        var start = new CountDownLatch(putters);
        var tasks = new ArrayList<Env.Task>();
        for (int putter = 0; putter < putters; putter++) {
          int self = putter;
          tasks.add(
              env.fork(
                  "putter-" + self,
                  () -> {
                    meet(start);
                    if (store.putIfAbsent(name, Blob.of("body of " + self))) {
                      winners.add(self);
                    }
                  }));
        }
        tasks.forEach(Env.Task::join);
        assertThat(winners).hasSize(1);
        assertThat(store.readSmall(name, 100).orElseThrow())
            .asString()
            .isEqualTo("body of " + winners.getFirst());
      }
      assertThat(store.list("race")).hasSize(100);
    }
  }

  /// First puts below folders that nobody has made yet.
  @Test
  default void many_first_puts_of_new_folders_all_succeed() {
    var env = new SystemEnv();
    try (BlobStore store = open()) {
      var tasks = new ArrayList<Env.Task>();
      for (int putter = 0; putter < 16; putter++) {
        String name = "new/folder/%d/x".formatted(putter % 4) + putter;
        tasks.add(env.fork(name, () -> store.put(name, Blob.of(name))));
      }
      tasks.forEach(Env.Task::join);
      assertThat(store.list("new/folder")).hasSize(4);
      assertThat(store.list("new/folder/3")).hasSize(4);
    }
  }

  /// A reader that looks all the time sees one body or the other, never a piece or a mixture, and
  /// never nothing.
  @Test
  default void a_put_is_never_visible_half() {
    List<byte[]> bodies = List.of(body(1, 300_000), body(2, 10), body(3, 70_000));
    var env = new SystemEnv();
    var done = new AtomicBoolean();
    try (BlobStore store = open()) {
      store.put("a/x", Blob.of(bodies.getFirst()));
      Env.Task reader =
          env.fork(
              "reader",
              () -> {
                while (!done.get()) {
                  ByteBuffer seen = store.read("a/x", 0, 1_000_000).orElseThrow();
                  assertThat(bodies.stream().anyMatch(body -> seen.equals(ByteBuffer.wrap(body))))
                      .as("a whole body, of %d bytes", seen.remaining())
                      .isTrue();
                }
              });
      for (int i = 0; i < 200; i++) {
        store.put("a/x", Blob.of(bodies.get(i % 3)));
      }
      done.set(true);
      reader.join();
    }
  }

  private static byte[] body(int seed, int size) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static void meet(CountDownLatch latch) {
    latch.countDown();
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
