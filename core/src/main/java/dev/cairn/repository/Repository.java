package dev.cairn.repository;

import dev.cairn.blob.BlobStore;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Pace;
import dev.cairn.repository.Manifest.Contents;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// File contents of jobs' checkpoints: chunks in packs, listed by manifests.
///
/// A save makes its packs durable before it returns the [ManifestRef] that a journal entry then
/// publishes (I2). A restore checks every byte against its hash (I4). Formats: [Manifest],
/// [LeafGroup], [ChunkRef], [Pack], [PackName].
///
/// Thread-safe; memory is bounded (see [Saving] and [Restoring]) whatever the size of the files.
public final class Repository {
  private final BlobStore blobs;
  private final Disk disk;
  private final Env env;
  private final Storing storing;

  public Repository(BlobStore blobs, Disk disk, Env env) {
    this(blobs, disk, env, Storing.DEFAULTS);
  }

  private Repository(BlobStore blobs, Disk disk, Env env, Storing storing) {
    this.blobs = blobs;
    this.disk = disk;
    this.env = env;
    this.storing = storing;
  }

  /// The same repository, for saves in another way.
  public Repository storing(Storing other) {
    return new Repository(blobs, disk, env, other);
  }

  /// How contents are stored.
  ///
  /// @param chunkBytes size of chunks on a fixed grid, and on average where the content decides: 64
  ///   KiB or 256 KiB. Smaller ones store less of scattered changes and cost more for each chunk
  /// @param paranoid reads every file, also one that has not changed since the parent by what the
  ///   file system tells of it; and all that is stored of the parent, so that nothing damaged is
  ///   used again
  public record Storing(Compression compression, int chunkBytes, boolean paranoid) {
    public static final Storing DEFAULTS =
        new Storing(Compression.AUTO, Manifest.CHUNK_BYTES, false);

    public Storing {
      if (chunkBytes != Manifest.CHUNK_BYTES && chunkBytes != Manifest.SMALL_CHUNK_BYTES) {
        throw new IllegalArgumentException("chunks of " + chunkBytes + " bytes");
      }
    }

    public Storing with(Compression other) {
      return new Storing(other, chunkBytes, paranoid);
    }

    public Storing withChunkBytes(int other) {
      return new Storing(compression, other, paranoid);
    }

    public Storing withParanoid(boolean other) {
      return new Storing(compression, chunkBytes, other);
    }
  }

  /// Whether new contents are compressed.
  public enum Compression {
    /// Never: for contents known to be dense.
    NONE,
    /// Where a sample of a file's segment shrinks by more than 8 %, plain or with the bytes of its
    /// numbers reordered.
    AUTO
  }

  /// What a save has stored.
  ///
  /// @param files number of regular files
  /// @param sizeBytes logical size of all files and the large state
  /// @param newBytes of these, bytes that were not found in the parent
  /// @param storedBytes bytes written to the store, everything included
  /// @param packs leaf names of all packs that the checkpoint needs, old and new
  public record Saved(
      ManifestRef manifest,
      long files,
      long sizeBytes,
      long newBytes,
      long storedBytes,
      Set<String> packs) {
    public Saved {
      packs = Set.copyOf(packs);
    }
  }

  /// What to restore, and how.
  ///
  /// @param reuse a directory whose files are hard-linked into the target where they are exactly
  ///   right and have no other name; never written to, except for modes and times of such files
  /// @param wanted which paths; their directories come along
  /// @param onto what may stand in the target
  public record Restore(@Nullable Path reuse, Wanted wanted, Onto onto) {
    /// Which paths of a checkpoint are restored.
    @FunctionalInterface
    public interface Wanted {
      /// Everything.
      Wanted ALL =
          new Wanted() {
            @Override
            public boolean test(String path) {
              return true;
            }

            @Override
            public String name() {
              return "all";
            }
          };

      boolean test(String path);

      /// A word that is the same for the same choice.
      default String name() {
        return "some-" + Integer.toHexString(hashCode());
      }

      /// The same, for one who is asked of these paths, all of the checkpoint, one by one.
      ///
      /// @throws CairnException.NotFound if something is wanted that is not among them
      default Wanted ready(List<String> paths) {
        return this;
      }
    }

    /// What may stand in the target, and what becomes of it.
    public sealed interface Onto {
      /// It is missing or empty; if the restore fails, what was written is removed.
      record Nothing() implements Onto {}

      /// All that is in it is left of a restore that did not end, and nobody else writes there:
      /// what is right is left, what is wrong is put right, the rest is removed. If the restore
      /// fails, what was written stays.
      record Ours() implements Onto {}

