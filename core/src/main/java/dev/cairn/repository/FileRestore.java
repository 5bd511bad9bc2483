package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Brings one file back. Durable, but for its name, when it is finished.
///
/// What is not there is written; of a file that is there, each chunk is hashed and only the wrong
/// ones are written, in place. A file with other names is never written to: a new one takes this
/// name. Every chunk is checked before it is written (I4). A new file has holes where long runs of
/// zeros are.
///
/// Its parts may be at work side by side, and in any order.
final class FileRestore {
  private static final int PRIVATE = 0600;

  /// So many bytes of a file are written before they are forced, beside the writing of what
  /// follows: the disk is then busy while the rest is still being read, and not only at the end.
  private static final long FORCED_BYTES = 64L << 20;

  private final Work work;
  private final Entry entry;
  private final Path path;

  private final AtomicLong unforced = new AtomicLong();
  private final AtomicBoolean forcing = new AtomicBoolean();
  private final AtomicLong writtenBytes = new AtomicLong();

  /// Where it is written; not `path` if it takes the place of another file.
  private Path place;

  private @Nullable DiskFile file;
  private volatile @Nullable Fork flush;
  private How how = How.EDITED;

  /// What all files of a restore have in common.
  ///
  /// @param beside new names for files that are to take the place of others
  /// @param fresh whether nothing of the files is there yet
  /// @param written counts bytes
  record Work(
      ExtentReader reader,
      Disk disk,
      Env env,
      Manifest manifest,
      TargetTree tree,
      Rooms rooms,
      Meter meter,
      Supplier<Path> beside,
      boolean fresh,
      AtomicLong written) {
    Work(
        ExtentReader reader,
        Disk disk,
        Env env,
        Manifest manifest,
        TargetTree tree,
        Rooms rooms,
        Meter meter,
        Supplier<Path> beside,
        boolean fresh) {
      this(reader, disk, env, manifest, tree, rooms, meter, beside, fresh, new AtomicLong());
    }
  }

  private enum How {
    /// New, and written front to back.
    APPENDED,
    /// New, and written anywhere; what is not written is zeros.
    FILLED,
    /// Compared with what is there.
    EDITED
  }

  FileRestore(Work work, Entry entry) {
    this.work = work;
    this.entry = entry;
    this.path = work.tree.resolve(entry);
    this.place = path;
  }

  Contents contents() {
    return Objects.requireNonNull(entry.contents());
  }

  CairnException.Corrupt spoilt(Damage damage) {
    return damage.spoils(FileTree.printable(entry.path()), work.reader.job());
  }

  /// The whole file as one step.
  Lanes.Step<RuntimeException> whole() {
    return new Step(() -> {
      try {
        open(How.APPENDED);
        long[] position = {0};
        work.reader.forEachBatch(
            work.manifest,
            contents(),
            batch -> {
              write(batch, position[0]);
              position[0] += batch.stream().mapToLong(ChunkRef::sizeBytes).sum();
            });
        finish();
      } finally {
        close();
      }
    });
  }

  /// Some chunks, which belong at `position`.
  Lanes.Step<RuntimeException> part(List<ChunkRef> batch, long position) {
    return new Step(() -> write(batch, position));
  }

  void open() {
    open(How.FILLED);
  }

  private void open(How ifNew) {
    work.tree.requireDirectories(entry.path());
    Optional<FileStat> there = work.fresh ? Optional.empty() : work.disk.stat(path);
    if (there.isEmpty()) {
      create(ifNew);
      return;
    }
    TargetTree.requireKind(there.get(), FileKind.FILE, entry.path());
    if (there.get().links() == 1) {
      edit(there.get(), ifNew);
    } else {
      replace(ifNew);
    }
  }

  private void edit(FileStat there, How ifNew) {
    if ((there.mode() & PRIVATE) != PRIVATE) {
      work.disk.setAttributes(path, there.mode() | PRIVATE, there.modified());
    }
    DiskFile existing = work.disk.edit(path);
    file = existing;
    if (existing.stat().links() != 1) { // since it was looked at
      close();
      replace(ifNew);
    }
  }

  private void replace(How ifNew) {
    place = work.beside.get();
    create(ifNew);
  }

  private void create(How ifNew) {
    how = ifNew;
    DiskFile created = work.disk.create(place);
    file = created;
    // Lest others read what only its owner may; and its owner can open it again, whatever its mode.
    work.disk.setAttributes(place, PRIVATE, entry.modified());
    if (ifNew == How.FILLED) {
      created.close();
      file = work.disk.edit(place);
    }
  }

