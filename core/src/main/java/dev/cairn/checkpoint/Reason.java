package dev.cairn.checkpoint;

/// Why a checkpoint stays.
public sealed interface Reason permits Keep, Reason.Always {
  /// For people and programs, such as `keep-last=5`, `pinned`.
  String text();

  /// What holds whatever the rules are (I5).
  enum Always implements Reason {
    /// One of the two newest valid ones of the lineage, or of all: if the newest turns out to be
    /// poison, the other is gone on from.
    NEWEST("newest"),
    PINNED("pinned"),
    /// The attempt in charge went on from it, or the next one would.
    GONE_ON_FROM("gone-on-from"),
    /// It is damaged. Nothing counts on it, and it may yet be mended.
    DAMAGED("damaged-but-not-oldest");

    private final String text;

    Always(String text) {
      this.text = text;
    }

    @Override
    public String text() {
      return text;
    }
  }
}
