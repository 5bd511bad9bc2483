package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A SHA-256 (FIPS 180-4): 32 bytes, as four big-endian numbers.
record Sha256(long a, long b, long c, long d) implements Comparable<Sha256> {
  static final int BYTES = 32;

  /// The number of the algorithm in our formats.
  static final int ALGORITHM = 1;

  private static final Comparator<Sha256> ORDER =
      Comparator.comparing(Sha256::a, Long::compareUnsigned)
          .thenComparing(Sha256::b, Long::compareUnsigned)
          .thenComparing(Sha256::c, Long::compareUnsigned)
          .thenComparing(Sha256::d, Long::compareUnsigned);

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// The hash of what remains in `bytes`, which is not moved.
  static Sha256 of(ByteBuffer bytes) {
    MessageDigest digest = digest();
    digest.update(bytes.duplicate());
    return of(digest);
  }

  /// The result of `digest`, which is reset.
  static Sha256 of(MessageDigest digest) {
    return read(ByteBuffer.wrap(digest.digest()));
  }

  static Sha256 read(ByteBuffer from) {
    return new Sha256(from.getLong(), from.getLong(), from.getLong(), from.getLong());
  }

  void write(ByteBuffer to) {
    to.putLong(a).putLong(b).putLong(c).putLong(d);
  }

  /// Adds the 32 bytes to `digest`.
  void addTo(MessageDigest digest) {
    var bytes = ByteBuffer.allocate(BYTES);
    write(bytes);
    digest.update(bytes.flip());
  }

  /// From 64 lower-case hex digits.
  static Optional<Sha256> parse(String hex) {
    if (hex.length() != 2 * BYTES || !hex.chars().allMatch(Sha256::isLowerHex)) {
      return Optional.empty();
    }
    return Optional.of(read(ByteBuffer.wrap(HexFormat.of().parseHex(hex))));
  }

  private static boolean isLowerHex(int c) {
    return c >= '0' && c <= '9' || c >= 'a' && c <= 'f';
  }

  // By hand, like the next one: those of a record are put together at run time, which costs
  // some milliseconds in every process.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Sha256 o && a == o.a && b == o.b && c == o.c && d == o.d;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(a);
  }

  @Override
  public int compareTo(Sha256 other) {
    return ORDER.compare(this, other);
  }

  /// 64 lower-case hex digits.
  @Override
  public String toString() {
    var hex = HexFormat.of();
    return hex.toHexDigits(a) + hex.toHexDigits(b) + hex.toHexDigits(c) + hex.toHexDigits(d);
  }
}
