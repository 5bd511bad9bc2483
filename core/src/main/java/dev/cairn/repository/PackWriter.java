package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.OptionalLong;

/// Writes the packs of one save: fills one in memory while those before are being put.
///
/// So at most three are held, about 192 MiB. Not thread-safe.
final class PackWriter implements AutoCloseable {
  private static final int PUTS_AT_ONCE = 2;

  private final JobPacks packs;
  private final Env env;
  private final long token;
  private final PackTable table;

  private final ArrayDeque<Put> putting = new ArrayDeque<>();
  private final ArrayDeque<PackBuffer> idle = new ArrayDeque<>();
  private PackBuffer filling;
  private int number;
  private long writtenBytes;

  private record Put(PackBuffer buffer, Fork fork) {}

  /// @param arena holds the buffers; outlives this
  PackWriter(JobPacks packs, Env env, long token, PackTable table, Arena arena) {
    this.packs = packs;
    this.env = env;
    this.token = token;
    this.table = table;
    this.filling = new PackBuffer(arena);
    for (int i = 0; i < PUTS_AT_ONCE; i++) {
      idle.add(new PackBuffer(arena));
    }
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

  /// Ends the pack being filled, if there is anything in it, and starts to put it.
  ///
  /// @throws CairnException.Unavailable if it does not fit: what is there is left as it is
  void seal() {
    if (filling.isEmpty()) {
      return;
    }
    if (idle.isEmpty()) {
      awaitOldest();
    }
    PackBuffer.Sealed sealed = filling.seal(token, env.randomBytes(Pack.NONCE_BYTES));
    requireRoom(sealed.body().sizeBytes());
    table.name(number, sealed.name());
    number = table.reserve();
    writtenBytes += sealed.body().sizeBytes();
    Fork fork = new Fork(env, "put pack", () -> packs.put(sealed.name(), sealed.body()));
    putting.add(new Put(filling, fork));
    filling = idle.remove();
    filling.clear();
  }

  /// So that a disk is not filled to its last byte, which whoever works there may need.
  private void requireRoom(long sizeBytes) {
    OptionalLong usable = packs.blobs().usableBytes();
    if (usable.isPresent() && usable.getAsLong() < sizeBytes) {
      throw CairnException.Unavailable.full(
          "no space is left in %s for the next pack: it takes %,d bytes, and %,d are free"
              .formatted(packs.blobs().location(), sizeBytes, usable.getAsLong()),
          null);
    }
  }

  private void awaitOldest() {
    Put oldest = putting.getFirst();
    oldest.fork.join();
    putting.remove();
    idle.add(oldest.buffer);
  }

  /// Waits until every pack that was sealed is durable.
  void awaitPut() {
    while (!putting.isEmpty()) {
      awaitOldest();
    }
  }

  /// Stops puts that are under way; none runs any more on return.
  @Override
  public void close() {
    putting.forEach(put -> put.fork.abandon());
    putting.clear();
  }
}
