package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.blob.SealedJson;
import dev.cairn.checkpoint.Scrubber;
import dev.cairn.checkpoint.Scrubber.Finding;
import dev.cairn.checkpoint.Scrubber.Options;
import dev.cairn.checkpoint.Scrubber.Pass;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Event.Purpose;
import dev.cairn.domain.JobId;
import dev.cairn.env.Pace;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Meter;
import dev.cairn.repository.Scrubbed.Proof;
import dev.cairn.testkit.Workload.Step;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Scrubbing, in simulated time: what it finds, how fast it goes, and what it remembers.
final class ScrubTest {
  private static final long SEED = 20_261_126;
  private static final String MEMORY = "jobs/" + Worker.JOB + "/scrub.json";
  private static final int FOOTER_HEAD_BYTES = 40;
  private static final int EXTENT_BYTES = 53;

  private final SequentialEnv env = new SequentialEnv(SEED);
  private final CrashingDisk disk = new CrashingDisk();
  private final MemoryBlobStore memory = new MemoryBlobStore();
  private final Watched blobs = new Watched(memory);
  private final Store store = Worker.store(blobs, disk, env);
  private final List<Step> steps = Workload.large(disk, Path.of("/data/sources"), SEED);
  private final List<String> told = new ArrayList<>();

  /// Tells which packs are read, and does something before each.
  private static final class Watched implements BlobStore {
    private final BlobStore inner;
    private final List<String> read = new ArrayList<>();
    private Runnable before = () -> {};
    private boolean readOnly;
    private String unreadable = "";

    Watched(BlobStore inner) {
      this.inner = inner;
    }

    List<String> packsRead() {
      return read.stream().distinct().toList();
    }

    @Override
    public void put(String name, Blob body) {
      if (readOnly) {
        throw new CairnException.Denied("the store is read-only", "", null);
      }
      inner.put(name, body);
    }

    @Override
    public boolean putIfAbsent(String name, Blob body) {
      return inner.putIfAbsent(name, body);
    }

    @Override
    public boolean confirm(String name) {
      return inner.confirm(name);
    }

    @Override
    public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
      if (name.equals(unreadable) && maxBytes > 60_000) {
        throw new CairnException.Unavailable("input/output error", "", null);
      }
      return inner.read(name, offset, maxBytes);
    }

    @Override
    public Optional<Long> sizeBytes(String name) {
      if (name.endsWith(".pack")) { // the first thing that is asked of one
        read.add(name);
        before.run();
      }
      return inner.sizeBytes(name);
    }

    @Override
    public List<Item> list(String folder) {
      return inner.list(folder);
    }

    @Override
    public void delete(String name) {
      inner.delete(name);
    }

