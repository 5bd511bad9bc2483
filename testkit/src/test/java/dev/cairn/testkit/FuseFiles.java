package dev.cairn.testkit;

import dev.cairn.env.Disk.FileKind;
import dev.cairn.testkit.FuseRequest.Refused;
import dev.cairn.testkit.NameChange.Place;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a [FuseMount] does with the kernel's requests: the names and contents of a [Tree], which
/// knows what of them would outlast a power loss.
///
/// For one thread.
final class FuseFiles {
  private static final int MAJOR = 7;
  private static final int MINOR = 31;
  private static final int BIG_WRITES = 1 << 5;
  private static final int MAX_PAGES = 1 << 22;
  private static final int PERMISSIONS = 0xfff;
  private static final int FILE_TYPE = 0xf000;
  private static final int REGULAR = 0x8000;
  private static final int PIPE = 0x1000;
  private static final int SET_MODE = 1;
  private static final int SET_SIZE = 1 << 3;
  private static final int SET_MODIFIED = 1 << 5;
  private static final int SET_MODIFIED_NOW = 1 << 8;
  private static final int RENAME_NO_REPLACE = 1;
  private static final int MOST_FILE_BYTES = 1 << 30;

  private final Tree tree;
  private final Map<Long, Known> known = new HashMap<>();
  private final Map<Long, List<Map.Entry<Path, Inode>>> listings = new HashMap<>();
  private long handles;

  FuseFiles(Tree tree) {
    this.tree = tree;
  }

  /// An inode that the kernel may ask for, with a name or without, and how often it was told of it.
  private static final class Known {
    private final Inode inode;
    private long lookups;

    Known(Inode inode) {
      this.inode = inode;
    }
  }

  /// Does what is asked, and puts the body of the answer into `reply`.
  ///
  /// @return 0, or the error number with which it is refused
  int answer(FuseRequest request, FuseReply reply) {
    reply.begin();
    try {
      act(request, reply);
      return 0;
    } catch (Refused e) {
      return e.errno();
    }
  }

  private void act(FuseRequest request, FuseReply reply) {
    switch (request.call()) {
      case INIT -> init(request, reply);
      case LOOKUP -> tell(inode(place(request.node(), request.nextName())), reply);
      case FORGET -> forget(request.node(), request.nextLong());
      case BATCH_FORGET -> {
        int count = request.nextInt();
        request.skip(4);
        for (int i = 0; i < count; i++) {
          forget(request.nextLong(), request.nextLong());
        }
      }
      case GETATTR -> reply.attributesAlone(inode(request.node()));
      case SETATTR -> setAttributes(inode(request.node()), request, reply);
      case READLINK -> reply.text(inode(request.node()).target);
      case SYMLINK -> {
        Place place = freePlace(request.node(), request.nextName());
        tell(tree.add(place, FileKind.SYMLINK, request.nextText()), reply);
      }
      case MKNOD -> {
        int mode = request.nextInt();
        tell(make(request.skip(12), kind(mode), mode), reply);
      }
      case MKDIR -> {
        int mode = request.nextInt();
        tell(make(request.skip(4), FileKind.DIRECTORY, mode), reply);
      }
      case CREATE -> {
        int mode = request.skip(4).nextInt();
        tell(make(request.skip(8), FileKind.FILE, mode), reply);
        reply.opened(0);
      }
      case LINK -> {
        Inode inode = inode(request.nextLong());
        tree.add(freePlace(request.node(), request.nextName()), inode);
        tell(inode, reply);
      }
      case UNLINK, RMDIR -> remove(place(request.node(), request.nextName()));
      case RENAME -> rename(request, request.nextLong(), 0);
      case RENAME2 -> {
        long directory = request.nextLong();
        int flags = request.nextInt();
        rename(request.skip(4), directory, flags);
      }
      case OPEN -> reply.opened(0);
      case READ -> {
        long offset = request.skip(8).nextLong();
        reply.contents(inode(request.node()), offset, request.nextInt());
      }
      case WRITE -> reply.written(write(inode(request.node()), request));
      case FSYNC -> inode(request.node()).force();
      case FSYNCDIR -> tree.force(inode(request.node()));
      case OPENDIR -> {
        listings.put(++handles, List.copyOf(new TreeMap<>(inode(request.node()).names).entrySet()));
        reply.opened(handles);
      }
      case READDIR -> list(request, reply);
      case RELEASEDIR -> listings.remove(request.nextLong());
      case STATFS -> reply.room();
      case FLUSH, RELEASE, ACCESS, DESTROY, INTERRUPT -> {}
      case UNKNOWN -> throw new Refused(Libc.ENOSYS);
    }
  }

  private static void init(FuseRequest request, FuseReply reply) {
    int major = request.nextInt();
    int minor = request.nextInt();
    if (major != MAJOR || minor < MINOR) {
      throw new Refused(Libc.ENODEV);
    }
    int readAhead = request.nextInt();
    reply.init(MINOR, readAhead, request.nextInt() & (BIG_WRITES | MAX_PAGES));
  }

