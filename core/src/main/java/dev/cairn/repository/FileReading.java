package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads one file of a checkpoint from front to back, some parts ahead of whoever takes it.
///
/// Memory: about 9 MiB for each of at most 8 parts.
final class FileReading {
  private final ExtentReader reader;
  private final Env env;
  private final Manifest manifest;

  FileReading(ExtentReader reader, Env env, Manifest manifest) {
    this.reader = reader;
    this.env = env;
    this.manifest = manifest;
  }

  void read(String path, Consumer<ByteBuffer> taker) {
    read(path, contents(path), taker);
  }

  /// @param contents of the file at `path`
  void read(String path, Contents contents, Consumer<ByteBuffer> taker) {
    try (var ahead = new Lanes<Damage>(env, "fetch", Lanes.usualWidth(env))) {
      reader.forEachBatch(manifest, contents, batch -> ahead.add(new Fetch(batch, taker)));
      ahead.drain();
    } catch (Damage e) {
      throw e.spoils(FileTree.printable(path), reader.job());
    }
  }

  private Contents contents(String path) {
    String shown = FileTree.printable(path);
    Entry entry =
        manifest.entries().stream()
            .filter(candidate -> candidate.path().equals(path))
            .findFirst()
            .orElseThrow(() ->
                new CairnException.NotFound(
                    "there is no %s in this checkpoint".formatted(shown),
                    "See what is in it with: cairn checkpoints show"));
    if (entry.contents() == null) {
      throw new CairnException.Invalid(
          entry.target() == null
              ? shown + " is a directory"
              : "%s is a symbolic link to %s".formatted(shown, FileTree.printable(entry.target())),
          "Name a file.");
    }
    return entry.contents();
  }

  /// Some chunks: fetched and checked while those before are being taken.
  private final class Fetch implements Lanes.Step<Damage> {
    private final List<ChunkRef> batch;
    private final Consumer<ByteBuffer> taker;
    private List<ByteBuffer> chunks = List.of();
    private @Nullable Damage damage;

    Fetch(List<ChunkRef> batch, Consumer<ByteBuffer> taker) {
      this.batch = batch;
      this.taker = taker;
    }

    @Override
    public void run() {
      try {
        chunks = reader.read(batch, manifest.packs());
      } catch (Damage e) {
        damage = e;
      }
    }

    @Override
    public void end() throws Damage {
      if (damage != null) {
        throw damage;
      }
      chunks.forEach(taker);
    }
  }
}