    @Override
    public String location() {
      return inner.location();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /// Seven checkpoints, all of them kept.
  @BeforeEach
  void save() {
    Worker.submit(JobLog.open(store.journal(), env, Worker.JOB));
    try (Worker worker = claim()) {
      steps.forEach(worker::save);
      worker.release();
    }
  }

  private Worker claim() {
    return Worker.claim(store, disk, env, "node-a", Purpose.WORK, steps.size());
  }

  private Pass scrub() {
    return scrub(Options.DEFAULTS);
  }

  private Pass scrub(Options options) {
    return scrub(options, Long.MAX_VALUE, () -> false);
  }

  private Pass scrub(Options options, long rate, BooleanSupplier stop) {
    blobs.read.clear();
    return scrubber(options, rate, stop).pass(List.of(Worker.JOB), Meter.NONE);
  }

  private Scrubber scrubber(Options options, long rate, BooleanSupplier stop) {
    return new Scrubber(
        store,
        env,
        new Pace(env, rate, stop),
        options,
        new Scrubber.Listener() {
          @Override
          public void found(Finding finding) {}

          @Override
          public void tell(String sentence) {
            told.add(sentence);
          }
        });
  }

  private static Options always(Proof proof) {
    return new Options(Duration.ZERO, proof);
  }

  private List<String> packs() {
    return memory.list("jobs/" + Worker.JOB + "/packs").stream().map(BlobStore.Item::name).toList();
  }

  private byte[] object(String name) {
    return memory.readSmall(name, 1 << 28).orElseThrow();
  }

  private void flip(String name, int at) {
    byte[] bytes = object(name);
    bytes[at] ^= 1;
    memory.put(name, Blob.of(bytes));
  }

  private String largestPack() {
    return packs().stream().max(Comparator.comparingInt(name -> object(name).length)).orElseThrow();
  }

  /// Where extents lie, by the published format: offset and stored size.
  private Map<Integer, Integer> extents(String pack) {
    var body = ByteBuffer.wrap(object(pack));
    int trailer = body.capacity() - 16;
    int footer = trailer - body.getInt(trailer);
    var extents = new TreeMap<Integer, Integer>();
    for (int i = 0; i < body.getInt(footer + FOOTER_HEAD_BYTES - 4); i++) {
      int at = footer + FOOTER_HEAD_BYTES + i * EXTENT_BYTES + 32;
      extents.put(Math.toIntExact(body.getLong(at)), body.getInt(at + 8));
    }
    return extents;
  }

  @Test
  void a_whole_store_is_read_once_and_then_left_alone_until_it_is_due() {
    Pass first = scrub();
    assertThat(first.damaged()).isEmpty();
    assertThat(first.complete()).isTrue();
    assertThat(first.packs()).isEqualTo(packs().size());
    assertThat(first.strays()).isZero();

    env.advance(Duration.ofDays(6));
    Pass second = scrub();
    assertThat(second.packs()).isZero();
    assertThat(second.fresh()).isEqualTo(packs().size());
    assertThat(blobs.packsRead()).isEmpty();

    env.advance(Duration.ofDays(2));
    assertThat(scrub().packs()).isEqualTo(packs().size());
  }

  @Test
  void each_damaged_extent_is_found_with_pack_place_checkpoints_and_files() {
    for (String pack : packs()) {
      byte[] whole = object(pack);
      for (var extent : extents(pack).entrySet()) {
        flip(pack, extent.getKey() + extent.getValue() / 2);
        Pass pass = scrub(always(Proof.SHA256));
        assertThat(pass.damaged())
            .singleElement()
            .satisfies(finding -> {
              assertThat(finding.object()).isEqualTo(pack);
              assertThat(finding.reason())
                  .isEqualTo("is damaged at byte %d (CRC32C differs)".formatted(extent.getKey()));
              assertThat(finding.checkpoints()).isNotEmpty();
            });
        memory.put(pack, Blob.of(whole));
      }
    }
    assertThat(scrub(always(Proof.SHA256)).damaged()).isEmpty();
  }

  @Test
  void the_files_that_a_damaged_chunk_spoils_are_named() {
    String pack = largestPack();
    int largest =
        extents(pack).entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    flip(pack, largest);
    assertThat(scrub().damaged())
        .singleElement()
        .satisfies(finding -> assertThat(finding.files()).contains("own"));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, -5, -25, -3})
  void a_damaged_frame_is_found(int at) {
    String pack = largestPack();
    flip(pack, at > 0 ? at : object(pack).length + at);
    for (Proof proof : Proof.values()) {
      assertThat(scrub(always(proof)).damaged())
          .singleElement()
          .satisfies(finding -> assertThat(finding.object()).isEqualTo(pack));
    }
  }

