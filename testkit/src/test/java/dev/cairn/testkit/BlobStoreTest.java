package dev.cairn.testkit;

import dev.cairn.blob.BlobStore;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/// The contract on every store in core.
final class BlobStoreTest {
  interface Whole extends BlobStoreContract, BlobStoreRaces {
    @Override
    BlobStore open();
  }

  @Nested
  final class InMemory implements Whole {
    @Override
    public BlobStore open() {
      return new MemoryBlobStore();
    }
  }

  @Nested
  final class OnRealDisk implements Whole {
    private @TempDir Path root;

    @Override
    public BlobStore open() {
      return new DiskBlobStore(new RealDisk(), root.resolve("new/store"), new SystemEnv());
    }
  }

  @Nested
  final class OnCrashingDisk implements Whole {
    @Override
    public BlobStore open() {
      return new DiskBlobStore(new CrashingDisk(), Path.of("/data/store"), new ManualEnv(1));
    }
  }

  @Nested
  final class FaultyWithoutFaults implements Whole {
    @Override
    public BlobStore open() {
      return new FaultyBlobStore(new MemoryBlobStore());
    }
  }
}
