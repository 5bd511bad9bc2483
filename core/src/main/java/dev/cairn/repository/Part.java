package dev.cairn.repository;

import dev.cairn.domain.CairnException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// A file of a checkpoint whose bytes come from the program, not from a directory. It is read once,
/// front to back, and not closed; how long it is need not be known before.
///
/// @param path relative, segments joined by `/`; its directories come along
public record Part(String path, ReadableByteChannel channel) {
  /// @throws CairnException.Invalid if `path` is not a relative path within the checkpoint
  public Part {
    Optional<String> flaw = TreePath.flaw(path);
    if (flaw.isPresent()) {
      throw new CairnException.Invalid(
          "the name '%s' cannot be saved: %s".formatted(FileTree.printable(path), flaw.get()),
          "Name a relative path, such as weights/layer-1.bin.");
    }
  }

  public static Part of(String path, byte[] bytes) {
    return of(path, new ByteArrayInputStream(bytes));
  }

  public static Part of(String path, InputStream stream) {
    return new Part(path, Channels.newChannel(stream));
  }
}
