package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ContentCutsTest {
  private static final int KIB = 1024;

  private static List<ByteBuffer> cut(byte[] bytes, int from, int averageBytes) {
    var cuts = new ContentCuts(averageBytes);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    var chunks = new ArrayList<ByteBuffer>();
    int at = from;
    while (at < bytes.length) {
      int size = cuts.next(segment, at, bytes.length);
      chunks.add(ByteBuffer.wrap(bytes, at, size).slice());
      at += size;
    }
    return chunks;
  }

  private static Set<Sha256> hashes(List<ByteBuffer> chunks) {
    return chunks.stream().map(Sha256::of).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @ValueSource(ints = {32 * KIB, 64 * KIB, 256 * KIB})
  void sizes_are_within_their_bounds_and_about_the_average(int average) {
    List<ByteBuffer> chunks = cut(Sandbox.noise(100 * average, average), 0, average);
    for (ByteBuffer chunk : chunks.subList(0, chunks.size() - 1)) {
      assertThat(chunk.remaining()).isBetween(average / 4, 4 * average);
    }
    assertThat(chunks.getLast().remaining()).isBetween(1, 4 * average);
    assertThat(chunks.size()).isBetween(65, 160);
    assertThat(chunks.stream().map(ByteBuffer::remaining).distinct().count()).isGreaterThan(50);
  }

  @ParameterizedTest
  @ValueSource(ints = {64 * KIB, 256 * KIB})
  void the_same_contents_are_cut_alike_wherever_they_stand(int average) {
    byte[] bytes = Sandbox.noise(60 * average, 1);
    Set<Sha256> there = hashes(cut(bytes, 0, average));
    for (int shift : new int[] {1, 7, 4095, 4096, average / 2, average, 3 * average + 1}) {
      var moved = new byte[shift + bytes.length];
      System.arraycopy(Sandbox.noise(shift, 2), 0, moved, 0, shift);
      System.arraycopy(bytes, 0, moved, shift, bytes.length);
      Set<Sha256> found = new HashSet<>(hashes(cut(moved, 0, average)));
      found.retainAll(there);
      assertThat(found.size()).as("shifted by %d", shift).isGreaterThan(there.size() - 8);
      found = new HashSet<>(hashes(cut(bytes, shift, average)));
      found.retainAll(there);
      assertThat(found.size()).as("without %d", shift).isGreaterThan(there.size() - 12);
    }
  }

  @Test
  void where_a_chunk_ends_depends_on_nothing_behind_it() {
    byte[] bytes = Sandbox.noise(20 * 64 * KIB, 1);
    List<ByteBuffer> chunks = cut(bytes, 0, 64 * KIB);
    int end = chunks.get(0).remaining() + chunks.get(1).remaining() + chunks.get(2).remaining();
    byte[] other = bytes.clone();
    Arrays.fill(other, end, other.length, (byte) 1);
    assertThat(cut(other, 0, 64 * KIB).subList(0, 3)).isEqualTo(chunks.subList(0, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {64 * KIB, 256 * KIB})
  void what_repeats_is_cut_too(int average) {
    List<ByteBuffer> zeros = cut(new byte[40 * average + 1], 0, average);
    assertThat(hashes(zeros).size()).isLessThanOrEqualTo(2);
    assertThat(zeros.getFirst().remaining()).isBetween(average / 4, 4 * average);
  }

  @Test
  void few_bytes_are_one_chunk() {
    for (int size : new int[] {1, 100, 16 * KIB}) {
      assertThat(cut(Sandbox.noise(size, 1), 0, 64 * KIB)).hasSize(1);
    }
  }
}
