package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Repository.Restore;
import dev.cairn.repository.Repository.Saved;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Manifests whose hash is right and whose contents are not (I10).
final class HostileManifestTest {
  private static final PackTable.Excerpt NO_PACKS = new PackTable.Excerpt(List.of(), Map.of());
  private static final PackTable.Excerpt SELF =
      new PackTable.Excerpt(List.of(PackName.SELF), Map.of(0, 0));
  private static final Sha256 NO_CHUNKS = Sha256.of(Sha256.digest());

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  /// Puts a pack with just this manifest in it.
  private ManifestRef forge(ByteBuffer manifest) {
    try (Arena arena = Arena.ofShared()) {
      var buffer = new PackBuffer(arena);
      int size = manifest.remaining();
      Sha256 sha256 = Sha256.of(manifest);
      ChunkRef place = buffer.add(new ChunkRef(sha256, 0, 0, size, size, Codec.RAW, 0), manifest);
      PackBuffer.Sealed sealed = buffer.seal(1, new byte[Pack.NONCE_BYTES]);
      box.blobs.put(sealed.name().object(Sandbox.JOB), sealed.body());
      return new ManifestRef(
          sha256.toString(), sealed.name().leaf(), place.offset(), size, size, 0);
    }
  }

  private void assertRefused(ByteBuffer manifest, String reason) {
    ManifestRef ref = forge(manifest);
    assertThatThrownBy(() -> box.repository.manifest(Sandbox.JOB, ref))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining("job train-1")
        .hasMessageContaining(ref.pack())
        .hasMessageContaining(reason);
    Path target = root.resolve("target");
    assertThatThrownBy(
            () -> box.repository.restore(Sandbox.JOB, ref, target, Restore.all(), Meter.NONE))
        .isInstanceOf(CairnException.Corrupt.class);
    assertThat(target).doesNotExist();
    assertThat(box.repository.verify(Sandbox.JOB, ref, Meter.NONE).isWhole()).isFalse();
  }

  private static Entry entry(Kind kind, String path) {
    Contents contents =
        kind == Kind.FILE ? Contents.grid(0, Manifest.CHUNK_BYTES, NO_CHUNKS, List.of()) : null;
    String target = kind == Kind.SYMLINK ? "/etc" : null;
    return new Entry(kind, path, 0644, Instant.EPOCH, contents, target, null);
  }

