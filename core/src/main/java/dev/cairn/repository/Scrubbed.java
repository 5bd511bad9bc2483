package dev.cairn.repository;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What reading a pack again has shown.
///
/// @param pack leaf name
/// @param bytes read
/// @param missing whether there is no such pack
/// @param flaws in the order of the pack
public record Scrubbed(String pack, long bytes, boolean missing, List<Flaw> flaws) {
  /// How a pack is read again.
  public enum Proof {
    /// The stored bytes against their CRC32C: finds rot, in next to no processor time, and is no
    /// proof against anything worse.
    CRC32C,
    /// After that, what they yield against its SHA-256: what a restore relies on.
    SHA256
  }

  /// One thing that is wrong.
  ///
  /// @param at where the damaged extent starts; -1 where it is not an extent that is damaged
  /// @param reason the rest of a sentence about the pack
  public record Flaw(long at, String reason) {}

  public Scrubbed {
    flaws = List.copyOf(flaws);
  }

  public boolean isWhole() {
    return flaws.isEmpty();
  }

  /// The rest of a sentence about the pack.
  public String reason() {
    String first = flaws.getFirst().reason();
    return flaws.size() == 1
        ? first
        : "%s, and in %d more places".formatted(first, flaws.size() - 1);
  }

  /// Where damaged extents start.
  Set<Long> places() {
    var places = new TreeSet<Long>();
    flaws.stream().map(Flaw::at).filter(at -> at >= 0).forEach(places::add);
    return places;
  }
}
