package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Pace;
import dev.cairn.repository.PackCheck.Frame;
import dev.cairn.repository.Scrubbed.Flaw;
import dev.cairn.repository.Scrubbed.Proof;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Reads a whole pack again, by its own index, at a pace. Holds one index and about 1 MiB, or one
/// extent where that is larger.
final class Scrubbing {
  private static final int RUN_BYTES = 1024 * 1024;

  private final JobPacks packs;
  private final Proof proof;
  private final Pace pace;
  private final PackName pack;

  private final List<Flaw> flaws = new ArrayList<>();
  private long bytes;

  Scrubbing(JobPacks packs, PackName pack, Proof proof, Pace pace) {
    this.packs = packs;
    this.pack = pack;
    this.proof = proof;
    this.pace = pace;
  }

  /// @return empty if it was asked to stop before the end
  Optional<Scrubbed> scrub() {
    try {
      return switch (new PackCheck(packs).check(pack)) {
        case Frame.Broken broken -> {
          flaws.add(new Flaw(-1, broken.damage().reason()));
          yield Optional.of(result(broken.sizeBytes() == null));
        }
        case Frame.Whole whole -> extents(whole);
      };
    } catch (CairnException.Unavailable | CairnException.Denied e) {
      flaws.add(new Flaw(-1, "could not be read (%s)".formatted(e.getMessage())));
      return Optional.of(result(false));
    }
  }

  private Scrubbed result(boolean missing) {
    return new Scrubbed(pack.leaf(), bytes, missing, flaws);
  }

  private Optional<Scrubbed> extents(Frame.Whole frame) {
    bytes += frame.footerBytes();
    List<ChunkRef> extents = frame.extents();
    boolean onwards = pace.take(frame.footerBytes());
    for (int from = 0; onwards && from < extents.size(); ) {
      int to = from + 1;
      long start = extents.get(from).offset();
      while (to < extents.size() && extents.get(to).end() - start <= RUN_BYTES) {
        to++;
      }
      List<ChunkRef> run = extents.subList(from, to);
      long span = run.getLast().end() - start;
      onwards = pace.take(span);
      if (onwards && !read(run, start, (int) span)) {
        return Optional.of(result(true));
      }
      from = to;
    }
    return onwards ? Optional.of(result(false)) : Optional.empty();
  }

  /// @return false if the pack is gone
  private boolean read(List<ChunkRef> run, long start, int span) {
    ByteBuffer read;
    try {
      read = packs.read(pack, start, span).map(ByteBuffer::slice).orElse(null);
    } catch (CairnException.Unavailable | CairnException.Denied e) {
      run.forEach(extent ->
          flaws.add(
              new Flaw(
                  extent.offset(),
                  "could not be read at byte %d (%s)".formatted(extent.offset(), e.getMessage()))));
      return true; // other places may be readable
    }
    if (read == null) {
      flaws.add(new Flaw(-1, Damage.missing(pack).reason()));
      return false;
    }
    bytes += read.remaining();
    for (ChunkRef extent : run) {
      int at = (int) (extent.offset() - start);
      if (read.remaining() - at < extent.storedBytes()) {
        flaw(extent, "ends too early");
      } else {
        check(extent, read.slice(at, extent.storedBytes()));
      }
    }
    return true;
  }

  private void check(ChunkRef extent, ByteBuffer stored) {
    if (Pack.crc32c(stored) != extent.crc32c()) {
      flaw(extent, "CRC32C differs");
    } else if (proof == Proof.SHA256) {
      Optional<ByteBuffer> chunk = extent.codec().decode(stored, extent.sizeBytes());
      if (chunk.isEmpty()) {
        flaw(extent, "cannot be decompressed");
      } else if (!Sha256.of(chunk.get()).equals(extent.sha256())) {
        flaw(extent, "hash differs");
      }
    }
  }

  private void flaw(ChunkRef extent, String what) {
    flaws.add(new Flaw(extent.offset(), Damage.at(pack, extent.offset(), what).reason()));
  }

  /// The files of a checkpoint that a damaged pack spoils, as far as its lists can be read.
  static Set<String> spoilt(JobPacks packs, ManifestRef ref, Scrubbed scrubbed) {
    var files = new TreeSet<String>(TreePath::compare);
    var reader = new ExtentReader(packs);
    Manifest manifest;
    try {
      manifest = reader.manifest(ref);
    } catch (Damage e) {
      return files;
    }
    Set<Long> places = scrubbed.places();
    var chunks = new FileChunks(reader, manifest);
    chunks.forEachFile((path, contents) -> {
      List<Damage> unread =
          chunks.forEach(
              contents,
              chunk -> {
                boolean here = manifest.pack(chunk).leaf().equals(scrubbed.pack());
                if (here && (scrubbed.missing() || places.contains(chunk.offset()))) {
                  files.add(path);
                }
              });
      if (unread.stream().anyMatch(damage -> damage.pack().equals(scrubbed.pack()))) {
        files.add(path);
      }
    });
    return files;
  }
}
