package dev.cairn.repository;

import dev.cairn.env.Env;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Writes the packs of one save: fills one in memory while the one before is being put.
///
/// So at most two are held, about 128 MiB. Not thread-safe.
final class PackWriter implements AutoCloseable {
  private final JobPacks packs;
  private final Env env;
  private final long token;
  private final PackTable table;

  private PackBuffer filling;
  private PackBuffer other;
  private int number;
  private @Nullable Fork putting;
  private long writtenBytes;

  /// @param arena holds the buffers; outlives this
  PackWriter(JobPacks packs, Env env, long token, PackTable table, Arena arena) {
    this.packs = packs;
    this.env = env;
    this.token = token;
    this.table = table;
    this.filling = new PackBuffer(arena);
    this.other = new PackBuffer(arena);
    this.number = table.reserve();
  }

  /// The number of the pack being filled.
  int number() {
    return number;
  }

  /// Whether nothing has been added at all.
  boolean isUnused() {
    return writtenBytes == 0 && filling.isEmpty();
  }

  /// Bytes handed to the store so far.
  long writtenBytes() {
    return writtenBytes;
  }

  /// Appends a chunk, in a new pack if the present one would be overfull.
  ///
  /// @return where it is
  ChunkRef add(Sha256 sha256, int sizeBytes, Codec codec, int crc32c, ByteBuffer stored) {
    if (!filling.isEmpty() && !filling.fits(stored.remaining())) {
      seal();
    }
    return addHere(sha256, sizeBytes, codec, crc32c, stored);
  }

  /// Appends a chunk to the pack being filled, however large that gets.
  ChunkRef addHere(Sha256 sha256, int sizeBytes, Codec codec, int crc32c, ByteBuffer stored) {
    var chunk = new ChunkRef(sha256, number, 0, stored.remaining(), sizeBytes, codec, crc32c);
    return filling.add(chunk, stored);
  }

  /// Ends the pack being filled, if there is anything in it, and starts to put it as soon as the
  /// one before has been put.
  void seal() {
    if (filling.isEmpty()) {
      return;
    }
    awaitPut();
    PackBuffer.Sealed sealed = filling.seal(token, env.randomBytes(Pack.NONCE_BYTES));
    table.name(number, sealed.name());
    number = table.reserve();
    writtenBytes += sealed.body().sizeBytes();
    PackBuffer full = filling;
    filling = other;
    filling.clear();
    other = full;
    putting = new Fork(env, "put pack", () -> packs.put(sealed.name(), sealed.body()));
  }

  /// Waits until every pack that was sealed is durable.
  void awaitPut() {
    if (putting != null) {
      putting.join();
      putting = null;
    }
  }

  /// Stops a put that is under way; none runs any more on return.
  @Override
  public void close() {
    if (putting != null) {
      putting.abandon();
    }
  }
}