  private void write(List<ChunkRef> batch, long position) throws Damage {
    try (var room = work.rooms.take()) {
      var wrong = new ArrayList<ChunkRef>(batch.size());
      var positions = new ArrayList<Long>(batch.size());
      Local local = how == How.EDITED ? local(batch, position, room) : null;
      long at = position;
      for (ChunkRef ref : batch) {
        boolean right =
            local == null
                ? how == How.FILLED && ZeroChunks.isZeros(ref)
                : local.holds(ref, (int) (at - position));
        if (!right) {
          wrong.add(ref);
          positions.add(at);
        }
        at += ref.sizeBytes();
      }
      work.reader.forEach(
          wrong, work.manifest.packs(), room, (index, chunk) -> put(chunk, positions.get(index)));
      work.meter.moved(at - position);
    }
    forceSome();
  }

  /// Bytes of the file as it is; fewer at its end.
  private record Local(ByteBuffer bytes) {
    boolean holds(ChunkRef ref, int offset) {
      return offset + ref.sizeBytes() <= bytes.limit()
          && Sha256.of(bytes.slice(offset, ref.sizeBytes())).equals(ref.sha256());
    }
  }

  private Local local(List<ChunkRef> batch, long position, Rooms.Room room) {
    ByteBuffer bytes = room.local(batch.stream().mapToInt(ChunkRef::sizeBytes).sum());
    handle().read(bytes, position);
    return new Local(bytes.flip());
  }

  private void put(ByteBuffer chunk, long position) {
    int size = chunk.remaining();
    long written =
        switch (how) {
          case APPENDED -> append(chunk);
          case FILLED -> ZeroChunks.writeAround(handle(), chunk, position);
          case EDITED -> {
            handle().writeAt(chunk, position);
            yield size;
          }
        };
    writtenBytes.addAndGet(written);
    unforced.addAndGet(written);
  }

  private long append(ByteBuffer chunk) {
    int size = chunk.remaining();
    handle().write(chunk);
    return size;
  }

  private void forceSome() {
    if (unforced.get() >= FORCED_BYTES && forcing.compareAndSet(false, true)) {
      unforced.set(0);
      joinFlush(); // It has ended; it may have failed.
      flush =
          new Fork(
              work.env,
              "force",
              () -> {
                try {
                  force();
                } finally {
                  forcing.set(false);
                }
              });
    }
  }

  private void joinFlush() {
    Fork last = flush;
    if (last != null) {
      last.join();
      flush = null;
    }
  }

  /// A file whose force failed must not be believed by whoever goes on from here: what the system
  /// shows of it may be lost. So it goes.
  private void force() {
    try {
      handle().force();
    } catch (CairnException e) {
      try {
        work.disk.delete(place);
      } catch (CairnException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /// To be called when all parts have ended.
  void finish() {
    joinFlush();
    DiskFile out = handle();
    boolean appended = how == How.APPENDED;
    FileStat stat = appended ? null : out.stat();
    if (stat != null && stat.sizeBytes() != entry.sizeBytes()) {
      out.resize(entry.sizeBytes());
    }
    boolean untouched =
        stat != null
            && writtenBytes.get() == 0
            && stat.sizeBytes() == entry.sizeBytes()
            && stat.mode() == entry.mode()
            && stat.modified().equals(entry.modified());
    if (!untouched) {
      work.disk.setAttributes(place, entry.mode(), entry.modified());
    }
    force(); // Even if nothing was written now: who wrote it may have died before.
    close();
    if (!place.equals(path)) {
      work.disk.rename(place, path);
    }
    work.written.addAndGet(writtenBytes.get());
  }

  private DiskFile handle() {
    return Objects.requireNonNull(file);
  }

  /// Nothing happens if it is closed already.
  void close() {
    Fork last = flush;
    if (last != null) {
      last.abandon();
    }
    DiskFile open = file;
    file = null;
    if (open != null) {
      open.close();
    }
  }

  /// Work on the file that may find damage.
  private interface Body {
    void run() throws Damage;
  }

  /// Tells of damage when it is its turn, so that the first damaged file is the one that is named.
  private final class Step implements Lanes.Step<RuntimeException> {
    private final Body body;
    private @Nullable Damage damage;

    Step(Body body) {
      this.body = body;
    }

    @Override
    public void run() {
      try {
        body.run();
      } catch (Damage e) {
        damage = e;
      }
    }

    @Override
    public void end() {
      if (damage != null) {
        throw spoilt(damage);
      }
    }
  }
}