  private static ByteBuffer manifest(Entry... entries) {
    return ManifestWriter.write(Manifest.Boot.UNKNOWN, NO_PACKS, null, List.of(entries));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "a/..",
        ".",
        "a/./b",
        "a//b",
        "a/",
        "",
        "a\0b"
      })
  void paths_that_lead_elsewhere_are_refused(String path) {
    assertRefused(
        manifest(entry(Kind.DIRECTORY, "a"), entry(Kind.FILE, path)), "breaks the format");
    assertRefused(manifest(entry(Kind.SYMLINK, path)), "breaks the format");
  }

  @Test
  void a_path_that_is_too_long_is_refused() {
    assertRefused(manifest(entry(Kind.FILE, "x".repeat(4097))), "a path is 4097 bytes");
    ManifestRef fine = forge(manifest(entry(Kind.FILE, "x".repeat(4096))));
    assertThat(box.repository.manifest(Sandbox.JOB, fine).entries()).hasSize(1);
  }

  @Test
  void nothing_stands_below_a_link_or_a_file_or_nothing() {
    assertRefused(
        manifest(entry(Kind.SYMLINK, "a"), entry(Kind.FILE, "a/b")), "'a/b' is not in a directory");
    assertRefused(
        manifest(entry(Kind.FILE, "a"), entry(Kind.FILE, "a/b")), "'a/b' is not in a directory");
    assertRefused(manifest(entry(Kind.FILE, "a/b")), "'a/b' is not in a directory");
  }

  @Test
  void names_come_once_and_in_order() {
    assertRefused(manifest(entry(Kind.FILE, "a"), entry(Kind.FILE, "a")), "out of order");
    assertRefused(manifest(entry(Kind.SYMLINK, "a"), entry(Kind.DIRECTORY, "a")), "out of order");
    assertRefused(manifest(entry(Kind.FILE, "b"), entry(Kind.FILE, "a")), "out of order");
    assertRefused(
        manifest(entry(Kind.FILE, "\ud83d\ude00"), entry(Kind.FILE, "\uffff")), "out of order");
  }

  @Test
  void a_link_says_something() {
    assertRefused(
        manifest(new Entry(Kind.SYMLINK, "a", 0, Instant.EPOCH, null, "", null)),
        "a link says nothing");
    assertRefused(
        manifest(new Entry(Kind.SYMLINK, "a", 0, Instant.EPOCH, null, "x\0", null)),
        "a link says nothing");
  }

  private static ChunkRef chunk(int size) {
    return new ChunkRef(NO_CHUNKS, 0, 16, size, size, Codec.RAW, 0);
  }

  private static ByteBuffer file(long size, int chunkBytes, ChunkRef... refs) {
    var contents = Contents.grid(size, chunkBytes, NO_CHUNKS, List.of(refs));
    return ManifestWriter.write(
        Manifest.Boot.UNKNOWN,
        SELF,
        null,
        List.of(new Entry(Kind.FILE, "f", 0, Instant.EPOCH, contents, null, null)));
  }

  @Test
  void a_file_is_exactly_its_chunks() {
    assertRefused(file(10, Manifest.CHUNK_BYTES, chunk(9)), "the size of a chunk is 9");
    assertRefused(file(10, Manifest.CHUNK_BYTES, chunk(11)), "a stored size is 11");
    assertRefused(file(10, Manifest.CHUNK_BYTES), "ends too early");
    assertRefused(file(10, Manifest.CHUNK_BYTES, chunk(10), chunk(10)), "breaks the format");
    assertRefused(file(-1, Manifest.CHUNK_BYTES), "the size of a file is -1");
    assertRefused(file(Long.MAX_VALUE, Manifest.CHUNK_BYTES, chunk(10)), "the size of a file is");
    assertRefused(file(1L << 56, Manifest.CHUNK_BYTES, chunk(10)), "breaks the format");
  }

  @Test
  void chunks_have_a_bounded_size() {
    for (int bytes : new int[] {-1, 1, 4095, 4097, 300_000, 8 * 1024 * 1024}) {
      ByteBuffer file = file(10, Manifest.CHUNK_BYTES, chunk(10));
      int at = file.limit() - 1 - ChunkRef.BYTES - Sha256.BYTES - 4;
      assertThat(file.getInt(at)).isEqualTo(Manifest.CHUNK_BYTES);
      assertRefused(file.putInt(at, bytes), "the size of chunks is");
    }
  }

  @Test
  void references_point_into_packs_of_the_table() {
    assertRefused(
        file(10, Manifest.CHUNK_BYTES, new ChunkRef(NO_CHUNKS, 0, 15, 10, 10, Codec.RAW, 0)),
        "an offset is 15");
    assertRefused(
        file(10, Manifest.CHUNK_BYTES, new ChunkRef(NO_CHUNKS, 0, -16, 10, 10, Codec.RAW, 0)),
        "an offset is -16");
    assertRefused(
        file(10, Manifest.CHUNK_BYTES, new ChunkRef(NO_CHUNKS, 0, 16, 10, 10, Codec.ZSTD, 0)),
        "a chunk of 10 bytes is stored in 10");
    ByteBuffer other = file(10, Manifest.CHUNK_BYTES, chunk(10));
    other.putInt(other.limit() - 1 - ChunkRef.BYTES + 32, 1);
    assertRefused(other, "number of a pack is 1");
    ByteBuffer codec = file(10, Manifest.CHUNK_BYTES, chunk(10));
    codec.put(codec.limit() - 6, (byte) 5);
    assertRefused(codec, "codec 5 is not known");
  }

  private static ByteBuffer byContent(long size, long chunks, ChunkRef... refs) {
    var contents = new Contents(size, Manifest.BY_CONTENT, chunks, NO_CHUNKS, List.of(refs));
    return ManifestWriter.write(
        Manifest.Boot.UNKNOWN,
        SELF,
        null,
        List.of(new Entry(Kind.FILE, "f", 0, Instant.EPOCH, contents, null, null)));
  }

  @Test
  void chunks_cut_by_content_make_up_the_file_as_well() {
    assertRefused(byContent(10, 2, chunk(4), chunk(5)), "do not make up a file");
    assertRefused(byContent(10, 2, chunk(4), chunk(7)), "do not make up a file");
    assertRefused(byContent(10, 2, chunk(4), chunk(11)), "a stored size is 11");
    assertRefused(byContent(10, 11, chunk(10)), "the number of chunks is 11");
    assertRefused(byContent(10, 0), "the number of chunks is 0");
    assertRefused(byContent(10, -1), "the number of chunks is -1");
    assertRefused(byContent(1L << 40, 1L << 40, chunk(10)), "breaks the format");
  }

  @Test
  void what_is_known_of_a_file_is_known_or_not() {
    ByteBuffer file = file(10, Manifest.CHUNK_BYTES, chunk(10));
    assertRefused(file.put(file.limit() - 1, (byte) 2), "what is known of a file is 2");
    assertRefused(file.put(file.limit() - 1, (byte) 1), "it ends too early");
  }

  /// The manifest of `saved` with the contents of its only file changed.
  private ManifestRef forge(Saved saved, UnaryOperator<Contents> change) {
    Manifest manifest = box.manifest(saved);
    var table = new PackTable();
    manifest.packs().forEach(name -> table.use(table.number(name)));
    List<Entry> entries =
        manifest.entries().stream()
            .map(entry ->
                new Entry(
                    entry.kind(),
                    entry.path(),
                    entry.mode(),
                    entry.modified(),
                    change.apply(Objects.requireNonNull(entry.contents())),
                    null,
                    entry.origin()))
            .toList();
    return forge(
        ManifestWriter.write(Manifest.Boot.UNKNOWN, table.manifestExcerpt(null), null, entries));
  }

  private void assertDamaged(ManifestRef ref, String reason) {
    Path target = root.resolve("target");
    assertThatThrownBy(
            () -> box.repository.restore(Sandbox.JOB, ref, target, Restore.all(), Meter.NONE))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageStartingWith("f of job train-1 cannot be read back: pack ")
        .hasMessageContaining(reason);
    assertThat(target).doesNotExist();
    assertThat(box.repository.verify(Sandbox.JOB, ref, Meter.NONE).damaged())
        .anySatisfy(damaged -> {
          assertThat(damaged.reason()).contains(reason);
          assertThat(damaged.files()).containsExactly("f");
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 9})
  void a_root_that_is_not_that_of_the_chunks_is_damage(int chunks) {
    box.write("f", Sandbox.noise(chunks * Sandbox.CHUNK, 1));
    assertDamaged(
        forge(
            box.save(),
            was -> Contents.grid(was.sizeBytes(), was.chunkBytes(), NO_CHUNKS, was.refs())),
        "the root of a file is not that of its chunks");
  }

  @Test
  void a_list_of_chunks_is_as_long_as_the_file_needs() {
    box.write("f", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    Saved saved = box.save();
    for (int chunks : new int[] {10, 1024}) {
      assertDamaged(
          forge(
              saved,
              was ->
                  Contents.grid(
                      (long) chunks * Sandbox.CHUNK, was.chunkBytes(), was.root(), was.refs())),
          "it has 9 chunks, not " + chunks);
    }
    assertDamaged(
        forge(
            saved,
            was -> Contents.grid(was.sizeBytes() - 1, was.chunkBytes(), was.root(), was.refs())),
        "a stored size is 262144");
  }

  /// Where they do not lie on a grid, only adding up tells.
  @Test
  void lists_of_chunks_make_up_the_file() {
    box.write("f", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    Saved saved = box.save();
    for (int more : new int[] {1, -1}) {
      assertDamaged(
          forge(
              saved,
              was ->
                  new Contents(
                      was.sizeBytes() + more,
                      Manifest.BY_CONTENT,
                      was.chunks(),
                      was.root(),
                      was.refs())),
          more > 0 ? "fewer bytes than it should" : "more bytes than it should");
    }
  }

  @Test
  void contents_are_no_list_of_chunks() {
    box.write("f", Sandbox.noise(10_000, 1));
    assertDamaged(
        forge(
            box.save(),
            was -> Contents.grid(10L * Sandbox.CHUNK, Sandbox.CHUNK, NO_CHUNKS, was.refs())),
        "a list of chunks breaks the format: it does not start as it should");
  }

  @Test
  void a_list_of_chunks_names_only_packs_that_the_manifest_names() {
    box.write("f", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    Saved saved = box.save();
    Manifest manifest = box.manifest(saved);
    Contents contents = Objects.requireNonNull(manifest.entries().getFirst().contents());
    var table = new PackTable();
    table.use(table.number(manifest.pack(contents.refs().getFirst())));
    var only =
        Contents.grid(
            contents.sizeBytes(),
            contents.chunkBytes(),
            contents.root(),
            List.of(contents.refs().getFirst().inPack(0)));
    var entry = new Entry(Kind.FILE, "f", 0, Instant.EPOCH, only, null, null);
    assertDamaged(
        forge(
            ManifestWriter.write(
                Manifest.Boot.UNKNOWN, table.manifestExcerpt(null), null, List.of(entry))),
        "is not named by the checkpoint");
  }

  @Test
  void no_change_of_a_byte_makes_the_reader_fail_in_another_way() {
    box.write("d/f", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    box.write("g", Sandbox.noise(10, 2));
    Manifest manifest = box.manifest(box.save());
    var table = new PackTable();
    manifest.packs().forEach(name -> table.use(table.number(name)));
    ByteBuffer written =
        ManifestWriter.write(
            Manifest.Boot.UNKNOWN, table.manifestExcerpt(null), null, manifest.entries());
    var whole = new byte[written.remaining()];
    written.get(whole);
    var random = new Random(1);
    var place = new Manifest.Place(manifest.packs().getFirst(), 16);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = whole.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      int size = random.nextInt(10) == 0 ? random.nextInt(bytes.length) : bytes.length;
      try {
        Manifest read = ManifestReader.read(ByteBuffer.wrap(bytes, 0, size), place);
        assertThat(read.entries()).hasSize(3);
      } catch (Damage e) {
        assertThat(e.reason()).contains("breaks the format");
      }
    }
  }

  @Test
  void no_change_of_a_byte_in_a_list_of_chunks_does_either() throws Damage {
    box.write("f", Sandbox.noise(9 * Sandbox.CHUNK, 1));
    Manifest manifest = box.manifest(box.save());
    Contents contents = Objects.requireNonNull(manifest.entries().getFirst().contents());
    ChunkRef place = contents.refs().getFirst();
    var reader = new ExtentReader(new JobPacks(box.blobs, Sandbox.JOB));
    ByteBuffer whole = reader.read(List.of(place), manifest.packs()).getFirst();
    var random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      var bytes = new byte[whole.remaining()];
      whole.get(whole.position(), bytes);
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      int size = random.nextInt(10) == 0 ? random.nextInt(bytes.length) : bytes.length;
      try {
        List<ChunkRef> refs =
            LeafGroup.read(ByteBuffer.wrap(bytes, 0, size), place, manifest, contents, 0);
        assertThat(refs).hasSize(9);
      } catch (Damage e) {
        assertThat(e.reason()).contains("a list of chunks breaks the format");
      }
    }
  }
}
