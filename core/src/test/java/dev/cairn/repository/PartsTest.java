package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.SystemEnv;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// The small parts that the others rest on.
final class PartsTest {
  @Test
  void a_hash_is_read_strictly() {
    String abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    ByteBuffer bytes = ByteBuffer.wrap("abc".getBytes(StandardCharsets.US_ASCII));
    assertThat(Sha256.parse(abc)).hasValue(Sha256.of(bytes));
    assertThat(bytes.remaining()).isEqualTo(3);
    assertThat(Sha256.parse(abc.substring(1))).isEmpty();
    assertThat(Sha256.parse(abc.toUpperCase(java.util.Locale.ROOT))).isEmpty();
  }

  @Test
  void paths_are_ordered_as_their_bytes() {
    var paths =
        new ArrayList<>(
            List.of("a", "a/b", "a-", "a.", "", "\uffff", "\ud83d\ude00", "\ue000", "é", "ab"));
    var byBytes = new ArrayList<>(paths);
    paths.sort(TreePath::compare);
    byBytes.sort((a, b) -> Arrays.compareUnsigned(TreePath.utf8(a), TreePath.utf8(b)));
    assertThat(paths).isEqualTo(byBytes);
  }

  @Test
  void a_chunk_is_found_by_its_hash_however_many_there_are() {
    var index = new ChunkIndex(1 << 20);
    var random = new Random(1);
    var refs = new ArrayList<ChunkRef>();
    for (int i = 0; i < 20_000; i++) {
      var sha256 =
          new Sha256(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
      var ref =
          new ChunkRef(
              sha256,
              random.nextInt(1 << 24),
              random.nextLong(1L << 56),
              1 + random.nextInt(1 << 20),
              1 + random.nextInt(1 << 20),
              random.nextBoolean() ? Codec.RAW : Codec.ZSTD,
              random.nextInt());
      refs.add(ref);
      index.add(ref);
      index.add(ref.inPack(0));
    }
    for (ChunkRef ref : refs) {
      assertThat(index.find(ref.sha256())).isEqualTo(ref);
    }
    assertThat(index.find(new Sha256(1, 2, 3, 4))).isNull();
  }

  @Test
  void no_more_chunks_are_known_than_allowed() {
    var index = new ChunkIndex(5_000);
    for (int i = 0; i < 6_000; i++) {
      index.add(new ChunkRef(new Sha256(i, 0, 0, i), 0, i, 1, 1, Codec.RAW, 0));
    }
    for (int i = 0; i < 6_000; i++) {
      assertThat(index.find(new Sha256(i, 0, 0, i)) != null).isEqualTo(i < 5_000);
    }
    var none = new ChunkIndex(0);
    none.add(new ChunkRef(new Sha256(1, 0, 0, 0), 0, 16, 1, 1, Codec.RAW, 0));
    assertThat(none.find(new Sha256(1, 0, 0, 0))).isNull();
    var far = new ChunkIndex(10);
    far.add(new ChunkRef(new Sha256(1, 0, 0, 0), 1 << 24, 16, 1, 1, Codec.RAW, 0));
    assertThat(far.find(new Sha256(1, 0, 0, 0))).isNull();
  }

  @Test
  void a_frame_that_yields_anything_else_is_refused() {
    ByteBuffer chunk = ByteBuffer.wrap("abc".repeat(1000).getBytes(StandardCharsets.US_ASCII));
    ByteBuffer frame = Codec.compress(chunk).orElseThrow();
    assertThat(Codec.ZSTD.decode(frame, 3000)).hasValue(chunk);
    assertThat(Codec.ZSTD.decode(frame, 2999)).isEmpty();
    assertThat(Codec.ZSTD.decode(frame, 3001)).isEmpty();
    assertThat(Codec.ZSTD.decode(chunk, 3000)).isEmpty();
    assertThat(Codec.ZSTD.decode(frame.slice(0, frame.remaining() - 1), 3000)).isEmpty();
    var direct = ByteBuffer.allocateDirect(frame.remaining() + 7).position(7);
    direct.duplicate().put(frame.duplicate());
    assertThat(Codec.ZSTD.decode(direct, 3000)).hasValue(chunk);
    assertThat(Codec.RAW.decode(chunk, 3000)).hasValue(chunk);
    assertThat(Codec.RAW.decode(chunk, 2999)).isEmpty();
  }

  private static Lanes.Step<RuntimeException> step(Runnable run, Runnable end) {
    return new Lanes.Step<>() {
      @Override
      public void run() {
        run.run();
      }

      @Override
      public void end() {
        end.run();
      }
    };
  }

  @Test
  void steps_end_in_order_and_no_more_than_allowed_are_under_way() {
    var ended = new ArrayList<Integer>();
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    try (var lanes = new Lanes<RuntimeException>(new SystemEnv(), "test", 3)) {
      for (int i = 0; i < 200; i++) {
        int number = i;
        lanes.add(
            step(
                () -> {
                  most.accumulateAndGet(running.incrementAndGet(), Math::max);
                  Sha256.of(ByteBuffer.allocate(50_000));
                  running.decrementAndGet();
                },
                () -> ended.add(number)));
      }
      lanes.drain();
    }
    assertThat(ended).hasSize(200).isSorted();
    assertThat(most.get()).isLessThanOrEqualTo(3);
  }

  @Test
  void a_step_that_fails_takes_the_place_of_its_end_and_the_others_are_stopped() {
    var stopped = new CountDownLatch(1);
    var ended = new AtomicInteger();
    try (var lanes = new Lanes<RuntimeException>(new SystemEnv(), "test", 2)) {
      lanes.add(
          step(
              () -> {
                throw new CairnException.Cancelled("first");
              },
              ended::incrementAndGet));
      lanes.add(
          step(
              () -> {
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  stopped.countDown();
                }
              },
              ended::incrementAndGet));
      assertThatThrownBy(lanes::drain)
          .isInstanceOf(CairnException.Cancelled.class)
          .hasMessage("first");
    }
    assertThat(stopped.getCount()).isZero();
    assertThat(ended).hasValue(0);
  }
}
