package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.repository.PackCheck.Frame;
import dev.cairn.repository.Segment.Fresh;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Chunks out of one [Donor], found by their hash and checked against it. Thread-safe.
sealed interface Donated {
  /// @param path of a file that holds the chunk
  /// @param position where in that file, in bytes
  Optional<Fresh> find(ChunkRef wanted, String path, long position);

  static Donated of(Donor donor, Disk disk) {
    return switch (donor) {
      case Donor.Packs packs -> new FromPacks(new JobPacks(packs.blobs(), packs.job()));
      case Donor.Files files -> new FromFiles(disk, files);
    };
  }

  /// Out of packs, of which the lists are read when the first chunk is looked for.
  final class FromPacks implements Donated {
    private final JobPacks packs;
    private final PackTable table = new PackTable();
    private @Nullable ChunkIndex index;

    FromPacks(JobPacks packs) {
      this.packs = packs;
    }

    @Override
    public Optional<Fresh> find(ChunkRef wanted, String path, long position) {
      ChunkRef place = index().find(wanted.sha256());
      if (place == null || place.sizeBytes() != wanted.sizeBytes()) {
        return Optional.empty();
      }
      PackName pack = table.name(place.pack());
      try {
        return Optional.of(
            new ExtentReader(packs).readStored(List.of(place.inPack(0)), List.of(pack)).getFirst());
      } catch (Damage e) {
        return Optional.empty(); // it has a damaged one too
      }
    }

    private synchronized ChunkIndex index() {
      ChunkIndex known = index;
      if (known == null) {
        known = new ChunkIndex(ChunkIndex.MOST_KNOWN);
        var check = new PackCheck(packs);
        for (PackName pack : packs.sizes().keySet()) {
          if (check.check(pack) instanceof Frame.Whole whole) {
            int number = table.number(pack);
            for (ChunkRef extent : whole.extents()) {
              known.add(extent.inPack(number));
            }
          }
        }
        index = known;
      }
      return known;
    }
  }

  /// Out of the files that were saved, at their old places.
  final class FromFiles implements Donated {
    private final Disk disk;
    private final Donor.Files files;

    FromFiles(Disk disk, Donor.Files files) {
      this.disk = disk;
      this.files = files;
    }

    @Override
    public Optional<Fresh> find(ChunkRef wanted, String path, long position) {
      var chunk = ByteBuffer.allocate(wanted.sizeBytes());
      try (DiskFile file = disk.open(files.directory().resolve(path))) {
        if (file.read(chunk, position) < wanted.sizeBytes()) {
          return Optional.empty();
        }
      } catch (CairnException.NotFound
          | CairnException.Invalid
          | CairnException.Denied
          | CairnException.Unavailable e) {
        return Optional.empty(); // somebody else may have it
      }
      chunk.flip();
      if (!Sha256.of(chunk).equals(wanted.sha256())) {
        return Optional.empty();
      }
      Optional<ByteBuffer> smaller = Codec.compress(chunk);
      ByteBuffer stored = smaller.orElse(chunk);
      Codec codec = smaller.isPresent() ? Codec.ZSTD : Codec.RAW;
      return Optional.of(
          new Fresh(wanted.sha256(), wanted.sizeBytes(), codec, Pack.crc32c(stored), stored));
    }
  }
}
