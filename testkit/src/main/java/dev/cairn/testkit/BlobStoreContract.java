package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.BlobStore.Item;
import dev.cairn.domain.CairnException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every promise of [BlobStore] as a test. An implementation passes it by a test class that
/// implements this interface; what happens when two put at once is in [BlobStoreRaces].
public interface BlobStoreContract {
  /// A new, empty store.
  BlobStore open();

  @Test
  default void an_absent_object_has_neither_bytes_nor_size() {
    try (BlobStore store = open()) {
      assertThat(store.read("jobs/a/x", 0, 10)).isEmpty();
      assertThat(store.sizeBytes("jobs/a/x")).isEmpty();
      assertThat(store.readSmall("jobs/a/x", 10)).isEmpty();
    }
  }

  @Test
  default void what_was_put_is_read_back() {
    try (BlobStore store = open()) {
      store.put("jobs/a/x", Blob.of("hello"));
      assertThat(text(store, "jobs/a/x")).isEqualTo("hello");
      assertThat(store.sizeBytes("jobs/a/x")).contains(5L);
    }
  }

  @Test
  default void an_empty_object_exists() {
    try (BlobStore store = open()) {
      store.put("empty", Blob.of(""));
      assertThat(store.sizeBytes("empty")).contains(0L);
      assertThat(store.read("empty", 0, 10).orElseThrow().remaining()).isZero();
      assertThat(store.putIfAbsent("empty", Blob.of("x"))).isFalse();
    }
  }

  @Test
  default void a_range_is_read_and_is_short_only_at_the_end() {
    try (BlobStore store = open()) {
      store.put("x", Blob.of("0123456789"));
      assertThat(range(store, "x", 0, 4)).isEqualTo("0123");
      assertThat(range(store, "x", 3, 4)).isEqualTo("3456");
      assertThat(range(store, "x", 8, 4)).isEqualTo("89");
      assertThat(range(store, "x", 10, 4)).isEmpty();
      assertThat(range(store, "x", 1_000_000_000_000L, 4)).isEmpty();
      assertThat(range(store, "x", 2, 0)).isEmpty();
      assertThat(range(store, "x", 0, Integer.MAX_VALUE)).isEqualTo("0123456789");
    }
  }

  @Test
  default void a_buffer_that_was_read_belongs_to_the_reader() {
    try (BlobStore store = open()) {
      store.put("x", Blob.of("abc"));
      store.read("x", 0, 10).orElseThrow().put(0, (byte) 'z');
      assertThat(text(store, "x")).isEqualTo("abc");
    }
  }

  @Test
  default void a_put_replaces_what_was_there_by_something_longer_or_shorter() {
    try (BlobStore store = open()) {
      store.put("a/x", Blob.of("first"));
      store.put("a/x", Blob.of("the second body"));
      assertThat(text(store, "a/x")).isEqualTo("the second body");
      store.put("a/x", Blob.of("3"));
      assertThat(text(store, "a/x")).isEqualTo("3");
      assertThat(store.sizeBytes("a/x")).contains(1L);
    }
  }

  @Test
  default void what_is_there_is_confirmed_and_nothing_else() {
    try (BlobStore store = open()) {
      assertThat(store.confirm("a/x")).isFalse();
      store.put("a/x", Blob.of("body"));
      assertThat(store.confirm("a/x")).isTrue();
      assertThat(store.confirm("a/y")).isFalse();
      assertThat(store.confirm("a")).isFalse();
    }
  }

  @Test
  default void put_if_absent_never_replaces() {
    try (BlobStore store = open()) {
      assertThat(store.putIfAbsent("a/x", Blob.of("first"))).isTrue();
      assertThat(store.putIfAbsent("a/x", Blob.of("second"))).isFalse();
      assertThat(store.putIfAbsent("a/x", Blob.of("first"))).isFalse();
      assertThat(text(store, "a/x")).isEqualTo("first");
      store.put("a/y", Blob.of("put"));
      assertThat(store.putIfAbsent("a/y", Blob.of("second"))).isFalse();
      assertThat(text(store, "a/y")).isEqualTo("put");
    }
  }

