package dev.cairn.repository;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Brings one file back: takes it over from a local directory, or fetches and writes it. Durable
/// after [#run] but for the name.
final class FileRestore implements Lanes.Step<RuntimeException> {
  private static final int BATCHES_AHEAD = 2;

  private final Sources sources;
  private final Manifest manifest;
  private final Entry entry;
  private final Path file;
  private final Meter meter;

  /// Where files come from.
  ///
  /// @param local a directory to look at first
  record Sources(ExtentReader reader, @Nullable LocalFiles local, Disk disk, Env env) {}

  /// @param file does not exist, but its directory does
  FileRestore(Sources sources, Manifest manifest, Entry entry, Path file, Meter meter) {
    this.sources = sources;
    this.manifest = manifest;
    this.entry = entry;
    this.file = file;
    this.meter = meter;
  }

  @Override
  public void run() {
    try {
      if (sources.local != null && sources.local.link(manifest, entry, file)) {
        meter.moved(entry.sizeBytes());
      } else {
        fetch(Objects.requireNonNull(entry.contents()));
      }
    } catch (Damage e) {
      throw e.spoils(FileTree.printable(entry.path()), sources.reader.job());
    }
  }

  @Override
  public void end() {
    // All is done; a failure of the run is thrown in place of this.
  }

  private void fetch(Contents contents) throws Damage {
    try (DiskFile out = sources.disk.create(file);
        var ahead = new Lanes<Damage>(sources.env, "fetch", BATCHES_AHEAD)) {
      // Now, lest others read what only its owner may.
      sources.disk.setAttributes(file, entry.mode(), entry.modified());
      sources.reader.forEachBatch(manifest, contents, batch -> ahead.add(new Fetch(batch, out)));
      ahead.drain();
      sources.disk.setAttributes(file, entry.mode(), entry.modified());
      out.force();
    }
  }

  /// Some chunks: fetched and checked while those before are being written.
  private final class Fetch implements Lanes.Step<Damage> {
    private final List<ChunkRef> batch;
    private final DiskFile out;
    private List<ByteBuffer> chunks = List.of();
    private @Nullable Damage damage;

    Fetch(List<ChunkRef> batch, DiskFile out) {
      this.batch = batch;
      this.out = out;
    }

    @Override
    public void run() {
      try {
        chunks = sources.reader.read(batch, manifest.packs());
      } catch (Damage e) {
        damage = e;
      }
    }

    @Override
    public void end() throws Damage {
      if (damage != null) {
        throw damage;
      }
      for (ByteBuffer chunk : chunks) {
        int bytes = chunk.remaining();
        out.write(chunk);
        meter.moved(bytes);
      }
    }
  }
}
