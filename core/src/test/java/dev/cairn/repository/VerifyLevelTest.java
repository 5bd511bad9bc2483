package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Repository.Damaged;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Verified;
import dev.cairn.repository.VerifyLevel.Sampled;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which level finds what: each kind of damage against each level.
final class VerifyLevelTest {
  /// So many chunks that their list is a group.
  private static final int CHUNKS = 12;

  private static final VerifyLevel ALL_OF_A_SAMPLE = new Sampled(1, 5);

  private @TempDir Path root;
  private Sandbox box;
  private Saved saved;

  /// The pack of the first save, which holds the chunks of `model`, and that of the second.
  private String old;

  private String own;

  @BeforeEach
  void save() {
    box = new Sandbox(root);
    box.write("model", Sandbox.noise(CHUNKS * Sandbox.CHUNK, 1));
    box.write("note", new byte[] {1, 2, 3});
    Saved first = box.save();
    old = largest(box.packObjects());
    box.write("note", new byte[] {4, 5, 6});
    saved = box.save(first.manifest());
    own = "jobs/train-1/packs/" + saved.manifest().pack();
    assertThat(own).isNotEqualTo(old);
  }

  /// Adds up what it is told to expect.
  private static final class Expected implements Meter {
    long bytes;

    @Override
    public void total(long more) {
      bytes += more;
    }

    @Override
    public void moved(long more) {}
  }

  @Test
  void what_checkpoints_share_is_read_once_unless_it_is_damaged() {
    box.write("new", new byte[100]);
    Saved next = box.save(saved.manifest());
    var proven = new Proven();
    var first = new Expected();
    var second = new Expected();
    Verified one =
        box.repository.verify(Sandbox.JOB, saved.manifest(), VerifyLevel.FULL, proven, first);
    Verified two =
        box.repository.verify(Sandbox.JOB, next.manifest(), VerifyLevel.FULL, proven, second);
    assertThat(first.bytes).isEqualTo(CHUNKS * (long) Sandbox.CHUNK + 3);
    assertThat(second.bytes).isEqualTo(100);
    assertThat(one.checked()).isEqualTo(one.all());
    assertThat(two.checked()).isEqualTo(two.all());

    byte[] bytes = box.object(old);
    bytes[5000]++;
    box.putObject(old, bytes);
    var again = new Proven();
    for (Saved either : List.of(saved, next)) {
      Verified found =
          box.repository.verify(
              Sandbox.JOB, either.manifest(), VerifyLevel.FULL, again, Meter.NONE);
      assertThat(found.damaged()).singleElement().extracting("files").asString().contains("model");
    }
  }

  private String largest(List<String> packs) {
    return packs.stream()
        .max(Comparator.comparingInt(pack -> box.object(pack).length))
        .orElseThrow();
  }

  private Verified verify(VerifyLevel level) {
    return verify(saved.manifest(), level);
  }

  private Verified verify(ManifestRef ref, VerifyLevel level) {
    return box.repository.verify(Sandbox.JOB, ref, level, Meter.NONE);
  }

  /// A kind of damage, the levels that find it, and the file that they say it spoils.
  enum Kind {
    HEADER(true, null),
    CHUNK(false, "model"),
    GAP(null, null),
    FOOTER(true, null),
    TRAILER(true, null),
    LAST_BYTE_GONE(true, null),
    CUT_IN_HALF(true, "model"),
    ONE_BYTE_MORE(true, null),
    PACK_GONE(true, "model"),
    PACK_OF_THE_MANIFEST_GONE(true, null),
    MANIFEST(true, null),
    GROUP(true, "model");

    /// Null: harmless, and found by none.
    private final @Nullable Boolean fast;

    private final @Nullable String file;

    Kind(@Nullable Boolean fast, @Nullable String file) {
      this.fast = fast;
      this.file = file;
    }
  }

  private String spoil(Kind kind) {
    Manifest manifest = box.manifest(saved);
    ChunkRef group = contents(manifest).refs().getFirst();
    int size = box.object(old).length;
    switch (kind) {
      case HEADER -> flip(old, 3);
      case CHUNK -> flip(old, chunk().offset() + 17);
      case GAP -> flip(old, Pack.HEADER_BYTES + 5);
      case FOOTER -> flip(old, size - Pack.TRAILER_BYTES - 5);
      case TRAILER -> flip(old, size - 3);
      case LAST_BYTE_GONE -> resize(old, size - 1);
      case CUT_IN_HALF -> resize(old, size / 2);
      case ONE_BYTE_MORE -> resize(old, size + 1);
      case PACK_GONE -> box.blobs.delete(old);
      case PACK_OF_THE_MANIFEST_GONE -> box.blobs.delete(own);
      case MANIFEST -> flip(own, saved.manifest().offset() + 9);
      case GROUP -> flip("jobs/train-1/packs/" + manifest.pack(group).leaf(), group.offset() + 1);
    }
    return switch (kind) {
      case PACK_OF_THE_MANIFEST_GONE, MANIFEST -> own;
      case GROUP -> "jobs/train-1/packs/" + manifest.pack(group).leaf();
      default -> old;
    };
  }

  private static Manifest.Contents contents(Manifest manifest) {
    return Objects.requireNonNull(manifest.entries().getFirst().contents());
  }

