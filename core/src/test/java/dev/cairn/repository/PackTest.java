package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Saved;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads packs by their documentation alone.
final class PackTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private static String ascii(ByteBuffer bytes, int at, int size) {
    var text = new byte[size];
    bytes.get(at, text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  private static int crc(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  @Test
  void a_pack_is_as_its_documentation_says() {
    box.write("a", Sandbox.noise(5, 1));
    box.write("b", Sandbox.noise(4096, 2));
    box.write("c", Sandbox.noise(7, 3));
    Saved saved = box.save(box.repository(box.disk, Compression.NONE), null);
    String object = box.packObjects().getFirst();
    ByteBuffer pack = ByteBuffer.wrap(box.object(object));
    assertThat(ascii(pack, 0, 8)).isEqualTo("CAIRNPCK");
    assertThat(pack.getInt(8)).isEqualTo(1);
    assertThat(pack.get(12)).isEqualTo((byte) 1);
    int size = pack.capacity();
    assertThat(ascii(pack, size - 8, 8)).isEqualTo("CAIRNEND");
    int length = pack.getInt(size - 16);
    ByteBuffer footer = pack.slice(size - 16 - length, length);
    assertThat(pack.getInt(size - 12)).isEqualTo(crc(footer));
    assertThat(object).isEqualTo("jobs/train-1/packs/7-" + Sha256.of(footer) + ".pack");
    assertThat(footer.getInt(0)).isEqualTo(1);
    assertThat(footer.getLong(20)).isEqualTo(7);
    assertThat(footer.get(28)).isEqualTo((byte) 1);
    int count = footer.getInt(36);
    assertThat(count).isEqualTo(4);
    assertThat(length).isEqualTo(40 + 53 * count);
    long[] offsets = new long[count];
    for (int i = 0; i < count; i++) {
      ByteBuffer extent = footer.slice(40 + 53 * i, 53);
      offsets[i] = extent.getLong(32);
      ByteBuffer stored = pack.slice((int) offsets[i], extent.getInt(40));
      assertThat(extent.get(48)).isZero();
      assertThat(extent.getInt(44)).isEqualTo(extent.getInt(40));
      assertThat(extent.getInt(49)).isEqualTo(crc(stored));
      assertThat(Sha256.of(stored)).isEqualTo(Sha256.read(extent));
    }
    assertThat(offsets).containsExactly(16, 4096, 8192, 8199);
    assertThat(saved.storedBytes()).isEqualTo(size);
    assertThat(saved.manifest().offset()).isEqualTo(8199);
  }

  @Test
  void the_gap_before_an_extent_is_zeros_even_in_used_memory() {
    for (int i = 0; i < 300; i++) {
      box.write("%03d".formatted(i), Sandbox.noise(4097 + i % 2 * 1_200_000, i));
    }
    Saved saved = box.save();
    assertThat(saved.packs()).hasSizeGreaterThan(2);
    for (String object : box.packObjects()) {
      ByteBuffer pack = ByteBuffer.wrap(box.object(object));
      int length = pack.getInt(pack.capacity() - 16);
      ByteBuffer footer = pack.slice(pack.capacity() - 16 - length, length);
      int end = 16;
      for (int at = 40; at < length; at += 53) {
        for (long offset = footer.getLong(at + 32); end < offset; end++) {
          assertThat(pack.get(end)).isZero();
        }
        end += footer.getInt(at + 40);
      }
    }
  }

  @Test
  void two_packs_of_the_same_contents_have_different_names() {
    box.write("a", new byte[5]);
    box.save();
    box.save();
    assertThat(box.packObjects()).hasSize(2);
  }

  @Test
  void names_are_read_strictly() {
    String hash = "0123456789abcdef".repeat(4);
    assertThat(PackName.parse("7-" + hash + ".pack"))
        .map(PackName::leaf)
        .hasValue("7-" + hash + ".pack");
    for (String leaf :
        List.of(
            "0-" + hash + ".pack",
            "07-" + hash + ".pack",
            "-7-" + hash + ".pack",
            "+7-" + hash + ".pack",
            "7-" + hash,
            "7-" + hash.toUpperCase(java.util.Locale.ROOT) + ".pack",
            "7-" + hash.substring(1) + ".pack",
            "7-.pack",
            "7.pack",
            "99999999999999999999-" + hash + ".pack",
            "9999999999999999999-" + hash + ".pack",
            "\u0667-" + hash + ".pack",
            "")) {
      assertThat(PackName.parse(leaf)).as(leaf).isEmpty();
    }
  }

  /// A store that answers a put of a pack in its own way.
  private Repository answering(UnaryOperator<Blob> instead) {
    return new Repository(
        new Delegating(box.blobs) {
          @Override
          public boolean putIfAbsent(String name, Blob body) {
            super.putIfAbsent(name, instead.apply(body));
            return false;
          }
        },
        box.disk,
        box.env);
  }

  @Test
  void a_put_whose_answer_was_lost_has_succeeded() {
    box.write("a", Sandbox.noise(3_000_000, 1));
    Saved saved = box.save(answering(body -> body), null);
    assertThat(box.verify(saved).isWhole()).isTrue();
  }

  @Test
  void a_name_that_is_taken_by_something_else_is_damage() {
    box.write("a", Sandbox.noise(3_000_000, 1));
    for (UnaryOperator<Blob> change :
        List.<UnaryOperator<Blob>>of(
            _ -> Blob.of(new byte[10]),
            body -> Blob.of(java.util.Arrays.copyOf(body.toBytes(), (int) body.sizeBytes() + 1)),
            body -> {
              byte[] bytes = body.toBytes();
              bytes[2_000_000]++;
              return Blob.of(bytes);
            })) {
      assertThatThrownBy(() -> box.save(answering(change), null))
          .isInstanceOf(CairnException.Corrupt.class)
          .hasMessageContaining("nothing was saved");
    }
  }

  @Test
  void a_put_that_fails_fails_the_save() {
    box.write("a", Sandbox.noise(200_000_000, 1));
    var puts = new AtomicInteger();
    Repository repository =
        new Repository(
            new Delegating(box.blobs) {
              @Override
              public boolean putIfAbsent(String name, Blob body) {
                if (puts.incrementAndGet() == 2) {
                  throw CairnException.Unavailable.full("the disk is full", null);
                }
                return super.putIfAbsent(name, body);
              }
            },
            box.disk,
            box.env);
    assertThatThrownBy(() -> box.save(repository, null))
        .isInstanceOfSatisfying(
            CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue());
    assertThat(puts.get()).isBetween(2, 3); // the next one may be under way
  }

  @Test
  void no_more_than_three_packs_are_held_in_memory() {
    box.write("a", Sandbox.noise(400_000_000, 1));
    var putting = new AtomicInteger();
    var most = new AtomicInteger();
    Repository repository =
        new Repository(
                new Delegating(new MemoryBlobStore()) {
                  @Override
                  public boolean putIfAbsent(String name, Blob body) {
                    most.accumulateAndGet(putting.incrementAndGet(), Math::max);
                    assertThat(body.sizeBytes()).isLessThanOrEqualTo(Pack.FULL_BYTES);
                    putting.decrementAndGet();
                    return true;
                  }
                },
                box.disk,
                box.env)
            .storing(Repository.Storing.DEFAULTS.with(Compression.NONE));
    Saved saved = box.save(repository, null);
    assertThat(saved.packs()).hasSize(7);
    assertThat(most.get()).isLessThanOrEqualTo(2);
  }

  private abstract static class Delegating implements BlobStore {
    private final BlobStore store;

    Delegating(BlobStore store) {
      this.store = store;
    }

    @Override
    public void put(String name, Blob body) {
      store.put(name, body);
    }

    @Override
    public boolean putIfAbsent(String name, Blob body) {
      return store.putIfAbsent(name, body);
    }

    @Override
    public boolean confirm(String name) {
      return store.confirm(name);
    }

    @Override
    public Optional<ByteBuffer> read(String name, long offset, int maxBytes) {
      return store.read(name, offset, maxBytes);
    }

    @Override
    public Optional<Long> sizeBytes(String name) {
      return store.sizeBytes(name);
    }

    @Override
    public List<Item> list(String folder) {
      return store.list(folder);
    }

    @Override
    public void delete(String name) {
      store.delete(name);
    }

    @Override
    public String location() {
      return store.location();
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
