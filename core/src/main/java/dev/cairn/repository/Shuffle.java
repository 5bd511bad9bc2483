package dev.cairn.repository;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Puts bytes of the same rank in elements of equal width together and back: the sign and exponent
/// bytes of numbers repeat, their low bytes do not, and a compressor makes more of the former when
/// they follow each other.
final class Shuffle {
  private static final ValueLayout.OfShort TWO =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt FOUR =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong EIGHT =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Shuffle() {}

  /// Fills `to`, which is as large as `from`.
  ///
  /// @param width 2, 4 or 8
  static void apply(MemorySegment from, MemorySegment to, int width) {
    long count = from.byteSize() / width;
    switch (width) {
      case 2 -> apply2(from, to, count);
      case 4 -> apply4(from, to, count);
      case 8 -> apply8(from, to, count);
      default -> throw new IllegalArgumentException("width " + width);
    }
    copyRest(from, to, count * width);
  }

  /// Undoes [#apply].
  static void undo(MemorySegment from, MemorySegment to, int width) {
    long count = from.byteSize() / width;
    switch (width) {
      case 2 -> undo2(from, to, count);
      case 4 -> undo4(from, to, count);
      case 8 -> undo8(from, to, count);
      default -> throw new IllegalArgumentException("width " + width);
    }
    copyRest(from, to, count * width);
  }

  private static void copyRest(MemorySegment from, MemorySegment to, long at) {
    MemorySegment.copy(from, at, to, at, from.byteSize() - at);
  }

  private static void apply2(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      short element = from.get(TWO, 2 * i);
      to.set(JAVA_BYTE, i, (byte) element);
      to.set(JAVA_BYTE, count + i, (byte) (element >>> 8));
    }
  }

  private static void apply4(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      int element = from.get(FOUR, 4 * i);
      to.set(JAVA_BYTE, i, (byte) element);
      to.set(JAVA_BYTE, count + i, (byte) (element >>> 8));
      to.set(JAVA_BYTE, 2 * count + i, (byte) (element >>> 16));
      to.set(JAVA_BYTE, 3 * count + i, (byte) (element >>> 24));
    }
  }

  private static void apply8(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      long element = from.get(EIGHT, 8 * i);
      for (int rank = 0; rank < 8; rank++) {
        to.set(JAVA_BYTE, rank * count + i, (byte) (element >>> 8 * rank));
      }
    }
  }

  private static void undo2(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      int element = from.get(JAVA_BYTE, i) & 0xff | from.get(JAVA_BYTE, count + i) << 8;
      to.set(TWO, 2 * i, (short) element);
    }
  }

  private static void undo4(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      int element =
          from.get(JAVA_BYTE, i) & 0xff
              | (from.get(JAVA_BYTE, count + i) & 0xff) << 8
              | (from.get(JAVA_BYTE, 2 * count + i) & 0xff) << 16
              | from.get(JAVA_BYTE, 3 * count + i) << 24;
      to.set(FOUR, 4 * i, element);
    }
  }

  private static void undo8(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i++) {
      long element = 0;
      for (int rank = 7; rank >= 0; rank--) {
        element = element << 8 | from.get(JAVA_BYTE, rank * count + i) & 0xff;
      }
      to.set(EIGHT, 8 * i, element);
    }
  }
}