  /// The second chunk of `model`.
  private ChunkRef chunk() {
    try {
      Manifest manifest = box.manifest(saved);
      return new ExtentReader(new JobPacks(box.blobs, Sandbox.JOB))
          .chunks(manifest, contents(manifest), 0)
          .get(1);
    } catch (Damage e) {
      throw new AssertionError(e);
    }
  }

  private void flip(String object, long at) {
    byte[] bytes = box.object(object);
    bytes[(int) at] ^= 1;
    box.putObject(object, bytes);
  }

  private void resize(String object, int size) {
    box.putObject(object, Arrays.copyOf(box.object(object), size));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void each_level_finds_what_it_says(Kind kind) {
    String object = spoil(kind);
    for (VerifyLevel level : List.of(VerifyLevel.FAST, ALL_OF_A_SAMPLE, VerifyLevel.FULL)) {
      boolean reads = !level.equals(VerifyLevel.FAST);
      boolean found = kind.fast != null && (kind.fast || reads);
      Verified verified = verify(level);
      assertThat(verified.level()).isEqualTo(level);
      assertThat(verified.isWhole()).as("%s", level).isNotEqualTo(found);
      if (found) {
        Damaged damaged = verified.damaged().getFirst();
        assertThat(verified.damaged()).hasSize(1);
        assertThat(damaged.object()).isEqualTo(object);
        assertThat(damaged.files())
            .as("%s", level)
            .isEqualTo(Stream.ofNullable(kind.file).toList());
      }
      if (!reads) {
        assertThat(verified.checked()).as("nothing is claimed").isEqualTo(ChunkCount.NONE);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void a_sample_of_everything_says_what_a_full_check_says(Kind kind) {
    spoil(kind);
    Verified full = verify(VerifyLevel.FULL);
    Verified sampled = verify(ALL_OF_A_SAMPLE);
    assertThat(sampled.damaged()).isEqualTo(full.damaged());
    assertThat(sampled.checked()).isEqualTo(full.checked());
    assertThat(sampled.all()).isEqualTo(full.all());
  }

  @Test
  void what_cannot_be_checked_is_not_counted_as_checked() {
    assertThat(verify(VerifyLevel.FULL).checked())
        .isEqualTo(new ChunkCount(CHUNKS + 1L, CHUNKS * (long) Sandbox.CHUNK + 3));
    flip(old, chunk().offset() + 17);
    assertThat(verify(VerifyLevel.FULL).checked())
        .isEqualTo(new ChunkCount(CHUNKS, (CHUNKS - 1) * (long) Sandbox.CHUNK + 3));
    box.blobs.delete(old);
    assertThat(verify(VerifyLevel.FULL).checked()).isEqualTo(new ChunkCount(1, 3));
    box.blobs.delete(own);
    assertThat(verify(VerifyLevel.FULL).checked()).isEqualTo(ChunkCount.NONE);
  }

  @Test
  void a_chunk_that_a_sample_leaves_out_is_neither_found_damaged_nor_claimed() {
    flip(old, chunk().offset());
    int missed = 0;
    for (long seed = 0; seed < 100; seed++) {
      Verified verified = verify(new Sampled(0.3, seed));
      assertThat(verified.isWhole()).isEqualTo(!reads(seed));
      if (verified.isWhole()) {
        missed++;
        assertThat(verified.checked().chunks()).isEqualTo(4).isLessThan(verified.all().chunks());
        assertThat(verified.detection().of(1)).isLessThan(1);
      } else {
        assertThat(verified.checked().chunks()).isEqualTo(3);
      }
    }
    assertThat(missed).isBetween(30, 99); // 69 on average
  }

  private boolean reads(long seed) {
    Manifest manifest = box.manifest(saved);
    var all = new ChunkSet();
    var chunks = new FileChunks(new ExtentReader(new JobPacks(box.blobs, Sandbox.JOB)), manifest);
    chunks.forEachFile((_, contents) -> chunks.forEach(contents, all::add));
    return Sampling.choose(all.inPlace(), manifest.packs(), new Sampled(0.3, seed))
        .contains(chunk());
  }

  @Test
  void chunks_that_files_share_are_read_once_and_every_file_is_named() {
    byte[] same = Sandbox.noise(3 * Sandbox.CHUNK, 9);
    for (String name : List.of("a", "b", "c")) {
      box.write(name, same);
    }
    box.write("zeros", new byte[2000 * Sandbox.CHUNK]);
    Saved shared = box.save();
    Verified verified = verify(shared.manifest(), VerifyLevel.FULL);
    assertThat(verified.checked().chunks()).isEqualTo(CHUNKS + 1 + 3 + 1);
    flip(
        largest(box.packObjects().stream().filter(pack -> !pack.equals(old)).toList()),
        Pack.ALIGNMENT);
    assertThat(verify(shared.manifest(), VerifyLevel.FULL).damaged().getFirst().files())
        .containsExactly("a", "b", "c");
  }

  @Test
  void a_checkpoint_without_files_is_whole_at_every_level() {
    var other = new Sandbox(root.resolve("other"));
    ManifestRef ref = other.save().manifest();
    for (VerifyLevel level : List.of(VerifyLevel.FAST, new Sampled(0.05, 1), VerifyLevel.FULL)) {
      Verified verified = other.repository.verify(Sandbox.JOB, ref, level, Meter.NONE);
      assertThat(verified.isWhole()).isTrue();
      assertThat(verified.all()).isEqualTo(ChunkCount.NONE);
      assertThat(verified.detection().damagedFor(0.99)).isZero();
    }
  }
}
