package dev.cairn.repository;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/// Reads a stored structure that nobody vouches for (I10): whatever does not fit the bytes that are
/// there, or the bounds, is [Damage] at its place; nothing is allocated on the word of a count.
final class Fields {
  private final ByteBuffer bytes;
  private final PackName pack;
  private final long offset;
  private final String what;

  /// @param what the structure, for people
  /// @param offset where it is in `pack`
  Fields(ByteBuffer bytes, String what, PackName pack, long offset) {
    this.bytes = bytes.duplicate();
    this.pack = pack;
    this.offset = offset;
    this.what = what;
  }

  int u8() throws Damage {
    return Byte.toUnsignedInt(take(1, ByteBuffer::get));
  }

  int u16() throws Damage {
    return Short.toUnsignedInt(take(2, ByteBuffer::getShort));
  }

  int i32() throws Damage {
    return take(4, ByteBuffer::getInt);
  }

  long i64() throws Damage {
    return take(8, ByteBuffer::getLong);
  }

  Sha256 sha256() throws Damage {
    return take(Sha256.BYTES, Sha256::read);
  }

  /// A number of 4 bytes from `min` to `max`.
  int u32(int min, int max, String name) throws Damage {
    int value = i32();
    require(value >= min && value <= max, () -> name + " is " + Integer.toUnsignedString(value));
    return value;
  }

  /// A number of 8 bytes from `min` to `max`.
  long u64(long min, long max, String name) throws Damage {
    long value = i64();
    require(value >= min && value <= max, () -> name + " is " + value);
    return value;
  }

  /// A count of 4 bytes of things that take at least `eachBytes` each.
  int count(int max, int eachBytes, String name) throws Damage {
    int count = u32(0, max, name);
    require((long) count * eachBytes <= bytes.remaining(), () -> name + " is " + count);
    return count;
  }

  /// A count of 2 bytes, then as many bytes of UTF-8.
  String text(int maxBytes, String name) throws Damage {
    int length = u16();
    require(
        length <= maxBytes && length <= bytes.remaining(), () -> name + " is " + length + " bytes");
    ByteBuffer utf8 = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException _) {
      throw damage(name + " is not UTF-8");
    }
  }

  /// A count of 4 bytes, then names of packs in strictly ascending order.
  List<PackName> packs() throws Damage {
    int count = count(Integer.MAX_VALUE, PackName.BYTES, "number of packs");
    var names = new ArrayList<PackName>(count);
    for (int i = 0; i < count; i++) {
      PackName name = take(PackName.BYTES, PackName::read);
      boolean isName = name.equals(PackName.SELF) || name.token() > 0;
      require(isName, () -> "a pack has token " + name.token());
      boolean sorted = i == 0 || names.get(i - 1).compareTo(name) < 0;
      require(sorted, () -> "the packs are out of order");
      names.add(name);
    }
    return names;
  }

  void magic(long expected) throws Damage {
    require(i64() == expected, () -> "it does not start as it should");
  }

  void version(int known) throws Damage {
    int version = i32();
    require(version == known, () -> "version " + version + " is not known");
  }

  void end() throws Damage {
    require(!bytes.hasRemaining(), () -> bytes.remaining() + " bytes are left over");
  }

  void require(boolean holds, Supplier<String> otherwise) throws Damage {
    if (!holds) {
      throw damage(otherwise.get());
    }
  }

  Damage damage(String why) {
    return Damage.at(pack, offset, "%s breaks the format: %s".formatted(what, why));
  }

  private <T> T take(int count, Function<ByteBuffer, T> read) throws Damage {
    try {
      return read.apply(bytes);
    } catch (BufferUnderflowException _) {
      throw damage("it ends too early, %d bytes are missing".formatted(count - bytes.remaining()));
    }
  }
}
