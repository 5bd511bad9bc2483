package dev.cairn.testkit.interleaving;

import dev.cairn.blob.Blob;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes as a value: equal to others if they are the same.
final class Bytes {
  private final byte[] bytes;
  private final int hash;

  private Bytes(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  static Bytes of(Blob blob) {
    return new Bytes(blob.toBytes());
  }

  int sizeBytes() {
    return bytes.length;
  }

  /// At most `maxBytes` of them from `offset` on.
  Bytes part(long offset, int maxBytes) {
    int from = (int) Math.min(offset, bytes.length);
    int to = Math.min(bytes.length, from + Math.min(maxBytes, bytes.length));
    return from == 0 && to == bytes.length ? this : new Bytes(Arrays.copyOfRange(bytes, from, to));
  }

  ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes.clone());
  }

  byte[] copy() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || other instanceof Bytes that && hash == that.hash && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
