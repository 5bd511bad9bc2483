package dev.cairn.cli;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.FileKind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Reads a state file: one JSON value in UTF-8.
final class StateFile {
  private static final int LIMIT = 64 << 20;

  private StateFile() {}

  static String read(Context context, String name) {
    Path path = context.real(context.path(name));
    if (context.disk().stat(path).filter(stat -> stat.kind() != FileKind.FILE).isPresent()) {
      throw new CairnException.Invalid(
          Text.printable(path.toString(), 200) + " is not a regular file", "Nothing was saved.");
    }
    try (Disk.DiskFile file = context.disk().open(path)) {
      long size = file.stat().sizeBytes();
      if (size > LIMIT) {
        throw new CairnException.Invalid(
            "%s has %s; a state may have %s".formatted(path, Human.bytes(size), Human.bytes(LIMIT)),
            "Save it as a file instead.");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      file.read(bytes, 0);
      String text = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
      if (!Json.isValue(text)) {
        throw notJson(path);
      }
      return text;
    } catch (CharacterCodingException e) {
      throw notJson(path);
    }
  }

  private static CairnException.Invalid notJson(Path path) {
    return new CairnException.Invalid(
        Text.printable(path.toString(), 200) + " is not one JSON value in UTF-8",
        "Nothing was saved.");
  }
}
