package dev.cairn.env;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;

/// What an `IOException` of the file system means: the one place where that is decided.
///
/// The JDK tells most errors only by the text of `strerror(3)`, which follows the user's language;
/// so the text is compared with the C library's own as well as with the English one.
final class DiskFailure {
  // The same on Linux and macOS, but for EDQUOT.
  private static final int EPERM = 1;
  private static final int ENOSPC = 28;
  private static final int EROFS = 30;
  private static final int EDQUOT_LINUX = 122;
  private static final int EDQUOT_MAC = 69;

  private DiskFailure() {}

  /// @param doing what was tried, as in "could not <doing> /some/file"
  static CairnException of(String doing, Path path, IOException e) {
    String what = "could not " + doing + " " + printable(path) + ": ";
    return switch (e) {
      case NoSuchFileException _ ->
          new CairnException.NotFound(what + "it does not exist", checkPath());
      case NotDirectoryException _ ->
          new CairnException.NotFound(what + "it is not a directory", checkPath());
      case AccessDeniedException _ ->
          new CairnException.Denied(
              what + "permission denied",
              "Check who owns it and its directory, and which user runs this.",
              e);
      case ClosedByInterruptException _ ->
          new CairnException.Cancelled(what + "the thread was interrupted");
      case InterruptedIOException _ ->
          new CairnException.Cancelled(what + "the thread was interrupted");
      case FileAlreadyExistsException _ -> unavailable(what + "the name is taken", e);
      case DirectoryNotEmptyException _ -> unavailable(what + "the directory is not empty", e);
      case NotLinkException _ -> unavailable(what + "it is not a symbolic link", e);
      case AtomicMoveNotSupportedException _ ->
          unavailable(what + "the two names are on different file systems", e);
      default -> byText(what, e);
    };
  }

  private static CairnException byText(String what, IOException e) {
    String reason = reason(e);
    if (says(reason, "No space left on device", ENOSPC)) {
      return CairnException.Unavailable.full(what + "no space is left there", e);
    }
    if (says(reason, "Disk quota exceeded", EDQUOT_LINUX)
        || says(reason, "Disc quota exceeded", EDQUOT_MAC)) {
      return CairnException.Unavailable.full(what + "the disk quota is used up", e);
    }
    if (says(reason, "Read-only file system", EROFS)) {
      return new CairnException.Denied(
          what + "the file system is read-only", "Mount it writable, or choose another place.", e);
    }
    if (says(reason, "Operation not permitted", EPERM)) {
      return new CairnException.Denied(
          what + "the file system or its owner does not permit it",
          "Check who owns it, and whether this file system can do that at all.",
          e);
    }
    return unavailable(what + Text.printable(reason, 200), e);
  }

  private static String reason(IOException e) {
    String text = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return text == null ? e.getClass().getSimpleName() : text;
  }

  private static boolean says(String reason, String english, int errno) {
    return reason.contains(english) || reason.contains(Posix.errorText(errno, english));
  }

  private static CairnException.Unavailable unavailable(String message, IOException e) {
    return new CairnException.Unavailable(
        message, "Check that disk and its mount, then try again.", e);
  }

  private static String checkPath() {
    return "Check the path, and that its file system is mounted.";
  }

  static String printable(Path path) {
    return Text.printable(path.toString(), 400);
  }
}
