package dev.cairn.repository;

import dev.cairn.domain.JobId;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The name of a pack: `jobs/<job>/packs/<token>-<footer>.pack`.
///
/// `<token>` is the fencing token of the attempt that wrote it, decimal, at least 1, without
/// leading zeros; `<footer>` the SHA-256 of its footer (see [Pack]) as 64 lower-case hex digits. In
/// tables of packs a name takes 40 bytes:
///
/// | offset | size | |
/// |---|---|---|
/// | 0 | 8 | token |
/// | 8 | 32 | SHA-256 of the footer |
record PackName(long token, Sha256 footer) implements Comparable<PackName> {
  static final int BYTES = 8 + Sha256.BYTES;

  /// In the table of a manifest: the pack that the manifest is in.
  static final PackName SELF = new PackName(0, new Sha256(0, 0, 0, 0));

  private static final String SUFFIX = ".pack";
  private static final Comparator<PackName> ORDER =
      Comparator.comparingLong(PackName::token).thenComparing(PackName::footer);

  static String folder(JobId job) {
    return "jobs/" + job + "/packs";
  }

  /// From a leaf name; empty if it is not the name of a pack.
  static Optional<PackName> parse(String leaf) {
    int dash = leaf.indexOf('-');
    if (dash < 1 || dash > 19 || !leaf.endsWith(SUFFIX)) {
      return Optional.empty();
    }
    String token = leaf.substring(0, dash);
    if (!token.chars().allMatch(c -> c >= '0' && c <= '9') || token.startsWith("0")) {
      return Optional.empty();
    }
    long number;
    try {
      number = Long.parseLong(token);
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
    String hash = leaf.substring(dash + 1, Math.max(dash + 1, leaf.length() - SUFFIX.length()));
    return Sha256.parse(hash).map(footer -> new PackName(number, footer));
  }

  static PackName read(ByteBuffer from) {
    return new PackName(from.getLong(), Sha256.read(from));
  }

  void write(ByteBuffer to) {
    to.putLong(token);
    footer.write(to);
  }

  /// The last segment of the name.
  String leaf() {
    return token + "-" + footer + SUFFIX;
  }

  String object(JobId job) {
    return folder(job) + "/" + leaf();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PackName o && token == o.token && footer.equals(o.footer);
  }

  @Override
  public int hashCode() {
    return footer.hashCode();
  }

  @Override
  public int compareTo(PackName other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return leaf();
  }
}
