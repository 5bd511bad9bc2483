package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Subject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files whose bytes come from the program.
final class PartTest {
  private static final int MIB = 1 << 20;

  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  private Saved save(@Nullable Saved parent, Part... parts) {
    var subject = new Subject(box.scan(), List.of(parts), Optional.empty());
    return box.save(box.repository, 7, parent == null ? null : parent.manifest(), subject);
  }

  /// Gives a few bytes at a time and never says how many are left.
  private static InputStream slowly(byte[] bytes) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] into, int at, int most) {
        return super.read(into, at, Math.min(most, 1 + available() % 9_973));
      }
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 262_143, 262_144, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB})
  void a_stream_of_any_length_comes_back(int size) throws IOException {
    byte[] bytes = Sandbox.noise(size, size);
    Saved saved = save(null, Part.of("d/e/stream.bin", slowly(bytes)));
    Path target = box.restore(saved);
    assertThat(target.resolve("d/e/stream.bin")).hasBinaryContent(bytes);
    assertThat(saved.files()).isEqualTo(1);
    assertThat(saved.sizeBytes()).isEqualTo(size);
    assertThat(box.verify(saved).damaged()).isEmpty();
  }

  @Test
  void parts_stand_beside_files_in_order() throws IOException {
    box.write("b", new byte[] {1});
    box.write("d/x", new byte[] {2});
    Saved saved =
        save(
            null,
            Part.of("d/y", new byte[] {3}),
            Part.of("a", new byte[] {4}),
            Part.of("c/z", new byte[] {5}));
    assertThat(box.manifest(saved).entries())
        .extracting(Manifest.Entry::path)
        .containsExactly("a", "b", "c", "c/z", "d", "d/x", "d/y");
    assertThat(Files.readAllBytes(box.restore(saved).resolve("d/y"))).containsExactly(3);
  }

  @Test
  void the_same_bytes_are_not_stored_again() {
    byte[] bytes = Sandbox.noise(3 * MIB, 1);
    Saved first = save(null, Part.of("f", bytes));
    byte[] more = Arrays.copyOf(bytes, bytes.length + 10);
    Saved second = save(first, Part.of("f", slowly(more)), Part.of("g", bytes));
    assertThat(second.newBytes()).isEqualTo(10);
  }

  @Test
  void a_name_comes_once() {
    box.write("d/f", new byte[] {1});
    for (Part part : List.of(Part.of("d/f", new byte[0]), Part.of("d", new byte[0]))) {
      assertThatThrownBy(() -> save(null, part))
          .isInstanceOf(CairnException.Invalid.class)
          .hasMessageContaining(part.path() + " is to be saved twice");
    }
    assertThatThrownBy(() -> save(null, Part.of("x", new byte[0]), Part.of("x", new byte[0])))
        .isInstanceOf(CairnException.Invalid.class);
    assertThatThrownBy(() -> save(null, Part.of("x/y", new byte[0]), Part.of("x", new byte[0])))
        .isInstanceOf(CairnException.Invalid.class);
    assertThat(box.packObjects()).isEmpty();
  }

  @Test
  void nothing_is_saved_below_a_file_or_a_link() throws IOException {
    box.write("f", new byte[] {1});
    Files.createSymbolicLink(box.source.resolve("link"), Path.of("."));
    for (String path : List.of("f/x", "f/x/y", "link/x")) {
      assertThatThrownBy(() -> save(null, Part.of(path, new byte[0])))
          .isInstanceOf(CairnException.Invalid.class)
          .hasMessageContaining("which is no directory");
    }
    assertThatThrownBy(() -> save(null, Part.of("p", new byte[1]), Part.of("p/q", new byte[1])))
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageContaining("p/q cannot be saved below p");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/x", "..", "a/../b", "a//b", "a/", "./a", "a\0b"})
  void a_name_stays_within_the_checkpoint(String path) {
    assertThatThrownBy(() -> Part.of(path, new byte[0])).isInstanceOf(CairnException.Invalid.class);
  }

  @Test
  void a_stream_that_fails_fails_the_save() {
    var broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the wire was cut");
          }

          @Override
          public int read(byte[] into, int at, int most) throws IOException {
            return read();
          }
        };
    assertThatThrownBy(() -> save(null, Part.of("f", broken)))
        .isInstanceOf(CairnException.Unavailable.class)
        .hasMessageContaining("f")
        .hasMessageContaining("the wire was cut");
  }
}
