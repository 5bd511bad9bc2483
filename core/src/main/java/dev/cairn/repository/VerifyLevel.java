package dev.cairn.repository;

/// How much of a checkpoint a check reads. Each level does all that the one before it does.
public sealed interface VerifyLevel {
  VerifyLevel FAST = new Fast();
  VerifyLevel FULL = new Full();

  /// `fast`, `sampled` or `full`.
  String label();

  /// Reads and hashes the list of files and all lists of chunks; looks whether every pack is there,
  /// says of itself what its name promises, and is long enough for every chunk in it. Reads no
  /// contents, and says nothing about them.
  record Fast() implements VerifyLevel {
    @Override
    public String label() {
      return "fast";
    }
  }

  /// Reads and hashes some of the chunks too. Which ones follows from `seed` and from where they
  /// lie, and from nothing else: the same seed reads the same chunks again.
  ///
  /// @param share of the chunks, above 0 and at most 1; rounded up to whole chunks
  record Sampled(double share, long seed) implements VerifyLevel {
    public static final double USUAL_SHARE = 0.05;

    public Sampled {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException("share " + share);
      }
    }

    @Override
    public String label() {
      return "sampled";
    }
  }

  /// Reads and hashes every chunk.
  record Full() implements VerifyLevel {
    @Override
    public String label() {
      return "full";
    }
  }
}
