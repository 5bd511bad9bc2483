package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.repository.Manifest.Boot;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Manifest.Kind;
import dev.cairn.repository.Manifest.Origin;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes a [Manifest].
final class ManifestWriter {
  private static final int MAX_ENTRY_BYTES =
      2 * (2 + TreePath.MAX_BYTES) + 64 + Manifest.INLINE_CHUNKS * ChunkRef.BYTES;

  private final PackTable.Excerpt packs;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteBuffer fields = ByteBuffer.allocate(MAX_ENTRY_BYTES);

  private ManifestWriter(PackTable.Excerpt packs) {
    this.packs = packs;
  }

  /// @param entries sorted; their references numbered by the table that `packs` is of
  static ByteBuffer write(
      Boot boot, PackTable.Excerpt packs, @Nullable Contents state, List<Entry> entries) {
    var writer = new ManifestWriter(packs);
    boolean known = entries.stream().anyMatch(entry -> entry.origin() != null);
    writer.head(known ? boot : Boot.UNKNOWN, entries.size() + (state == null ? 0 : 1));
    if (state != null) {
      writer.named(Kind.STATE_NUMBER, "", 0, Instant.EPOCH);
      writer.contents(state);
    }
    entries.forEach(writer::entry);
    return ByteBuffer.wrap(writer.out.toByteArray());
  }

  private void head(Boot boot, int entries) {
    fields.putLong(Manifest.MAGIC).putInt(Manifest.VERSION).putInt(Sha256.ALGORITHM << 24);
    fields.putLong(boot.a()).putLong(boot.b()).putInt(packs.names().size());
    flush();
    for (PackName name : packs.names()) {
      name.write(fields);
      flush();
    }
    fields.putInt(entries);
    flush();
  }

  private void entry(Entry entry) {
    named(entry.kind().number(), entry.path(), entry.mode(), entry.modified());
    if (entry.target() != null) {
      text(entry.target());
    }
    flush();
    if (entry.contents() != null) {
      contents(entry.contents());
      origin(entry.origin());
    }
  }

  private void origin(@Nullable Origin origin) {
    fields.put((byte) (origin == null ? 0 : 1));
    if (origin != null) {
      fields.putLong(origin.device()).putLong(origin.inode());
      time(origin.changed());
    }
    flush();
  }

  private void named(int type, String path, int mode, Instant modified) {
    fields.put((byte) type);
    text(path);
    fields.putShort((short) mode);
    time(modified);
  }

  private void time(Instant time) {
    fields.putLong(time.getEpochSecond()).putInt(time.getNano());
  }

  private void text(String text) {
    byte[] utf8 = TreePath.utf8(text);
    fields.putShort((short) utf8.length).put(utf8);
  }

  private void contents(Contents contents) {
    fields.putLong(contents.sizeBytes()).putInt(contents.chunkBytes());
    if (!contents.isGrid()) {
      fields.putLong(contents.chunks());
    }
    contents.root().write(fields);
    for (ChunkRef ref : contents.refs()) {
      ref.inPack(packs.number(ref.pack())).write(fields);
      flush();
    }
    flush();
  }

  private void flush() {
    fields.flip();
    if ((long) out.size() + fields.remaining() > Manifest.MAX_BYTES) {
      throw new CairnException.Invalid(
          "the list of files is larger than 1 GiB", "Save a smaller directory.");
    }
    out.write(fields.array(), 0, fields.limit());
    fields.clear();
  }
}
