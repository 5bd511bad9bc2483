package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShuffleTest {
  /// As the documentation of [Codec] says it, element by element.
  private static byte[] transposed(byte[] bytes, int width) {
    int count = bytes.length / width;
    var shuffled = bytes.clone();
    for (int rank = 0; rank < width; rank++) {
      for (int i = 0; i < count; i++) {
        shuffled[rank * count + i] = bytes[i * width + rank];
      }
    }
    return shuffled;
  }

  private static void assertThereAndBack(int size, int width) {
    byte[] bytes = Sandbox.noise(size, size);
    var shuffled = new byte[size];
    Shuffle.apply(MemorySegment.ofArray(bytes), MemorySegment.ofArray(shuffled), width);
    assertThat(shuffled).as("%d bytes", size).isEqualTo(transposed(bytes, width));
    var back = new byte[size];
    Shuffle.undo(MemorySegment.ofArray(shuffled), MemorySegment.ofArray(back), width);
    assertThat(back).as("%d bytes", size).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void bytes_of_any_size_are_put_in_order_and_back(int width) {
    IntStream.rangeClosed(0, 100).forEach(size -> assertThereAndBack(size, width));
    for (int size : new int[] {65_535, 65_536, 262_143, 262_144, 4_194_304, 1_000_003}) {
      assertThereAndBack(size, width);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void memory_need_not_be_aligned(int width) {
    byte[] bytes = Sandbox.noise(1_001, 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(1_100).asSlice(3, 1_001);
      MemorySegment to = arena.allocate(1_100).asSlice(5, 1_001);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, from, 0, bytes.length);
      Shuffle.apply(from, to, width);
      assertThat(to.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
          .isEqualTo(transposed(bytes, width));
      Shuffle.undo(to, from, width);
      assertThat(from.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
  }

  @Test
  void there_are_no_other_widths() {
    MemorySegment bytes = MemorySegment.ofArray(new byte[24]);
    for (int width : new int[] {1, 3, 16}) {
      assertThatThrownBy(() -> Shuffle.apply(bytes, bytes, width))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Shuffle.undo(bytes, bytes, width))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
