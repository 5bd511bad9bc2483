package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Manifest.Boot;
import dev.cairn.repository.Repository.Compression;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Packs that end early, footers that say what is not so, and very long lists: through the public
/// surface.
final class LyingPackTest {
  private static final int FOOTER_HEAD = 40;

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  @Test
  void a_pack_cut_off_anywhere_is_told_and_nothing_wrong_comes_back() {
    box.write("a", Sandbox.noise(200, 1));
    box.write("b", "text".repeat(100).getBytes(StandardCharsets.US_ASCII));
    Saved saved = box.save();
    Map<String, String> expected = Sandbox.describe(box.source);
    String pack = box.packObjects().getFirst();
    byte[] whole = box.object(pack);
    long listEnds = saved.manifest().offset() + saved.manifest().storedBytes();
    for (int size = 0; size < whole.length; size++) {
      box.putObject(pack, Arrays.copyOf(whole, size));
      assertThat(box.verify(saved).damaged())
          .as("%d bytes", size)
          .isNotEmpty()
          .allSatisfy(damaged -> assertThat(damaged.object()).isEqualTo(pack));
      if (size < listEnds) {
        assertThatThrownBy(() -> box.restore(saved))
            .isInstanceOf(CairnException.Corrupt.class)
            .hasMessageContaining(saved.manifest().pack());
      } else if (size % 20 == 0) {
        assertThat(Sandbox.describe(box.restore(saved))).isEqualTo(expected);
      }
    }
  }

  /// The pack of `saved` with its footer changed, under the name that goes with it.
  private ManifestRef lie(Saved saved, Consumer<ByteBuffer> change) {
    String object = box.packObjects().getFirst();
    byte[] pack = box.object(object);
    int length = ByteBuffer.wrap(pack).getInt(pack.length - Pack.TRAILER_BYTES);
    int at = pack.length - Pack.TRAILER_BYTES - length;
    ByteBuffer footer = ByteBuffer.wrap(Arrays.copyOfRange(pack, at, at + length));
    change.accept(footer);
    var name = new PackName(7, Sha256.of(footer.rewind()));
    box.putObject(name.object(Sandbox.JOB), ParserFuzzTest.withFooter(pack, at, footer));
    ManifestRef was = saved.manifest();
    return new ManifestRef(
        was.sha256(), name.leaf(), was.offset(), was.storedBytes(), was.sizeBytes(), was.codec());
  }

  @Test
  void a_footer_that_says_what_is_not_so_is_told_by_a_check() {
    box.write("a", Sandbox.noise(5_000, 1));
    box.write("b", Sandbox.noise(100, 2));
    box.write("c", Sandbox.noise(5_000, 3));
    Saved saved = box.save(box.repository(box.disk, Compression.NONE), null);
    Map<String, String> expected = Sandbox.describe(box.source);
    List<Consumer<ByteBuffer>> lies =
        List.of(
            footer -> footer.putInt(0, 2),
            footer -> footer.putLong(20, 8),
            footer -> footer.put(28, (byte) 2),
            footer -> footer.put(35, (byte) 1),
            footer -> footer.putInt(36, 3),
            footer -> footer.putInt(36, 5),
            footer -> footer.putInt(36, -1),
            footer -> footer.putInt(36, 1_000_000),
            footer -> footer.putInt(36, Integer.MAX_VALUE),
            footer -> footer.putLong(offset(0), 0),
            footer -> footer.putLong(offset(0), 4097),
            footer -> footer.putLong(offset(1), 4096),
            footer -> footer.putLong(offset(1), Long.MIN_VALUE),
            footer -> footer.putLong(offset(1), Long.MAX_VALUE),
            footer -> footer.putLong(offset(1), -1),
            footer -> footer.putLong(offset(3), 1L << 40),
            footer -> footer.putInt(offset(1) + 8, 0),
            footer -> footer.putInt(offset(1) + 8, -1),
            footer -> footer.putInt(offset(1) + 8, 99),
            footer -> footer.putInt(offset(1) + 8, 8_000).putInt(offset(1) + 12, 8_000),
            footer -> footer.putInt(offset(3) + 8, Integer.MAX_VALUE),
            footer -> footer.putInt(offset(2) + 12, 0),
            footer -> footer.putInt(offset(2) + 12, -1),
            footer -> footer.put(offset(2) + 16, (byte) 9));
    for (Consumer<ByteBuffer> lie : lies) {
      ManifestRef ref = lie(saved, lie);
      String object = "jobs/train-1/packs/" + ref.pack();
      assertThat(box.repository.verify(Sandbox.JOB, ref, Meter.NONE).damaged())
          .as("lie %d", lies.indexOf(lie))
          .singleElement()
          .satisfies(damaged -> {
            assertThat(damaged.object()).isEqualTo(object);
            assertThat(damaged.reason()).contains("its index of chunks breaks the format");
          });
      Path target = root.resolve("target-" + lies.indexOf(lie));
      box.repository.restore(Sandbox.JOB, ref, target, Restore.all(), Meter.NONE);
      assertThat(Sandbox.describe(target)).isEqualTo(expected); // nobody reads by the footer
      box.blobs.delete(object);
    }
    ManifestRef honest = lie(saved, footer -> footer.put(5, (byte) 42)); // of the nonce
    assertThat(box.repository.verify(Sandbox.JOB, honest, Meter.NONE).isWhole()).isTrue();
  }