  @Test
  void a_lost_and_a_cut_pack_are_found() {
    String pack = largestPack();
    byte[] whole = object(pack);
    memory.put(pack, Blob.of(Arrays.copyOf(whole, whole.length / 2)));
    assertThat(scrub(always(Proof.CRC32C)).damaged()).hasSize(1);
    memory.delete(pack);
    assertThat(scrub(always(Proof.CRC32C)).damaged())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.reason()).isEqualTo("is missing");
          assertThat(finding.files()).isNotEmpty();
        });
  }

  @Test
  void a_place_that_cannot_be_read_is_damage_and_the_rest_is_read() {
    blobs.unreadable = largestPack();
    Pass pass = scrub();
    assertThat(pass.packs()).isEqualTo(packs().size());
    assertThat(pass.damaged().getFirst().object()).isEqualTo(blobs.unreadable);
    assertThat(pass.damaged().getFirst().reason()).contains("could not be read at byte");
    blobs.unreadable = "";
    assertThat(scrub().packs()).as("only that one is not remembered").isEqualTo(1);
  }

  @Test
  void a_damaged_journal_entry_is_found() {
    flip("jobs/" + Worker.JOB + "/journal/00000000000000000004.json", 30);
    assertThat(scrub().damaged())
        .singleElement()
        .satisfies(
            finding -> assertThat(finding.object()).isEqualTo("entry 4 of the journal of job job"));
  }

  @Test
  void damage_is_told_again_until_it_is_mended() {
    String pack = largestPack();
    flip(pack, extents(pack).keySet().iterator().next());
    assertThat(scrub().damaged()).hasSize(1);
    Pass again = scrub();
    assertThat(again.damaged()).hasSize(1);
    assertThat(again.packs()).isEqualTo(1);
    flip(pack, extents(pack).keySet().iterator().next());
    assertThat(scrub().damaged()).isEmpty();
    assertThat(scrub().packs()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {10_000, 100_000, 1_000_000})
  void the_rate_is_kept(long rate) {
    long start = env.nanos();
    Pass pass = scrub(always(Proof.SHA256), rate, () -> false);
    double seconds = (env.nanos() - start) / 1e9;
    double expected = (double) pass.bytes() / rate;
    assertThat(pass.bytes()).isGreaterThan(600_000);
    // Burst at the start, and the last read is not waited for: it may be up to 1 MiB.
    assertThat(seconds).isBetween(expected - 1.1 - (double) (1 << 20) / rate, expected + 0.2);
  }

  @Test
  void a_pace_is_kept_over_every_longer_time() {
    var pace = new Pace(env, 1_000, () -> false);
    pace.take(1);
    env.advance(Duration.ofDays(1)); // what was not used then is lost
    long start = env.nanos();
    for (int i = 0; i < 100; i++) {
      assertThat(pace.take(100)).isTrue();
    }
    assertThat((env.nanos() - start) / 1e9).isCloseTo(9, within(0.2));
  }

  @Test
  void when_asked_to_stop_it_stops_at_once_and_goes_on_there() {
    int all = packs().size();
    var left = new int[] {12};
    Pass first = scrub(Options.DEFAULTS, 100_000, () -> left[0]-- <= 0);
    assertThat(first.complete()).isFalse();
    assertThat(first.packs()).isBetween(1L, all - 1L);
    Pass second = scrub();
    assertThat(second.complete()).isTrue();
    assertThat(second.fresh()).isEqualTo(first.packs());
    assertThat(second.packs()).isEqualTo(all - first.packs());
  }

  @Test
  void after_a_kill_it_goes_on_where_it_last_remembered() {
    var reads = new int[1];
    blobs.before =
        () -> {
          env.advance(Duration.ofSeconds(11));
          if (++reads[0] == 3) {
            blobs.readOnly = true; // the dead write nothing
            throw new IllegalStateException("killed");
          }
        };
    var scrubber = scrubber(Options.DEFAULTS, Long.MAX_VALUE, () -> false);
    assertThatThrownBy(() -> scrubber.pass(List.of(Worker.JOB), Meter.NONE)).hasMessage("killed");
    blobs.before = () -> {};
    blobs.readOnly = false;
    assertThat(scrub().fresh()).isEqualTo(2);
  }

  @Test
  void packs_whose_last_check_is_longest_ago_come_first() {
    scrub(Options.DEFAULTS, 100_000, new CountDown(12));
    List<String> before = blobs.packsRead();
    env.advance(Duration.ofDays(1));
    scrub();
    List<String> after = blobs.packsRead();
    env.advance(Duration.ofDays(1));
    scrub(always(Proof.SHA256));
    assertThat(blobs.packsRead().getFirst()).isEqualTo(before.getFirst());
    assertThat(blobs.packsRead().getLast()).isIn(after);
  }

  private static final class CountDown implements BooleanSupplier {
    private int left;

    CountDown(int left) {
      this.left = left;
    }

    @Override
    public boolean getAsBoolean() {
      return left-- <= 0;
    }
  }

  @Test
  void a_sum_is_no_proof() {
    scrub(new Options(Duration.ofDays(7), Proof.CRC32C));
    assertThat(scrub(new Options(Duration.ofDays(7), Proof.CRC32C)).packs()).isZero();
    assertThat(scrub().packs()).isEqualTo(packs().size());
    assertThat(scrub(new Options(Duration.ofDays(7), Proof.CRC32C)).packs()).isZero();
  }

  @Test
  void a_memory_that_is_damaged_hostile_huge_or_from_the_future_only_means_reading_again() {
    scrub();
    byte[] good = object(MEMORY);
    byte[] flipped = good.clone();
    flipped[good.length / 2] ^= 1;
    var times = new TreeMap<String, Object>();
    for (String pack : packs()) {
      String hash = pack.substring(pack.lastIndexOf('-') + 1);
      times.put(hash.substring(0, 16), Long.MAX_VALUE);
    }
    var nothing = new TreeMap<String, Object>();
    nothing.put("sha256", null);
    for (byte[] bad :
        List.of(
            flipped,
            new byte[0],
            new byte[3 << 20],
            "{}".getBytes(StandardCharsets.UTF_8),
            SealedJson.seal(Map.of("sha256", times)),
            SealedJson.seal(Map.of("sha256", List.of(1, 2))),
            SealedJson.seal(Map.of("sha256", Map.of("x", -5, "", 1, "../..", 7))),
            SealedJson.seal(nothing),
            SealedJson.seal(Map.of("other", "x")))) {
      memory.put(MEMORY, Blob.of(bad));
      Pass pass = scrub();
      assertThat(pass.packs()).isEqualTo(packs().size());
      assertThat(pass.damaged()).isEmpty();
      assertThat(scrub().fresh()).as("a good one takes its place").isEqualTo(packs().size());
    }
  }

  @Test
  void a_wrong_clock_only_means_reading_again() {
    env.advance(Duration.ofDays(400));
    scrub();
    var earlier = new SequentialEnv(SEED);
    var store2 = Worker.store(blobs, disk, earlier);
    var pass =
        new Scrubber(
                store2,
                earlier,
                new Pace(earlier, Long.MAX_VALUE, () -> false),
                Options.DEFAULTS,
                new Scrubber.Listener() {
                  @Override
                  public void found(Finding finding) {}

                  @Override
                  public void tell(String sentence) {}
                })
            .pass(List.of(Worker.JOB), Meter.NONE);
    assertThat(pass.packs()).isEqualTo(packs().size());
  }

  @Test
  void a_store_that_may_not_be_written_is_scrubbed_without_a_memory() {
    blobs.readOnly = true;
    assertThat(scrub().packs()).isEqualTo(packs().size());
    assertThat(told).singleElement().asString().contains("cannot be remembered");
  }

  @Test
  void what_the_holder_lets_go_meanwhile_is_no_damage() {
    var done = new boolean[1];
    blobs.before =
        () -> {
          if (!done[0]) {
            done[0] = true;
            try (Worker worker = Worker.claim(store, disk, env, "node-b", Purpose.WORK, 2)) {
              worker.save(steps.getFirst());
              worker.save(steps.get(1));
              worker.release();
            }
          }
        };
    int before = packs().size();
    Pass pass = scrub(always(Proof.SHA256));
    assertThat(done[0]).isTrue();
    assertThat(pass.damaged()).isEmpty();
    assertThat(pass.complete()).isTrue();
    assertThat(pass.gone()).isPositive();
    assertThat(pass.packs() + pass.gone()).isEqualTo(before);
    assertThat(scrub(always(Proof.SHA256)).packs()).isEqualTo(packs().size());
  }

  @Test
  void packs_of_no_checkpoint_are_counted_apart_and_not_read() {
    String stray = "jobs/" + Worker.JOB + "/packs/9-" + "ab".repeat(32) + ".pack";
    memory.put(stray, Blob.of(new byte[100_000]));
    Pass pass = scrub();
    assertThat(pass.damaged()).isEmpty();
    assertThat(pass.strays()).isEqualTo(1);
    assertThat(pass.strayBytes()).isEqualTo(100_000);
    assertThat(blobs.packsRead()).doesNotContain(stray);
  }

  @Test
  void nothing_but_the_memory_is_changed() {
    flip(largestPack(), 3);
    var before = new TreeMap<String, ByteBuffer>();
    packs().forEach(name -> before.put(name, ByteBuffer.wrap(object(name))));
    List<BlobStore.Item> journal = memory.list("jobs/" + Worker.JOB + "/journal");
    scrub();
    packs()
        .forEach(name -> assertThat(ByteBuffer.wrap(object(name))).isEqualTo(before.remove(name)));
    assertThat(before).isEmpty();
    assertThat(memory.list("jobs/" + Worker.JOB + "/journal")).isEqualTo(journal);
    assertThat(memory.list("jobs/" + Worker.JOB).stream().map(BlobStore.Item::leaf))
        .contains("scrub.json");
  }

  @Test
  void a_job_without_packs_and_one_that_was_never_there_have_nothing_to_read() {
    Pass pass =
        scrubber(Options.DEFAULTS, 1_000, () -> false)
            .pass(List.of(JobId.of("nobody")), Meter.NONE);
    assertThat(pass.packs()).isZero();
    assertThat(pass.damaged()).isEmpty();
    assertThat(memory.list("jobs/nobody")).isEmpty();
  }
}