      /// A tree with files of others: what is right is left, what is wrong is put right in place,
      /// what the checkpoint does not name is left alone. A file with other names is replaced,
      /// never written to; where something of another kind stands, nothing is changed at all. If
      /// the restore fails, what was written stays.
      ///
      /// @param beside an existing directory on the same file system, for files until they take the
      ///   place of others
      /// @param begins called before the first change
      record Others(Path beside, Runnable begins) implements Onto {}
    }

    /// Everything, from the store, into nothing.
    public static Restore all() {
      return new Restore(null, Wanted.ALL, new Onto.Nothing());
    }

    public Restore reusing(@Nullable Path directory) {
      return new Restore(directory, wanted, onto);
    }

    public Restore only(Wanted paths) {
      return new Restore(reuse, paths, onto);
    }

    public Restore onto(Onto what) {
      return new Restore(reuse, wanted, what);
    }

    boolean isFresh() {
      return onto instanceof Onto.Nothing;
    }
  }

  /// What a restore came to.
  ///
  /// @param files number of regular files that are now as they were saved
  /// @param sizeBytes of these
  /// @param writtenBytes of these, bytes that were written: neither there already nor linked, nor
  ///   zeros that a new file need not hold
  /// @param extras number of names that the checkpoint does not know; directories count once
  /// @param someExtras some of these
  public record Restored(
      long files, long sizeBytes, long writtenBytes, long extras, List<String> someExtras) {
    public Restored {
      someExtras = List.copyOf(someExtras);
    }

    Restored with(Extras others) {
      return new Restored(files, sizeBytes, writtenBytes, others.count, others.some);
    }
  }

  /// Names that a checkpoint does not know.
  record Extras(long count, List<String> some) {}

  /// What a check found.
  ///
  /// @param checked chunks that were read and are what their hashes say
  /// @param all chunks that the checkpoint consists of, as far as its lists can be read
  public record Verified(
      VerifyLevel level, ChunkCount checked, ChunkCount all, List<Damaged> damaged) {
    public Verified {
      damaged = List.copyOf(damaged);
    }

    /// A check of a checkpoint without contents.
    public static Verified nothing(VerifyLevel level) {
      return new Verified(level, ChunkCount.NONE, ChunkCount.NONE, List.of());
    }

    /// Bytes of chunks that were read and are what their hashes say.
    public long bytesRead() {
      return checked.bytes();
    }

    /// Whether nothing is damaged as far as the level looks.
    public boolean isWhole() {
      return damaged.isEmpty();
    }

    /// What a check that found nothing would have found.
    public Detection detection() {
      return new Detection(all.chunks(), checked.chunks());
    }
  }

  /// One damaged or missing object.
  ///
  /// @param object its name in the store
  /// @param reason such as `is damaged at byte 4096 (hash differs)`
  /// @param files what cannot be restored because of it, sorted; may be empty
  public record Damaged(String object, String reason, List<String> files) {
    public Damaged {
      files = List.copyOf(files);
    }
  }

  /// What is to be saved.
  ///
  /// @param tree files of a directory; looked at [#settlingTime] before the save at least
  /// @param parts more files, whose bytes come from elsewhere
  /// @param state the job's state where it is too large for the journal; not changed during the
  ///   save
  public record Subject(FileTree tree, List<Part> parts, Optional<ByteBuffer> state) {
    public Subject {
      parts = List.copyOf(parts);
    }

    public static Subject of(FileTree tree) {
      return new Subject(tree, List.of(), Optional.empty());
    }
  }

  /// How long after the look at a directory its contents may be read: a write in between would
  /// otherwise go unnoticed later.
  public static Duration settlingTime() {
    return Unchanged.TICK;
  }

  /// Stores files, and of their contents what the parent does not hold already.
  ///
  /// All packs are durable on return. Nothing is visible until a journal entry names the manifest;
  /// if this throws, the packs that were written are swept later.
  ///
  /// @param token the attempt's fencing token, at least 1
  /// @param parent the newest checkpoint of the lineage; must be retained until the new one is
  ///   published
  /// @throws Changed if a file vanished, or was not what the tree says, before, while or after it
  ///   was read
  /// @throws CairnException.Unavailable if the store did not take it
  public Saved save(
      JobId job, long token, @Nullable ManifestRef parent, Subject subject, Meter meter)
      throws Changed {
    requireToken(token);
    var packs = new JobPacks(blobs, job);
    Set<ChunkRef> unsound =
        parent != null && storing.paranoid() ? damagedChunks(packs, parent) : Set.of();
    try (var saving = new Saving(packs, disk, env, storing, token, meter)) {
      return saving.save(parent, unsound, subject);
    }
  }

  private Set<ChunkRef> damagedChunks(JobPacks packs, ManifestRef ref) {
    try (var check = new Verifying(packs, env, VerifyLevel.FULL, new Proven(), Meter.NONE)) {
      check.verify(ref);
      return check.damagedChunks();
    }
  }