  /// Where the offset of an extent is; its sizes follow.
  private static int offset(int extent) {
    return FOOTER_HEAD + 53 * extent + 32;
  }

  /// A list of `count` entries in which each has the name of its number.
  private static ByteBuffer list(int count, boolean twice) {
    var empty = new PackTable.Excerpt(List.of(), Map.of());
    ByteBuffer head = ManifestWriter.write(Boot.UNKNOWN, empty, null, List.of());
    var all = ByteBuffer.allocate(head.remaining() + count * 24);
    all.put(head).putInt(head.limit() - 4, count);
    for (int i = 0; i < count; i++) {
      byte[] name =
          "%07d".formatted(twice && i == count - 1 ? i - 1 : i).getBytes(StandardCharsets.US_ASCII);
      all.put((byte) 2).putShort((short) name.length).put(name);
      all.putShort((short) 0755).putLong(0).putInt(0);
    }
    return all.flip();
  }

  private static final Manifest.Place PLACE =
      new Manifest.Place(new PackName(1, new Sha256(0, 0, 0, 1)), 16);

  @Test
  void a_million_entries_are_read_in_little_time_and_memory() throws Damage {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ByteBuffer list = list(1_000_000, false);
    long before = threads.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    assertThat(ManifestReader.read(list, PLACE).entries()).hasSize(1_000_000);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64L * list.limit());
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    assertThatThrownBy(() -> ManifestReader.read(list(1_000_000, true), PLACE))
        .isInstanceOf(Damage.class)
        .hasMessageContaining("is out of order");
  }

  @Test
  void a_million_entries_that_are_not_there_cost_nothing() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int count : new int[] {1_000_000, 10_000_000, 10_000_001, Integer.MAX_VALUE, -1}) {
      ByteBuffer list = list(10, false);
      list.putInt(list.limit() - 10 * 24 - 4, count);
      long before = threads.getCurrentThreadAllocatedBytes();
      assertThatThrownBy(() -> ManifestReader.read(list, PLACE))
          .isInstanceOf(Damage.class)
          .hasMessageContaining("number of entries is");
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
    }
  }

  @Test
  void a_state_that_is_said_to_be_large_takes_no_memory_before_it_is_there() {
    var chunk = new ChunkRef(new Sha256(1, 2, 3, 4), 0, 16, 100, 100, Codec.RAW, 0);
    var contents =
        Manifest.Contents.grid(
            1 << 30, Manifest.MAX_CHUNK_BYTES, new Sha256(0, 0, 0, 0), List.of(chunk));
    var self = new PackTable.Excerpt(List.of(PackName.SELF), Map.of(0, 0));
    ByteBuffer list = ManifestWriter.write(Boot.UNKNOWN, self, contents, List.of());
    box.write("x", new byte[0]);
    ManifestRef ref = forge(list);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> box.repository.state(Sandbox.JOB, ref))
        .isInstanceOf(CairnException.Corrupt.class);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
  }

  private ManifestRef forge(ByteBuffer list) {
    int size = list.remaining();
    Sha256 sha256 = Sha256.of(list);
    try (var arena = java.lang.foreign.Arena.ofShared()) {
      var buffer = new PackBuffer(arena);
      ChunkRef place = buffer.add(new ChunkRef(sha256, 0, 0, size, size, Codec.RAW, 0), list);
      PackBuffer.Sealed sealed = buffer.seal(1, new byte[Pack.NONCE_BYTES]);
      box.blobs.put(sealed.name().object(Sandbox.JOB), sealed.body());
      return new ManifestRef(
          sha256.toString(), sealed.name().leaf(), place.offset(), size, size, 0);
    }
  }

  @Test
  void a_check_finds_what_a_restore_would_that_chunks_do_not_make_up_their_file() {
    box.write("f", Sandbox.noise(5 << 20, 1));
    Saved first = box.save();
    var noise = Sandbox.noise(5 << 20, 1);
    var moved = new byte[noise.length + 9];
    System.arraycopy(noise, 0, moved, 9, noise.length);
    box.write("f", moved);
    Manifest manifest = box.manifest(box.save(first.manifest()));
    Manifest.Entry entry = manifest.entries().getFirst();
    Manifest.Contents was = java.util.Objects.requireNonNull(entry.contents());
    assertThat(was.isGrid()).isFalse();
    assertThat(was.isGrouped()).isTrue();
    var table = new PackTable();
    manifest.packs().forEach(name -> table.use(table.number(name)));
    for (int more : new int[] {-1, 1}) {
      var contents =
          new Manifest.Contents(
              was.sizeBytes() + more, was.chunkBytes(), was.chunks(), was.root(), was.refs());
      ManifestRef ref =
          forge(
              ManifestWriter.write(
                  Boot.UNKNOWN,
                  table.manifestExcerpt(null),
                  null,
                  List.of(entry.withContents(contents))));
      assertThatThrownBy(() ->
              box.repository.restore(
                  Sandbox.JOB, ref, root.resolve("target"), Restore.all(), Meter.NONE))
          .isInstanceOf(CairnException.Corrupt.class);
      assertThat(box.repository.verify(Sandbox.JOB, ref, Meter.NONE).damaged())
          .singleElement()
          .satisfies(damaged -> {
            assertThat(damaged.files()).containsExactly("f");
            assertThat(damaged.reason()).contains("a file has ", "bytes than it should");
          });
    }
  }
}
