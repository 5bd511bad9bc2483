package dev.cairn.env;

import dev.cairn.domain.CairnException;
import java.lang.foreign.AddressLayout;
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

/// The few calls of the C library that the JDK does not offer.
///
/// Looked up at the first call, so that a program that needs none of them runs without native
/// access.
@Seam
@SuppressWarnings("restricted")
public final class Posix {
  private static final int EPERM = 1;
  private static final int ESRCH = 3;

  // As on Linux; elsewhere FICLONE is refused.
  private static final int O_RDONLY = 0;
  private static final int O_WRONLY = 1;
  private static final int O_CLOEXEC = 0x80000;
  private static final long FICLONE = 0x40049409L;

  private Posix() {}

  /// Sends a signal: `kill(2)`. Signal 0 only asks whether the process exists.
  ///
  /// @param pid a process id above 0, or the negative of a process group id above 1
  /// @return false if there is no such process or group
  /// @throws CairnException.Denied if it belongs to somebody else
  public static boolean kill(long pid, int signal) {
    // 0 is the caller's own group and -1 everything that this user may signal.
    if (pid == 0 || pid == -1 || pid != (int) pid) {
      throw new IllegalArgumentException("no process or group of its own: " + pid);
    }
    int errno = errno(state -> (int) Native.KILL.invokeExact(state, (int) pid, signal));
    return switch (errno) {
      case 0 -> true;
      case ESRCH -> false;
      case EPERM ->
          throw new CairnException.Denied(
              "process " + pid + " belongs to another user and cannot be signalled",
              "Send the signal as that user.",
              null);
      default -> throw failed("signal process " + pid, errno);
    };
  }

  /// Creates a named pipe: `mkfifo(3)`.
  ///
  /// @param mode permission bits, of which the umask takes some
  /// @throws CairnException.Unavailable if it cannot; the name may be taken
  public static void mkfifo(Path path, int mode) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      int errno = errno(state -> (int) Native.MKFIFO.invokeExact(state, name, mode));
      if (errno != 0) {
        throw failed("create the pipe " + DiskFailure.printable(path), errno);
      }
    }
  }

  /// Gives the empty file `copy` the blocks of `existing`: `ioctl(FICLONE)` of Linux.
  ///
  /// @return false if the file system cannot do that, or not for these two
  static boolean shareBlocks(Path existing, Path copy) {
    int from = open(existing, O_RDONLY);
    if (from < 0) {
      return false;
    }
    try {
      int to = open(copy, O_WRONLY);
      if (to < 0) {
        return false;
      }
      try {
        return errno(state -> (int) Native.IOCTL.invokeExact(state, to, FICLONE, from)) == 0;
      } finally {
        close(to);
      }
    } finally {
      close(from);
    }
  }

  /// @return -1 if it cannot be opened
  private static int open(Path path, int flags) {
    try (var arena = Arena.ofConfined()) {
      return (int) Native.OPEN.invokeExact(arena.allocateFrom(path.toString()), flags | O_CLOEXEC);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void close(int descriptor) {
    try {
      int ignored = (int) Native.CLOSE.invokeExact(descriptor);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// The C library's text for an error number in the language of this process.
  ///
  /// @param otherwise the answer where the C library cannot be asked
  static String errorText(int errno, String otherwise) {
    try {
      var text = (MemorySegment) Native.STRERROR.invokeExact(errno);
      return text.getString(0);
    } catch (Throwable _) {
      return otherwise;
    }
  }

  private static CairnException.Unavailable failed(String doing, int errno) {
    return new CairnException.Unavailable(
        "could not " + doing + ": " + errorText(errno, "error " + errno), "", null);
  }

  private interface Call {
    int invoke(MemorySegment state) throws Throwable;
  }

  /// 0 if the call succeeded, else its error number.
  private static int errno(Call call) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Native.STATE);
      return call.invoke(state) == 0 ? 0 : (int) Native.ERRNO.get(state, 0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// Holds the linked functions; initialised by the first call.
  private static final class Native {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final AddressLayout TEXT =
        ValueLayout.ADDRESS.withTargetLayout(
            java.lang.foreign.MemoryLayout.sequenceLayout(1024, ValueLayout.JAVA_BYTE));
    static final StructLayout STATE = Linker.Option.captureStateLayout();
    static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    static final MethodHandle KILL =
        withErrno(
            "kill",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    static final MethodHandle MKFIFO =
        withErrno(
            "mkfifo",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    static final MethodHandle OPEN =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    static final MethodHandle CLOSE =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    static final MethodHandle IOCTL =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2),
            Linker.Option.captureCallState("errno"));
    static final MethodHandle STRERROR =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(TEXT, ValueLayout.JAVA_INT));

    private static MethodHandle withErrno(String name, FunctionDescriptor type) {
      return LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }
  }
}