  private static void requireToken(long token) {
    if (token < 1) {
      throw new IllegalArgumentException("token " + token);
    }
  }

  /// What came of a mending.
  ///
  /// @param saved the same checkpoint in packs that are whole; absent if it was whole, or cannot be
  ///   mended
  /// @param chunks number of pieces that were damaged, or in packs that are
  /// @param bytes of those, what they hold
  /// @param lost paths of files that nobody has whole
  public record Mended(@Nullable Saved saved, long chunks, long bytes, List<String> lost) {
    static final Mended WHOLE = new Mended(null, 0, 0, List.of());

    public Mended {
      lost = List.copyOf(lost);
    }

    static Mended lost(List<String> paths) {
      return new Mended(null, 0, 0, paths);
    }
  }

  /// Stores once more what of a checkpoint is damaged, as far as donors have it: see [Mending].
  ///
  /// All packs are durable on return; a journal entry then says that the checkpoint is there now,
  /// and until then nothing has changed.
  ///
  /// @param token the fencing token of an attempt that holds `job`
  /// @param donors in the order in which they are asked
  /// @throws CairnException.Unavailable if the store did not take it
  public Mended mend(JobId job, ManifestRef ref, long token, List<Donor> donors, Meter meter) {
    requireToken(token);
    var packs = new JobPacks(blobs, job);
    try (var mending = new Mending(packs, disk, env, storing.compression(), token, donors, meter)) {
      return mending.mend(ref);
    }
  }

  /// Stores a checkpoint of one job once more, in new packs of another job: see [Copying].
  ///
  /// All packs are durable on return; as with [#save], a journal entry of `to` then publishes the
  /// manifest, and if this throws, the packs that were written are swept later.
  ///
  /// @param ref a checkpoint of `from`; its packs must stay until this returns
  /// @param token the fencing token of an attempt that holds `to`
  /// @throws CairnException.Corrupt if it is damaged or a pack is gone; names the file and the pack
  /// @throws CairnException.Unavailable if the store did not take it
  public Saved copy(JobId from, ManifestRef ref, JobId to, long token, Meter meter) {
    return copy(this, from, ref, to, token, null, meter);
  }

  /// As above, out of another repository, storing what `parent` does not hold already.
  ///
  /// @param parent a checkpoint of `to`, which must be retained until the new one is published
  public Saved copy(
      Repository other,
      JobId from,
      ManifestRef ref,
      JobId to,
      long token,
      @Nullable ManifestRef parent,
      Meter meter) {
    requireToken(token);
    Manifest manifest = other.manifest(from, ref);
    var source = new JobPacks(other.blobs, from);
    var target = new JobPacks(blobs, to);
    try (var copying =
        new Copying(source, manifest, target, parent, env, storing.compression(), token, meter)) {
      return copying.copy();
    }
  }

  /// What a checkpoint consists of, checked against its hash.
  ///
  /// @throws CairnException.Corrupt if it is damaged or missing
  public Manifest manifest(JobId job, ManifestRef ref) {
    try {
      return reader(job).manifest(ref);
    } catch (Damage e) {
      throw e.spoils("the list of files of a checkpoint", job);
    }
  }

  /// Leaf names of every pack that a checkpoint needs.
  ///
  /// @throws CairnException.Corrupt if its manifest is damaged or missing
  public Set<String> packs(JobId job, ManifestRef ref) {
    var names = new HashSet<>(manifest(job, ref).packNames());
    names.add(ref.pack());
    return names;
  }

  /// Checks that all these packs are there.
  ///
  /// @throws CairnException.Corrupt if one is not
  public void requirePacks(JobId job, Set<String> packs) {
    var present = new JobPacks(blobs, job);
    for (String leaf : new TreeSet<>(packs)) { // in an order that one seed repeats
      if (PackName.parse(leaf).flatMap(present::sizeBytes).isEmpty()) {
        throw new Damage(FileTree.printable(leaf), "is missing").spoils("a checkpoint", job);
      }
    }
  }

  /// Writes the files of a checkpoint below `target`, which must not exist or be an empty directory
  /// unless the options say otherwise ([Restore.Onto]). Durable on return.
  ///
  /// Every chunk is checked before it is written, and what is there before it is believed; nothing
  /// is ever written through a link.
  ///
  /// @throws CairnException.Corrupt if a file cannot be restored exactly; names it and the pack
  /// @throws CairnException.Conflict if something stands in the way
  public Restored restore(JobId job, ManifestRef ref, Path target, Restore options, Meter meter) {
    Manifest manifest = manifest(job, ref);
    return new Restoring(reader(job), disk, env, manifest, options, meter).restore(target);
  }