  private Inode inode(long node) {
    if (node == tree.root().number) {
      return tree.root();
    }
    @Nullable Known found = known.get(node);
    if (found == null) {
      throw new IllegalStateException("the kernel was never told of inode " + node);
    }
    return found.inode;
  }

  private static Inode inode(Place place) {
    @Nullable Inode inode = place.directory().names.get(place.name());
    if (inode == null) {
      throw new Refused(Libc.ENOENT);
    }
    return inode;
  }

  private Place place(long directory, Path name) {
    return new Place(inode(directory), name);
  }

  private Place freePlace(long directory, Path name) {
    Place place = place(directory, name);
    if (place.directory().names.containsKey(name)) {
      throw new Refused(Libc.EEXIST);
    }
    return place;
  }

  private void tell(Inode inode, FuseReply reply) {
    known.computeIfAbsent(inode.number, _ -> new Known(inode)).lookups++;
    reply.entry(inode);
  }

  private void forget(long node, long lookups) {
    @Nullable Known found = known.get(node);
    if (found != null) {
      found.lookups -= lookups;
      if (found.lookups <= 0) {
        known.remove(node);
      }
    }
  }

  private static FileKind kind(int mode) {
    return switch (mode & FILE_TYPE) {
      case 0, REGULAR -> FileKind.FILE;
      case PIPE -> FileKind.OTHER;
      default -> throw new Refused(Libc.EPERM);
    };
  }

  private Inode make(FuseRequest request, FileKind kind, int mode) {
    Inode inode = tree.add(freePlace(request.node(), request.nextName()), kind, "");
    inode.mode = mode & PERMISSIONS;
    return inode;
  }

  /// `struct fuse_setattr_in`.
  private void setAttributes(Inode inode, FuseRequest request, FuseReply reply) {
    ByteBuffer body = request.body().slice().order(request.body().order());
    int what = body.getInt(0);
    if ((what & SET_SIZE) != 0 && body.getLong(16) != inode.sizeBytes()) {
      inode.resize(within(body.getLong(16)));
    }
    if ((what & SET_MODE) != 0) {
      inode.mode = body.getInt(68) & PERMISSIONS;
    }
    if ((what & SET_MODIFIED_NOW) != 0) {
      inode.modified = tree.tick();
    } else if ((what & SET_MODIFIED) != 0) {
      inode.modified = Instant.ofEpochSecond(body.getLong(40), body.getInt(60));
    }
    inode.changed = tree.tick();
    reply.attributesAlone(inode);
  }

  private void remove(Place place) {
    Inode inode = inode(place);
    if (!inode.names.isEmpty()) {
      throw new Refused(Libc.ENOTEMPTY);
    }
    tree.remove(place, inode);
  }

  private void rename(FuseRequest request, long directory, int flags) {
    Place from = place(request.node(), request.nextName());
    Place to = place(directory, request.nextName());
    Inode inode = inode(from);
    @Nullable Inode replaced = to.directory().names.get(to.name());
    if ((flags & ~RENAME_NO_REPLACE) != 0) {
      throw new Refused(Libc.EINVAL);
    }
    if (replaced != null && flags != 0) {
      throw new Refused(Libc.EEXIST);
    }
    if (replaced != null && !replaced.names.isEmpty()) {
      throw new Refused(Libc.ENOTEMPTY);
    }
    if (replaced != inode) { // two names of one file: both stay
      tree.rename(from, to, inode);
    }
  }

  /// `struct fuse_write_in`.
  private int write(Inode inode, FuseRequest request) {
    long offset = request.skip(8).nextLong();
    int count = request.nextInt();
    long end = within(offset + count);
    request.skip(20);
    ByteBuffer bytes = request.body().slice(request.body().position(), count);
    if (offset == inode.sizeBytes()) {
      inode.append(bytes);
    } else {
      if (end > inode.sizeBytes()) {
        inode.resize(end);
      }
      inode.overwrite(bytes, offset);
    }
    inode.modified = tree.tick();
    inode.changed = inode.modified;
    return count;
  }

  private static long within(long sizeBytes) {
    if (sizeBytes > MOST_FILE_BYTES) {
      throw new Refused(Libc.EFBIG);
    }
    return sizeBytes;
  }

  /// `struct fuse_read_in`.
  private void list(FuseRequest request, FuseReply reply) {
    List<Map.Entry<Path, Inode>> all =
        Optional.ofNullable(listings.get(request.nextLong())).orElse(List.of());
    long offset = request.nextLong();
    int most = Math.min(request.nextInt(), FuseReply.MOST_BYTES);
    for (int i = (int) offset; i < all.size(); i++) {
      Map.Entry<Path, Inode> entry = all.get(i);
      if (!reply.directoryEntry(entry.getKey().toString(), entry.getValue(), i + 1L, most)) {
        return;
      }
    }
  }
}
