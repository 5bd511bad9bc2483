package dev.cairn.repository;

import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// Goes through the files of a checkpoint and their references to chunks, over damage too.
final class FileChunks {
  private static final String STATE = "the large state";

  private final ExtentReader reader;
  private final Manifest manifest;

  FileChunks(ExtentReader reader, Manifest manifest) {
    this.reader = reader;
    this.manifest = manifest;
  }

  /// @param each takes a path, or a name for the large state, and the contents
  void forEachFile(BiConsumer<String, Contents> each) {
    manifest.state().ifPresent(state -> each.accept(STATE, state));
    for (Entry entry : manifest.entries()) {
      if (entry.contents() != null) {
        each.accept(entry.path(), entry.contents());
      }
    }
  }

  /// Every chunk of a file, in order, as far as its lists can be read.
  ///
  /// @return why some lists cannot be read
  List<Damage> forEach(Contents contents, Consumer<ChunkRef> each) {
    var damages = new ArrayList<Damage>();
    for (int group = 0; group < ExtentReader.groups(contents); group++) {
      try {
        reader.chunks(manifest, contents, group).forEach(each);
      } catch (Damage e) {
        damages.add(e);
      }
    }
    return damages;
  }
}
