package dev.cairn.testkit;

/// What the kernel asks of a file system in user space. Source: `linux/fuse.h`.
enum FuseCall {
  /// Whatever is not below: refused, and then not asked again or done in another way.
  UNKNOWN(0),
  LOOKUP(1),
  FORGET(2),
  GETATTR(3),
  SETATTR(4),
  READLINK(5),
  SYMLINK(6),
  MKNOD(8),
  MKDIR(9),
  UNLINK(10),
  RMDIR(11),
  RENAME(12),
  LINK(13),
  OPEN(14),
  READ(15),
  WRITE(16),
  STATFS(17),
  RELEASE(18),
  FSYNC(20),
  FLUSH(25),
  INIT(26),
  OPENDIR(27),
  READDIR(28),
  RELEASEDIR(29),
  FSYNCDIR(30),
  ACCESS(34),
  CREATE(35),
  INTERRUPT(36),
  DESTROY(38),
  BATCH_FORGET(42),
  RENAME2(45);

  private final int code;

  FuseCall(int code) {
    this.code = code;
  }

  static FuseCall of(int code) {
    for (FuseCall call : values()) {
      if (call.code == code) {
        return call;
      }
    }
    return UNKNOWN;
  }

  /// Whether it changes what is there, or what of it is durable.
  boolean changes() {
    return switch (this) {
      case SETATTR, SYMLINK, MKNOD, MKDIR, CREATE, UNLINK, RMDIR, RENAME, RENAME2, LINK -> true;
      case WRITE, FSYNC, FSYNCDIR -> true;
      default -> false;
    };
  }

  /// Whether the kernel waits for an answer.
  boolean isAnswered() {
    return this != FORGET && this != BATCH_FORGET && this != INTERRUPT;
  }
}
