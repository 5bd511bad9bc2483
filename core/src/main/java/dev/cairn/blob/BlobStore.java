package dev.cairn.blob;

import dev.cairn.domain.CairnException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Objects under names such as `jobs/train-1/journal/00000000000000000007.json`.
///
/// A name is one or more segments of `[A-Za-z0-9._-]`, none starting with `.`, joined by `/`;
/// anything else is a programmer's error. An object is visible only when it is whole, and durable
/// when the put has returned (I1, I2). Listings may lag behind; [#putIfAbsent] never does: it is
/// the one primitive that all coordination rests on.
///
/// Every method throws `Unavailable` when the store did not answer (a put may then have happened or
/// not) and `Denied` when it refused. Thread-safe.
public interface BlobStore extends AutoCloseable {
  /// Writes `body` under `name`, in place of what was there. Atomic and durable.
  void put(String name, Blob body);

  /// Writes `body` under `name` if nothing is there. Atomic and durable.
  ///
  /// @return false, with nothing changed, if the name is taken
  boolean putIfAbsent(String name, Blob body);

  /// Makes sure that an object which others have put outlasts a power loss of the store: it can be
  /// read before its writer knows that it is durable.
  ///
  /// @return false if it is not there, or not any more
  boolean confirm(String name);

  /// Reads at most `maxBytes` bytes from `offset` on; fewer only where the object ends.
  ///
  /// @return a buffer of its own, or empty if there is no such object
  Optional<ByteBuffer> read(String name, long offset, int maxBytes);

  /// As [#read], into memory of the caller: fills `into` up to its limit, less only where the
  /// object ends.
  ///
  /// @return the number of bytes, or -1, with nothing changed, if there is no such object
  default int readInto(String name, long offset, ByteBuffer into) {
    Optional<ByteBuffer> bytes = read(name, offset, into.remaining());
    if (bytes.isEmpty()) {
      return -1;
    }
    int count = bytes.get().remaining();
    into.put(bytes.get());
    return count;
  }

  /// Size of an object, or empty if there is none.
  Optional<Long> sizeBytes(String name);

  /// The objects and folders directly below `folder` (no trailing slash; "" is the root), sorted by
  /// name; empty if there is none.
  List<Item> list(String folder);

  /// Removes an object; nothing happens if there is none. Durable only with the next put in the
  /// same folder.
  void delete(String name);

  /// How much more it can take, if it knows: advice, which may be wrong a moment later.
  default OptionalLong usableBytes() {
    return OptionalLong.empty();
  }

  /// The place, for people: never with credentials.
  String location();

  @Override
  void close();

  /// One result of a listing.
  ///
  /// @param name the whole name; a folder has no trailing slash
  /// @param sizeBytes 0 for a folder
  record Item(String name, long sizeBytes, boolean folder) {
    /// The last segment.
    public String leaf() {
      return name.substring(name.lastIndexOf('/') + 1);
    }
  }

  /// The whole of a small object.
  ///
  /// @throws CairnException.Corrupt if it is larger than `limitBytes`
  default Optional<byte[]> readSmall(String name, int limitBytes) {
    return read(name, 0, limitBytes + 1)
        .map(buffer -> {
          if (buffer.remaining() > limitBytes) {
            throw new CairnException.Corrupt(
                "%s in %s is larger than %d bytes".formatted(name, location(), limitBytes), "");
          }
          var bytes = new byte[buffer.remaining()];
          buffer.get(bytes);
          return bytes;
        });
  }
}
