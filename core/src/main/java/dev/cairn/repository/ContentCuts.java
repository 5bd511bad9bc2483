package dev.cairn.repository;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Finds where chunks end by what stands before their end, so that the same contents are cut at the
/// same places even when they have moved: content-defined chunking with a gear hash and two masks.
///
/// A chunk has from a quarter to four times the average size. Readers need none of this, only
/// writers that want to find chunks again, so it is no part of the format. Source: Xia and others,
/// FastCDC (USENIX ATC 2016), sections 3.2 to 3.5.
final class ContentCuts {
  private static final long[] GEAR = gear();
  private static final int BIAS_BITS = 2;

  private final int least;
  private final int average;
  private final int most;
  private final long hard;
  private final long easy;

  /// @param averageBytes a power of two
  ContentCuts(int averageBytes) {
    least = averageBytes / 4;
    average = averageBytes;
    most = averageBytes * 4;
    int bits = Integer.numberOfTrailingZeros(averageBytes);
    hard = highBits(bits + BIAS_BITS);
    easy = highBits(bits - BIAS_BITS);
  }

  /// The newest bytes have moved least far up: the high bits depend on the last 64 of them.
  private static long highBits(int count) {
    return -1L << Long.SIZE - count;
  }

  private static long[] gear() {
    var gear = new long[256];
    for (int i = 0; i < gear.length; i += 4) {
      Sha256 hash = Sha256.of(ByteBuffer.wrap(new byte[] {'g', 'e', 'a', 'r', (byte) i}));
      gear[i] = hash.a();
      gear[i + 1] = hash.b();
      gear[i + 2] = hash.c();
      gear[i + 3] = hash.d();
    }
    return gear;
  }

  /// Greatest size of a chunk.
  int most() {
    return most;
  }

  /// Size of the chunk at `from`; `to` is the end of the bytes, or at least [#most] further on.
  int next(MemorySegment bytes, long from, long to) {
    long end = Math.min(to, from + most);
    long at = Math.min(end, from + least);
    long turn = Math.min(end, from + average);
    long hash = 0;
    while (at < turn) {
      hash = (hash << 1) + GEAR[bytes.get(JAVA_BYTE, at++) & 0xff];
      if ((hash & hard) == 0) {
        return (int) (at - from);
      }
    }
    while (at < end) {
      hash = (hash << 1) + GEAR[bytes.get(JAVA_BYTE, at++) & 0xff];
      if ((hash & easy) == 0) {
        return (int) (at - from);
      }
    }
    return (int) (end - from);
  }
}
