package dev.cairn.repository;

import dev.cairn.blob.Blob;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.JobId;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.JobLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// What real code wrote, to begin from: the golden store.
final class Corpus {
  static final JobId JOB = JobId.of("job");

  private static final Path STORE =
      Path.of("../testkit/src/test/resources/dev/cairn/testkit/golden-1/store");

  private final Map<String, byte[]> objects = new TreeMap<>();

  Corpus() {
    try (var names = Files.walk(STORE)) {
      for (Path file : names.filter(Files::isRegularFile).toList()) {
        objects.put(STORE.relativize(file).toString(), Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The objects whose name contains `part`, by name.
  Map<String, byte[]> objects(String part) {
    var found = new TreeMap<>(objects);
    found.keySet().removeIf(name -> !name.contains(part));
    return found;
  }

  MemoryBlobStore store() {
    var blobs = new MemoryBlobStore();
    objects.forEach((name, bytes) -> blobs.put(name, Blob.of(bytes)));
    return blobs;
  }

  List<ManifestRef> refs() {
    var log = JobLog.open(new BlobJournal(store(), new SystemEnv()), new SystemEnv(), JOB);
    return log.history().live().values().stream()
        .map(published -> published.checkpoint().manifest())
        .filter(Objects::nonNull)
        .toList();
  }

  /// A list of files as it is before it is compressed.
  record Listed(ManifestRef ref, ByteBuffer data, Manifest manifest) {
    byte[] bytes() {
      return Corpus.bytes(data);
    }
  }

  List<Listed> manifests() {
    var reader = reader();
    var all = new ArrayList<Listed>();
    for (ManifestRef ref : refs()) {
      PackName pack = PackName.parse(ref.pack()).orElseThrow();
      var place =
          new ChunkRef(
              Sha256.parse(ref.sha256()).orElseThrow(),
              0,
              ref.offset(),
              ref.storedBytes(),
              ref.sizeBytes(),
              Codec.of(ref.codec()).orElseThrow(),
              0);
      try {
        ByteBuffer bytes = reader.read(List.of(place), List.of(pack)).getFirst();
        all.add(new Listed(ref, bytes, reader.manifest(ref)));
      } catch (Damage e) {
        throw new AssertionError(e);
      }
    }
    return all;
  }

  /// A list of chunks.
  record Group(Manifest manifest, Manifest.Contents contents, int index, ByteBuffer data) {
    byte[] bytes() {
      return Corpus.bytes(data);
    }

    ChunkRef place() {
      return contents.refs().get(index);
    }
  }

  List<Group> groups() {
    var reader = reader();
    var all = new ArrayList<Group>();
    for (Listed listed : manifests()) {
      for (Manifest.Entry entry : listed.manifest.entries()) {
        Manifest.Contents contents = entry.contents();
        for (int i = 0;
            contents != null && contents.isGrouped() && i < contents.refs().size();
            i++) {
          try {
            ByteBuffer bytes =
                reader.read(List.of(contents.refs().get(i)), listed.manifest.packs()).getFirst();
            all.add(new Group(listed.manifest, contents, i, bytes));
          } catch (Damage e) {
            throw new AssertionError(e);
          }
        }
      }
    }
    return all;
  }

  private ExtentReader reader() {
    return new ExtentReader(new JobPacks(store(), JOB));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    var bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
