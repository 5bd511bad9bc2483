package dev.cairn.testkit;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/// The calls of Linux that a file system in user space needs and the JDK does not offer. Each
/// returns what the call returned, or its error number negated.
@SuppressWarnings("restricted")
final class Libc {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int EFBIG = 27;
  static final int ENOSYS = 38;
  static final int ENOTEMPTY = 39;
  static final int EILSEQ = 84;

  static final int O_RDWR = 2;
  static final int O_CLOEXEC = 0x80000;
  static final int MNT_FORCE = 1;
  static final int MNT_DETACH = 2;
  static final int UMOUNT_NOFOLLOW = 8;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MethodHandle OPEN =
      link(
          "open",
          FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle READ =
      link("read", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
  private static final MethodHandle WRITE =
      link("write", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
  private static final MethodHandle MOUNT =
      link(
          "mount",
          FunctionDescriptor.of(
              INT,
              ValueLayout.ADDRESS,
              ValueLayout.ADDRESS,
              ValueLayout.ADDRESS,
              LONG,
              ValueLayout.ADDRESS));
  private static final MethodHandle UMOUNT =
      link("umount2", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT));

  private Libc() {}

  private static MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
    var all = new Linker.Option[options.length + 1];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = Linker.Option.captureCallState("errno");
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
  }

  static int open(Path path, int flags) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      return (int) result(state -> (int) OPEN.invokeExact(state, name, flags));
    }
  }

  static void close(int fd) {
    result(state -> (int) CLOSE.invokeExact(state, fd));
  }

  /// Blocks the platform thread; others, and the collector, go on.
  static int read(int fd, MemorySegment into) {
    return (int) result(state -> (long) READ.invokeExact(state, fd, into, into.byteSize()));
  }

  static int write(int fd, MemorySegment from) {
    return (int) result(state -> (long) WRITE.invokeExact(state, fd, from, from.byteSize()));
  }

  static int mount(String source, Path target, String type, String data) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom(source);
      MemorySegment to = arena.allocateFrom(target.toString());
      MemorySegment kind = arena.allocateFrom(type);
      MemorySegment options = arena.allocateFrom(data);
      return (int) result(state -> (int) MOUNT.invokeExact(state, from, to, kind, 0L, options));
    }
  }

  static int unmount(Path target, int flags) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(target.toString());
      return (int) result(state -> (int) UMOUNT.invokeExact(state, name, flags));
    }
  }

  private interface Call {
    long invoke(MemorySegment state) throws Throwable;
  }

  private static long result(Call call) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = call.invoke(state);
      return result >= 0 ? result : -(int) ERRNO.get(state, 0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
