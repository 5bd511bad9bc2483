package dev.cairn.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// One request of the kernel: `struct fuse_in_header`, and what follows it.
///
/// @param unique what the answer has to repeat
/// @param node the inode that it is about
/// @param body the rest, in the order of this machine's bytes, read front to back
record FuseRequest(FuseCall call, long unique, long node, ByteBuffer body) {
  private static final int HEADER_BYTES = 40;

  /// Refuses a request with an error number.
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    Refused(int errno) {
      super("error " + errno, null, false, false);
      this.errno = errno;
    }

    int errno() {
      return errno;
    }
  }

  /// @param whole as it was read from the device; goes on being used
  static FuseRequest of(ByteBuffer whole) {
    ByteBuffer bytes = whole.order(ByteOrder.nativeOrder());
    FuseCall call = FuseCall.of(bytes.getInt(4));
    long unique = bytes.getLong(8);
    long node = bytes.getLong(16);
    return new FuseRequest(call, unique, node, bytes.position(HEADER_BYTES));
  }

  int nextInt() {
    return body.getInt();
  }

  long nextLong() {
    return body.getLong();
  }

  FuseRequest skip(int count) {
    body.position(body.position() + count);
    return this;
  }

  /// The next text, which a zero ends.
  ///
  /// @throws Refused if it is no text: the names of this file system are
  String nextText() {
    int end = body.position();
    while (body.get(end) != 0) {
      end++;
    }
    ByteBuffer bytes = body.slice(body.position(), end - body.position());
    body.position(end + 1);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new Refused(Libc.EILSEQ);
    }
  }

  Path nextName() {
    try {
      return Path.of(nextText());
    } catch (InvalidPathException e) {
      throw new Refused(Libc.EILSEQ);
    }
  }
}
