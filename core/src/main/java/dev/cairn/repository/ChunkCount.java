package dev.cairn.repository;

/// A number of stored chunks and their size before compression. A chunk counts once, however many
/// files share it.
public record ChunkCount(long chunks, long bytes) {
  public static final ChunkCount NONE = new ChunkCount(0, 0);
}