  @Test
  default void a_body_of_many_odd_parts_comes_back_whole() {
    try (BlobStore store = open()) {
      var random = new Random(1);
      var parts = new ArrayList<ByteBuffer>();
      for (int size : new int[] {0, 1, 4096, 3_000_001, 0, 777_777, 1 << 20, 13}) {
        var bytes = new byte[size + 20];
        random.nextBytes(bytes);
        ByteBuffer part = size % 2 == 0 ? ByteBuffer.wrap(bytes) : direct(bytes);
        parts.add(part.position(7).limit(7 + size));
      }
      Blob body = Blob.of(parts);
      store.put("big/one", body);
      assertThat(store.putIfAbsent("big/two", body)).isTrue();
      for (String name : List.of("big/one", "big/two")) {
        assertThat(store.sizeBytes(name)).contains(body.sizeBytes());
        assertThat(Arrays.equals(bytes(store, name), body.toBytes())).isTrue();
      }
      assertThat(store.read("big/one", 3_000_000, 100).orElseThrow())
          .isEqualTo(ByteBuffer.wrap(body.toBytes(), 3_000_000, 100));
      assertThat(parts.get(2).position()).as("the caller's own buffer").isEqualTo(7);
    }
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  @Test
  default void a_listing_shows_one_level_sorted_with_sizes() {
    try (BlobStore store = open()) {
      store.put("jobs/a/journal/2", Blob.of("22"));
      store.put("jobs/a/journal/10", Blob.of("1"));
      store.put("jobs/a/spec", Blob.of("spec"));
      store.put("jobs/a-1/spec", Blob.of("x"));
      store.put("jobs/a.b", Blob.of("file"));
      store.put("top", Blob.of(""));
      assertThat(store.list(""))
          .containsExactly(new Item("jobs", 0, true), new Item("top", 0, false));
      assertThat(store.list("jobs"))
          .containsExactly(
              new Item("jobs/a", 0, true),
              new Item("jobs/a-1", 0, true),
              new Item("jobs/a.b", 4, false));
      assertThat(store.list("jobs/a"))
          .containsExactly(new Item("jobs/a/journal", 0, true), new Item("jobs/a/spec", 4, false));
      assertThat(store.list("jobs/a/journal"))
          .containsExactly(
              new Item("jobs/a/journal/10", 1, false), new Item("jobs/a/journal/2", 2, false));
      assertThat(store.list("jobs").getFirst().leaf()).isEqualTo("a");
    }
  }

  @Test
  default void a_listing_of_nothing_is_empty() {
    try (BlobStore store = open()) {
      assertThat(store.list("")).isEmpty();
      assertThat(store.list("jobs/a")).isEmpty();
      store.put("jobs/abc/x", Blob.of("x"));
      assertThat(store.list("jobs/a")).isEmpty();
      assertThat(store.list("jobs/abc/x")).isEmpty();
    }
  }

  @Test
  default void a_listing_has_every_object_of_a_large_folder() {
    try (BlobStore store = open()) {
      var expected = new ArrayList<String>();
      for (int i = 0; i < 300; i++) {
        String name = "many/%04d".formatted(i);
        store.put(name, Blob.of(name));
        expected.add(name);
      }
      assertThat(store.list("many").stream().map(Item::name)).containsExactlyElementsOf(expected);
    }
  }

  @Test
  default void a_folder_is_no_object() {
    try (BlobStore store = open()) {
      store.put("jobs/a/x", Blob.of("x"));
      assertThat(store.read("jobs/a", 0, 10)).isEmpty();
      assertThat(store.sizeBytes("jobs/a")).isEmpty();
      store.delete("jobs/a");
      assertThat(text(store, "jobs/a/x")).isEqualTo("x");
    }
  }

  @Test
  default void a_deleted_object_is_absent_and_its_name_free() {
    try (BlobStore store = open()) {
      store.put("a/x", Blob.of("x"));
      store.put("a/y", Blob.of("y"));
      store.delete("a/x");
      assertThat(store.read("a/x", 0, 10)).isEmpty();
      assertThat(store.list("a")).containsExactly(new Item("a/y", 1, false));
      assertThat(store.putIfAbsent("a/x", Blob.of("again"))).isTrue();
      assertThat(text(store, "a/x")).isEqualTo("again");
    }
  }

  @Test
  default void deleting_nothing_does_nothing() {
    try (BlobStore store = open()) {
      store.delete("a/x");
      store.put("a/x", Blob.of("x"));
      store.delete("a/y");
      store.delete("b/x");
      assertThat(text(store, "a/x")).isEqualTo("x");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "-",
        "_",
        "-a",
        "0123456789",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/0123456789/a._-",
        "a..b/c.",
        "a/b/c/d/e/f/g/h",
        "CON/nul.txt"
      })
  default void every_legal_name_works(String name) {
    try (BlobStore store = open()) {
      store.put(name, Blob.of(name));
      assertThat(text(store, name)).isEqualTo(name);
      String folder = name.substring(0, Math.max(0, name.lastIndexOf('/')));
      assertThat(store.list(folder)).containsExactly(new Item(name, name.length(), false));
    }
  }

  @Test
  default void names_that_differ_only_in_case_or_length_are_different() {
    try (BlobStore store = open()) {
      for (String name : List.of("a/x", "a/X", "A/x", "a/xx", "a/" + "x".repeat(200))) {
        assertThat(store.putIfAbsent(name, Blob.of(name))).isTrue();
      }
      assertThat(text(store, "a/X")).isEqualTo("a/X");
      assertThat(store.list("a")).hasSize(4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        ".a",
        "a/.b",
        "a/../b",
        "../a",
        "a b",
        "a\\b",
        "ä",
        "a\u0000b",
        "a\n",
        "a:b",
        "a*"
      })
  default void an_illegal_name_is_a_programmers_error(String name) {
    try (BlobStore store = open()) {
      Blob body = Blob.of("x");
      List<Runnable> calls =
          List.of(
              () -> store.put(name, body),
              () -> store.putIfAbsent(name, body),
              () -> store.read(name, 0, 1),
              () -> store.sizeBytes(name),
              () -> store.delete(name));
      for (Runnable call : calls) {
        assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class);
      }
      if (!name.isEmpty()) {
        assertThatThrownBy(() -> store.list(name)).isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  default void a_small_read_refuses_what_is_too_large() {
    try (BlobStore store = open()) {
      store.put("x", Blob.of("0123456789"));
      assertThat(store.readSmall("x", 10).orElseThrow()).hasSize(10);
      assertThatThrownBy(() -> store.readSmall("x", 9)).isInstanceOf(CairnException.Corrupt.class);
    }
  }

  @Test
  default void it_says_where_it_is() {
    try (BlobStore store = open()) {
      assertThat(store.location()).isNotBlank();
    }
  }

  private static byte[] bytes(BlobStore store, String name) {
    ByteBuffer buffer = store.read(name, 0, Integer.MAX_VALUE).orElseThrow();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static String text(BlobStore store, String name) {
    return new String(bytes(store, name), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static String range(BlobStore store, String name, long offset, int maxBytes) {
    ByteBuffer buffer = store.read(name, offset, maxBytes).orElseThrow();
    return java.nio.charset.StandardCharsets.UTF_8.decode(buffer).toString();
  }
}
