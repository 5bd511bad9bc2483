package dev.cairn.testkit;

import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.Journal;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/// The contract on every journal in core.
final class JournalTest {
  private final SystemEnv env = new SystemEnv();

  @Nested
  final class InMemory implements JournalContract {
    @Override
    public Journal open() {
      return new BlobJournal(new MemoryBlobStore(), env);
    }
  }

  @Nested
  final class OnRealDisk implements JournalContract {
    private @TempDir Path root;

    @Override
    public Journal open() {
      return new BlobJournal(new DiskBlobStore(new RealDisk(), root, env), env);
    }
  }
}
