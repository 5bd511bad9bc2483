package dev.cairn.checkpoint;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.DiskBlobStore;
import dev.cairn.blob.SealedJson;
import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.Journal;
import dev.cairn.repository.Repository;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/// A place where jobs live: a journal and a repository over one store of objects.
///
/// `cairn.json` at its root, a [SealedJson] of [Identity], tells that it is one.
///
/// @param id random, made when the store was
/// @param location for people
public record Store(
    String id, String location, BlobStore blobs, Journal journal, Repository repository)
    implements AutoCloseable {
  private static final String IDENTITY = "cairn.json";
  private static final int VERSION = 1;

  /// The folder, beside what is the store's, of the directories that commands work in by default.
  private static final String WORK = "work";

  private static final int ID_BYTES = 16;

  /// What `cairn.json` says.
  ///
  /// @param version of the format; a newer one is refused
  record Identity(int version, String store, Instant created) {}

  /// Opens the store in a directory.
  ///
  /// @throws CairnException.NotFound if there is none
  public static Store open(Disk disk, Env env, Path root) {
    var blobs = new DiskBlobStore(disk, root, env);
    Optional<Identity> identity = identity(blobs);
    if (identity.isEmpty()) {
      throw new CairnException.NotFound(
          "there is no store in " + root,
          "Name one with --store or CAIRN_STORE; 'cairn run' and 'cairn save' make a new one.");
    }
    return over(identity.get(), blobs, disk, env);
  }

  /// Opens the store in a directory, or makes one there if the directory is missing or empty.
  public static Store openOrCreate(Disk disk, Env env, Path root) {
    var blobs = new DiskBlobStore(disk, root, env);
    Optional<Identity> identity = identity(blobs);
    if (identity.isEmpty()) {
      identity = Optional.of(create(disk, env, root, blobs));
    }
    return over(identity.get(), blobs, disk, env);
  }

  private static Store over(Identity identity, BlobStore blobs, Disk disk, Env env) {
    return new Store(
        identity.store(),
        blobs.location(),
        blobs,
        new BlobJournal(blobs, env),
        new Repository(blobs, disk, env));
  }

  private static Identity create(Disk disk, Env env, Path root, BlobStore blobs) {
    Optional<FileStat> there = disk.stat(root);
    if (there.isPresent()
        && there.get().kind() != FileKind.DIRECTORY
        && there.get().kind() != FileKind.SYMLINK) {
      throw new CairnException.Invalid(
          root + " is not a directory, so it can be no store",
          "Nothing was changed. Choose a directory with --store.");
    }
    if (there.isPresent() && !holdsOnlyWork(blobs)) {
      boolean raced = identity(blobs).isPresent();
      if (!raced) {
        throw new CairnException.Invalid(
            root + " is neither empty nor a store: it has no cairn.json",
            "Choose another directory with --store, or put the missing cairn.json back.");
      }
    }
    disk.createDirectories(root);
    makeDurable(disk, root);
    var fresh = new Identity(VERSION, env.randomHex(ID_BYTES), env.now());
    blobs.putIfAbsent(IDENTITY, Blob.of(SealedJson.seal(fresh)));
    ignoreInGit(disk, root);
    return identity(blobs).orElse(fresh);
  }

  /// Where the default store would be, commands of jobs in other stores may work already.
  private static boolean holdsOnlyWork(BlobStore blobs) {
    return blobs.list("").stream().allMatch(item -> item.leaf().equals(WORK));
  }

  /// Forces the names that lead to `root`: whoever made one of them may have died before it was
  /// durable. So where there is a `cairn.json`, its directory lasts too (I1).
  private static void makeDurable(Disk disk, Path root) {
    Path at = root.toAbsolutePath().normalize().getParent();
    while (at != null) {
      try {
        disk.forceDirectory(at);
      } catch (CairnException e) {
        return; // not a directory that one of us could have made
      }
      at = at.getParent();
    }
  }

  /// A store inside a checkout is not for its repository.
  private static void ignoreInGit(Disk disk, Path root) {
    Path file = root.resolve(".gitignore");
    if (disk.stat(file).isEmpty()) {
      try (Disk.DiskFile out = disk.create(file)) {
        out.write(ByteBuffer.wrap("*\n".getBytes(StandardCharsets.UTF_8)));
      } catch (CairnException e) {
        return; // another process made it at the same moment
      }
    }
  }

  private static Optional<Identity> identity(BlobStore blobs) {
    Optional<byte[]> bytes;
    try {
      bytes = blobs.readSmall(IDENTITY, SealedJson.LIMIT_BYTES);
    } catch (CairnException.Corrupt e) {
      throw damaged(blobs, "it is too large");
    }
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    try {
      Identity identity = SealedJson.open(bytes.get(), Identity.class);
      if (identity.version() != VERSION) {
        throw new CairnException.Invalid(
            "%s has format %d; this version of cairn knows %d"
                .formatted(blobs.location(), identity.version(), VERSION),
            "Use a newer cairn. Nothing was changed.");
      }
      return Optional.of(identity);
    } catch (SealedJson.Broken e) {
      throw damaged(blobs, e.how());
    }
  }

  private static CairnException.Corrupt damaged(BlobStore blobs, String how) {
    return new CairnException.Corrupt(
        "%s in %s is damaged: %s".formatted(IDENTITY, blobs.location(), how),
        "Nothing was changed. Put a good copy of cairn.json back.");
  }

  /// The same store, for saves in another way.
  public Store storing(Repository.Storing other) {
    return new Store(id, location, blobs, journal, repository.storing(other));
  }

  @Override
  public void close() {
    blobs.close();
  }
}
