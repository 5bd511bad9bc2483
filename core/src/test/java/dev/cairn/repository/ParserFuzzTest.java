package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every parser of the repository, given what nobody wrote (I10). See [Fuzzer].
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class ParserFuzzTest {
  private static final int KIB = 1024;

  private final Corpus corpus = new Corpus();

  private static byte[] pick(List<byte[]> from, SplittableRandom random) {
    return from.get(random.nextInt(from.size()));
  }

  @Test
  void lists_of_files() {
    List<Corpus.Listed> all = corpus.manifests();
    List<byte[]> bytes = all.stream().map(Corpus.Listed::bytes).toList();
    var place = new Manifest.Place(all.getFirst().manifest().packs().getFirst(), 16);
    for (byte[] whole : bytes) {
      for (int size = 0; size < whole.length; size++) {
        ByteBuffer cut = ByteBuffer.wrap(whole, 0, size);
        assertThatThrownBy(() -> ManifestReader.read(cut, place))
            .isInstanceOf(Damage.class)
            .hasMessageContaining(place.pack().leaf());
      }
    }
    new Fuzzer("list of files", 64, 256 * KIB)
        .run(random -> {
          byte[] input = Mutation.of(pick(bytes, random), bytes, random);
          try {
            requireSound(ManifestReader.read(ByteBuffer.wrap(input), place));
          } catch (Damage e) {
            assertThat(e.reason()).contains("the list of files breaks the format");
          }
          return input.length;
        });
  }

  /// What a reader may rely on.
  private static void requireSound(Manifest manifest) {
    assertThat(manifest.sizeBytes()).isNotNegative();
    String before = "";
    for (Manifest.Entry entry : manifest.entries()) {
      assertThat(TreePath.flaw(entry.path())).isEmpty();
      assertThat(TreePath.compare(before, entry.path())).isNegative();
      before = entry.path();
      if (entry.contents() != null) {
        entry.contents().refs().forEach(ref -> assertThat(manifest.pack(ref)).isNotNull());
      }
    }
  }

  @Test
  void lists_of_chunks() {
    List<Corpus.Group> all = corpus.groups();
    List<byte[]> bytes = all.stream().map(Corpus.Group::bytes).toList();
    assertThat(all.stream().map(group -> group.contents().isGrid()).distinct()).hasSize(2);
    for (Corpus.Group group : all) {
      for (int size = 0; size < group.bytes().length; size++) {
        ByteBuffer cut = ByteBuffer.wrap(group.bytes(), 0, size);
        assertThatThrownBy(() -> read(group, cut)).isInstanceOf(Damage.class);
      }
    }
    new Fuzzer("list of chunks", 64, 256 * KIB)
        .run(random -> {
          Corpus.Group group = all.get(random.nextInt(all.size()));
          byte[] input = Mutation.of(group.bytes(), bytes, random);
          try {
            assertThat(read(group, ByteBuffer.wrap(input)))
                .hasSize(group.contents().chunksOf(group.index()));
          } catch (Damage e) {
            assertThat(e.reason()).contains("a list of chunks breaks the format");
          }
          return input.length;
        });
  }

  private static List<ChunkRef> read(Corpus.Group group, ByteBuffer bytes) throws Damage {
    return LeafGroup.read(bytes, group.place(), group.manifest(), group.contents(), group.index());
  }

  @Test
  void packs_and_their_footers() {
    var all = new ArrayList<>(corpus.objects("/packs/").entrySet());
    all.removeIf(pack -> pack.getValue().length > 8 * KIB);
    List<byte[]> tails = all.stream().map(pack -> Arrays.copyOf(pack.getValue(), 200)).toList();
    new Fuzzer("pack", 64, 256 * KIB)
        .run(random -> {
          var pack = all.get(random.nextInt(all.size()));
          String leaf = pack.getKey().substring(pack.getKey().lastIndexOf('/') + 1);
          byte[] input = pack.getValue();
          PackName name = PackName.parse(leaf).orElseThrow();
          if (random.nextBoolean()) {
            input = Mutation.of(input, tails, random);
          } else {
            int length = ByteBuffer.wrap(input).getInt(input.length - Pack.TRAILER_BYTES);
            int at = input.length - Pack.TRAILER_BYTES - length;
            byte[] footer = Mutation.of(Arrays.copyOfRange(input, at, at + length), tails, random);
            ByteBuffer lying = ByteBuffer.wrap(footer);
            name = new PackName(name.token(), Sha256.of(lying));
            input = withFooter(input, at, lying);
          }
          var blobs = new MemoryBlobStore();
          blobs.put(name.object(Corpus.JOB), Blob.of(input));
          if (new PackCheck(new JobPacks(blobs, Corpus.JOB)).check(name)
              instanceof PackCheck.Frame.Broken broken) {
            assertThat(broken.damage().pack()).isEqualTo(name.leaf());
          }
          return input.length;
        });
  }

  static byte[] withFooter(byte[] pack, int at, ByteBuffer footer) {
    return ByteBuffer.allocate(at + footer.remaining() + Pack.TRAILER_BYTES)
        .put(pack, 0, at)
        .put(footer.duplicate())
        .put(Pack.trailer(footer))
        .array();
  }

  @Test
  void names_of_packs() {
    List<byte[]> names =
        corpus.objects("/packs/").keySet().stream()
            .map(name -> name.substring(name.lastIndexOf('/') + 1))
            .map(leaf -> leaf.getBytes(StandardCharsets.ISO_8859_1))
            .toList();
    new Fuzzer("name of a pack", 64, 64 * KIB)
        .run(random -> {
          byte[] input = Mutation.of(pick(names, random), names, random);
          String leaf = new String(input, StandardCharsets.ISO_8859_1);
          PackName.parse(leaf).ifPresent(name -> assertThat(name.leaf()).isEqualTo(leaf));
          return input.length;
        });
  }

  @Test
  void where_a_journal_says_the_list_of_files_is() {
    List<ManifestRef> all = corpus.refs();
    MemoryBlobStore blobs = corpus.store();
    var repository =
        new Repository(blobs, new dev.cairn.env.RealDisk(), new dev.cairn.env.SystemEnv());
    List<Function<SplittableRandom, Integer>> numbers =
        List.of(
            _ -> 0,
            _ -> -1,
            _ -> 1,
            _ -> Integer.MAX_VALUE,
            _ -> Integer.MIN_VALUE,
            _ -> 1 << 30,
            random -> random.nextInt(1 << 20),
            SplittableRandom::nextInt);
    new Fuzzer("reference to a list of files", 0, 4 * 1024 * KIB)
        .run(random -> {
          ManifestRef good = all.get(random.nextInt(all.size()));
          ManifestRef other = all.get(random.nextInt(all.size()));
          Function<Integer, Integer> change =
              was ->
                  random.nextInt(3) == 0
                      ? numbers.get(random.nextInt(numbers.size())).apply(random)
                      : was;
          long offset =
              random.nextInt(3) == 0 ? (long) change.apply(0) << random.nextInt(33) : good.offset();
          var ref =
              new ManifestRef(
                  random.nextInt(4) == 0 ? other.sha256() : good.sha256(),
                  random.nextInt(4) == 0 ? other.pack() : good.pack(),
                  offset,
                  change.apply(good.storedBytes()),
                  change.apply(good.sizeBytes()),
                  change.apply(good.codec()));
          try {
            requireSound(repository.manifest(Corpus.JOB, ref));
          } catch (CairnException.Corrupt e) {
            assertThat(e).hasMessageContaining(ref.pack());
          }
          return 0;
        });
  }

  @Test
  void compressed_bytes() {
    List<byte[]> frames = new ArrayList<>();
    for (byte[] plain : corpus.manifests().stream().map(Corpus.Listed::bytes).toList()) {
      ByteBuffer frame = Codec.compress(ByteBuffer.wrap(plain)).orElseThrow();
      var bytes = new byte[frame.remaining()];
      frame.get(bytes);
      frames.add(bytes);
    }
    Codec[] codecs = Codec.values();
    new Fuzzer("compressed bytes", 2 * 32 * KIB, 256 * KIB) // no more than it may yield, twice
        .run(random -> {
          byte[] input = Mutation.of(pick(frames, random), frames, random);
          int size = 1 + random.nextInt(1 << random.nextInt(31));
          Codec codec = codecs[random.nextInt(codecs.length)];
          int kept = input.length;
          codec
              .decode(ByteBuffer.wrap(input), size)
              .ifPresent(chunk -> assertThat(chunk.remaining()).isEqualTo(size));
          return kept;
        });
  }
}