  /// Hands over the contents of one file of a checkpoint, front to back, every chunk checked
  /// before.
  ///
  /// @param path as the manifest has it
  /// @param taker gets bytes that are its own
  /// @throws CairnException.NotFound if the checkpoint has no such file
  /// @throws CairnException.Invalid if it is no regular file
  /// @throws CairnException.Corrupt if the rest cannot be read back exactly
  public void read(JobId job, ManifestRef ref, String path, Consumer<ByteBuffer> taker) {
    new FileReading(reader(job), env, manifest(job, ref)).read(path, taker);
  }

  /// The large state that was saved with a checkpoint, if there was one.
  ///
  /// @throws CairnException.Corrupt if it is damaged
  public Optional<byte[]> state(JobId job, ManifestRef ref) {
    Manifest manifest = manifest(job, ref);
    Optional<Contents> state = manifest.state();
    if (state.isEmpty()) {
      return Optional.empty();
    }
    if (state.get().sizeBytes() > Manifest.MAX_BYTES) {
      throw Damage.at(manifest.packs().getFirst(), ref.offset(), "the state is larger than 1 GiB")
          .spoils("the state", job);
    }
    var parts = new ArrayList<ByteBuffer>(); // not all at once, on the word of a manifest
    ExtentReader reader = reader(job);
    try {
      reader.forEachBatch(
          manifest, state.get(), batch -> parts.addAll(reader.read(batch, manifest.packs())));
    } catch (Damage e) {
      throw e.spoils("the state", job);
    }
    var bytes = ByteBuffer.allocate((int) state.get().sizeBytes());
    parts.forEach(bytes::put);
    return Optional.of(bytes.array());
  }

  /// Tells where the contents of a job's files are stored.
  public Inspection inspection(JobId job) {
    return new Inspection(reader(job), env);
  }

  private ExtentReader reader(JobId job) {
    return new ExtentReader(new JobPacks(blobs, job));
  }

  /// Reads and hashes every byte of a checkpoint. Damage is a result, never an exception.
  public Verified verify(JobId job, ManifestRef ref, Meter meter) {
    return verify(job, ref, VerifyLevel.FULL, meter);
  }

  /// Checks a checkpoint as far as `level` says. Damage is a result, never an exception.
  public Verified verify(JobId job, ManifestRef ref, VerifyLevel level, Meter meter) {
    return verify(job, ref, level, new Proven(), meter);
  }

  /// As above, for several checkpoints of a job one after another: what they share is read once.
  ///
  /// @param proven the same for all of them, and of no other job
  public Verified verify(
      JobId job, ManifestRef ref, VerifyLevel level, Proven proven, Meter meter) {
    try (var verifying = new Verifying(new JobPacks(blobs, job), env, level, proven, meter)) {
      return verifying.verify(ref);
    }
  }

  /// The packs that a listing shows, by leaf name, with their sizes.
  public Map<String, Long> packSizes(JobId job) {
    var sizes = new HashMap<String, Long>();
    new JobPacks(blobs, job).sizes().forEach((name, size) -> sizes.put(name.leaf(), size));
    return sizes;
  }

  /// Whether this can be the leaf name of a pack.
  public static boolean isPack(String leaf) {
    return PackName.parse(leaf).isPresent();
  }

  /// Reads a whole pack again, by its own index. Damage is a result, never an exception.
  ///
  /// @param pack leaf name
  /// @return empty if `pace` was asked to stop before the end
  public Optional<Scrubbed> scrub(JobId job, String pack, Scrubbed.Proof proof, Pace pace) {
    PackName name =
        PackName.parse(pack).orElseThrow(() -> new IllegalArgumentException("pack " + pack));
    return new Scrubbing(new JobPacks(blobs, job), name, proof, pace).scrub();
  }

  /// The files of a checkpoint that a damaged pack spoils, sorted, as far as its lists can be read.
  public Set<String> spoilt(JobId job, ManifestRef ref, Scrubbed scrubbed) {
    return Scrubbing.spoilt(new JobPacks(blobs, job), ref, scrubbed);
  }

  /// Deletes every pack of this and older tokens that is not in `keep`. Only for the holder of
  /// `token`, once the entry that lets them go is durable (I5).
  ///
  /// @param keep leaf names of every pack that a retained or pending checkpoint needs
  /// @return bytes freed
  public long sweep(JobId job, long token, Set<String> keep) {
    var packs = new JobPacks(blobs, job);
    long freed = 0;
    for (var pack : packs.sizes().entrySet()) {
      PackName name = pack.getKey();
      // A pack of a newer token is another attempt's, which may be about to publish it.
      if (name.token() <= token && !keep.contains(name.leaf())) {
        packs.delete(name);
        freed += pack.getValue();
      }
    }
    return freed;
  }
}
