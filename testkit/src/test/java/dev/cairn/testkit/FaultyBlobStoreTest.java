package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore.Item;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.CairnException;
import org.junit.jupiter.api.Test;

final class FaultyBlobStoreTest {
  private final FaultyBlobStore store = new FaultyBlobStore(new MemoryBlobStore());

  @Test
  void a_fault_strikes_once_before_or_after_the_call() {
    store.failAt(2, When.BEFORE, FaultyBlobStoreTest::unavailable);
    store.failAt(3, When.AFTER, FaultyBlobStoreTest::unavailable);
    store.put("a/1", Blob.of("x"));
    assertThatThrownBy(() -> store.put("a/2", Blob.of("x")))
        .isInstanceOf(CairnException.Unavailable.class);
    assertThatThrownBy(() -> store.putIfAbsent("a/3", Blob.of("x")))
        .isInstanceOf(CairnException.Unavailable.class);
    assertThat(store.list("a"))
        .containsExactly(new Item("a/1", 1, false), new Item("a/3", 1, false));
    assertThat(store.log()).containsExactly("put a/1", "put a/2", "putIfAbsent a/3", "list a");
    assertThat(store.calls()).isEqualTo(4);
  }

  @Test
  void listings_lag_behind_but_reads_do_not() {
    store.put("a/1", Blob.of("x"));
    store.put("a/2", Blob.of("x"));
    store.hideNewest(1);
    assertThat(store.list("a")).extracting(Item::leaf).containsExactly("1");
    assertThat(store.sizeBytes("a/2")).contains(1L);
    assertThat(store.putIfAbsent("a/2", Blob.of("y"))).isFalse();
    store.put("a/3", Blob.of("x"));
    assertThat(store.list("a")).extracting(Item::leaf).containsExactly("1", "2");
    store.hideNewest(0);
    assertThat(store.list("a")).hasSize(3);
  }

  private static CairnException unavailable() {
    return new CairnException.Unavailable("planned", "", null);
  }
}
