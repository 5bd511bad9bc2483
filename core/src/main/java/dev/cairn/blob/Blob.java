package dev.cairn.blob;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The whole body of an object: some buffers, read as often as a put must be replayed.
///
/// Whoever hands it over does not change the buffers until the put has returned.
public final class Blob {
  private final List<ByteBuffer> parts;
  private final long sizeBytes;

  private Blob(List<ByteBuffer> parts) {
    this.parts = parts.stream().map(ByteBuffer::asReadOnlyBuffer).toList();
    this.sizeBytes = this.parts.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  public static Blob of(List<ByteBuffer> parts) {
    return new Blob(parts);
  }

  public static Blob of(byte[] bytes) {
    return new Blob(List.of(ByteBuffer.wrap(bytes)));
  }

  public static Blob of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /// Fresh read-only views, positioned at the start, in order.
  public List<ByteBuffer> parts() {
    return parts.stream().map(ByteBuffer::duplicate).toList();
  }

  /// The whole body as one array; for small bodies.
  public byte[] toBytes() {
    var all = ByteBuffer.allocate(Math.toIntExact(sizeBytes));
    parts().forEach(all::put);
    return all.array();
  }
}
