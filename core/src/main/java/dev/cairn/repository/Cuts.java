package dev.cairn.repository;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Where the chunks of one file end, told a piece at a time. Not thread-safe.
sealed interface Cuts {
  /// Sizes of the next chunks, [Segment#BYTES] together at most; none at the end of the file.
  ///
  /// @throws Changed if the file is not what it was any more
  List<Integer> next() throws Changed;

  /// @param chunkBytes of a fixed grid, or [Manifest#BY_CONTENT]
  /// @param averageBytes of chunks that are cut by content
  static Cuts of(Source source, long sizeBytes, int chunkBytes, int averageBytes) {
    return chunkBytes == Manifest.BY_CONTENT
        ? new ByContent(source, sizeBytes, new ContentCuts(averageBytes))
        : new Grid(sizeBytes, chunkBytes);
  }

  /// Chunks of one size.
  final class Grid implements Cuts {
    private final int chunkBytes;
    private long left;

    Grid(long sizeBytes, int chunkBytes) {
      this.left = sizeBytes;
      this.chunkBytes = chunkBytes;
    }

    @Override
    public List<Integer> next() {
      var sizes = new ArrayList<Integer>(Segment.BYTES / chunkBytes);
      for (int i = 0; i < Segment.BYTES / chunkBytes && left > 0; i++) {
        int size = (int) Math.min(chunkBytes, left);
        sizes.add(size);
        left -= size;
      }
      return sizes;
    }
  }

  /// Chunks that end where the content says. Reads the file once more than it is read anyway.
  final class ByContent implements Cuts {
    private final Source source;
    private final long sizeBytes;
    private final ContentCuts cuts;
    private final ByteBuffer buffer = ByteBuffer.allocate(Segment.BYTES);
    private long from;

    ByContent(Source source, long sizeBytes, ContentCuts cuts) {
      this.source = source;
      this.sizeBytes = sizeBytes;
      this.cuts = cuts;
    }

    @Override
    public List<Integer> next() throws Changed {
      int count = (int) Math.min(buffer.capacity(), sizeBytes - from);
      var changed = source.read(buffer.clear().limit(count), from);
      if (changed.isPresent()) {
        throw new Changed(changed.get());
      }
      boolean last = from + count == sizeBytes;
      MemorySegment bytes = MemorySegment.ofBuffer(buffer.flip());
      var sizes = new ArrayList<Integer>();
      int at = 0;
      while (at < count && (last || count - at >= cuts.most())) {
        sizes.add(cuts.next(bytes, at, count));
        at += sizes.getLast();
      }
      from += at;
      return sizes;
    }
  }
}
