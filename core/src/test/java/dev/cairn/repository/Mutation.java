package dev.cairn.repository;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Ways to spoil bytes, chosen by a seed.
final class Mutation {
  private static final long[] NUMBERS = {
    0,
    -1,
    1,
    2,
    15,
    255,
    0x7fff,
    0xffff,
    1_000_000,
    10_000_000,
    10_000_001,
    Integer.MAX_VALUE,
    1L << 31,
    -1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 56,
    (1L << 56) + 1,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private static final List<String> TEXTS =
      List.of("..", "/etc", "../x", "a/../b", ".", "\0", "a//b", "", "CLG1", "\ud800");

  private static final List<String> VALUES =
      List.of(
          "0",
          "-1",
          "2147483647",
          "2147483648",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "1e999999999",
          "1e-999999999",
          "0.5",
          "99999999999999999999999999999999999999",
          "null",
          "true",
          "\"\"",
          "\"..\"",
          "\"../../x\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"claimed\"",
          "\"+1000000000-12-31T23:59:59Z\"",
          "[]",
          "{}",
          "[null]",
          "[1,1,1]",
          "{\"a\":null}");

  /// A scalar, an empty list or an empty object after its key.
  private static final Pattern FIELD =
      Pattern.compile(
          "\"[a-z_0-9]+\":(\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|[-+.0-9eE]+|true|false|\\[]|\\{})");

  private Mutation() {}

  /// One to four changes of `from`, some of them with parts of the others.
  static byte[] of(byte[] from, List<byte[]> others, SplittableRandom random) {
    byte[] bytes = from.clone();
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      bytes = once(bytes, others, random);
    }
    return bytes;
  }

  private static byte[] once(byte[] bytes, List<byte[]> others, SplittableRandom random) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(bytes.length);
    int end = Math.min(bytes.length, at + 1 + random.nextInt(64));
    return switch (random.nextInt(9)) {
      case 0 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 1 -> {
        bytes[at] = (byte) random.nextInt();
        yield bytes;
      }
      case 2, 3, 4 -> number(bytes, at, random);
      case 5 -> Arrays.copyOf(bytes, at);
      case 6 -> join(bytes, end, Arrays.copyOfRange(bytes, at, bytes.length)); // once more
      case 7 -> {
        byte[] other = others.get(random.nextInt(others.size()));
        int from = random.nextInt(other.length);
        yield join(bytes, at, Arrays.copyOfRange(other, from, other.length));
      }
      default -> text(bytes, at, random);
    };
  }

  private static byte[] number(byte[] bytes, int at, SplittableRandom random) {
    long number = NUMBERS[random.nextInt(NUMBERS.length)];
    if (random.nextInt(4) == 0) {
      number = random.nextLong() >>> random.nextInt(64);
    }
    int width = 1 << random.nextInt(4);
    for (int i = 0; i < width && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (number >>> 8 * (width - 1 - i));
    }
    return bytes;
  }

  /// A text with its length before it, over what is there.
  private static byte[] text(byte[] bytes, int at, SplittableRandom random) {
    byte[] text = TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
    var put = ByteBuffer.allocate(2 + text.length).putShort((short) text.length).put(text).array();
    System.arraycopy(put, 0, bytes, at, Math.min(put.length, bytes.length - at));
    return bytes;
  }

  private static byte[] join(byte[] head, int length, byte[] tail) {
    byte[] all = Arrays.copyOf(head, length + tail.length);
    System.arraycopy(tail, 0, all, length, tail.length);
    return all;
  }

  /// One to three changes of JSON, most of which leave it JSON.
  static String ofJson(String from, SplittableRandom random) {
    String json = from;
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      json = onceJson(json, random);
    }
    return json;
  }

  private static String onceJson(String json, SplittableRandom random) {
    Matcher field = FIELD.matcher(json);
    int count = 0;
    while (field.find()) {
      count++;
    }
    if (count == 0) {
      return "{}";
    }
    field.reset();
    for (int i = random.nextInt(count); i >= 0; i--) {
      field.find();
    }
    String all = field.group();
    String key = all.substring(0, all.indexOf(':') + 1);
    return switch (random.nextInt(10)) {
      case 0 -> remove(json, field.start(), field.end());
      case 1 -> replace(json, field.start(), field.end(), all + "," + all);
      case 2 ->
          replace(json, field.start(), field.end(), key + "[".repeat(1 + random.nextInt(3_000)));
      case 3 ->
          replace(
              json,
              field.start(),
              field.end(),
              key + "\"" + "x".repeat(1 << random.nextInt(17)) + '"');
      case 4 -> {
        int depth = 1 + random.nextInt(2_000);
        yield replace(
            json, field.start(), field.end(), key + "[".repeat(depth) + "]".repeat(depth));
      }
      default ->
          replace(
              json, field.start(), field.end(), key + VALUES.get(random.nextInt(VALUES.size())));
    };
  }

  private static String remove(String json, int start, int end) {
    if (end < json.length() && json.charAt(end) == ',') {
      return json.substring(0, start) + json.substring(end + 1);
    }
    int from = start > 0 && json.charAt(start - 1) == ',' ? start - 1 : start;
    return json.substring(0, from) + json.substring(end);
  }

  private static String replace(String json, int start, int end, String by) {
    return json.substring(0, start) + by + json.substring(end);
  }
}
