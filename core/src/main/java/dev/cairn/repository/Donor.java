package dev.cairn.repository;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.JobId;
import java.nio.file.Path;

/// Where the bytes of a damaged checkpoint may be found again. Nothing in it is believed: what is
/// taken from it has the hash that it should have.
public sealed interface Donor {
  /// The packs of a job: of the same one in a copy of its store, or of another job that holds the
  /// same contents.
  record Packs(BlobStore blobs, JobId job) implements Donor {}

  /// A directory with the files that were saved, such as the original.
  record Files(Path directory) implements Donor {}
}
