package dev.cairn.blob;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.cairn.domain.CairnException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/// Small records as JSON that proves itself whole.
///
/// One line, UTF-8, `\n` at the end:
///
/// ```
/// {"format":1,"body":BODY,"sha256":"HEX"}
/// ```
///
/// with exactly these spaces (none), where HEX is the lower-case SHA-256 of the bytes of BODY, a
/// JSON object with snake_case names, absent values left out, times in ISO 8601. A reader checks
/// the frame and the hash before it parses, so any flipped, missing or added byte is found (I4,
/// I10).
public final class SealedJson {
  /// The largest object that a reader accepts, in bytes.
  public static final int LIMIT_BYTES = 1 << 20;

  private static final byte[] HEAD = "{\"format\":1,\"body\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] MIDDLE = ",\"sha256\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TAIL = "\"}\n".getBytes(StandardCharsets.US_ASCII);
  private static final int HEX_LENGTH = 64;
  private static final int FRAME = HEAD.length + MIDDLE.length + HEX_LENGTH + TAIL.length;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .changeDefaultVisibility(v -> v.withIsGetterVisibility(Visibility.NONE))
          .changeDefaultPropertyInclusion(i -> i.withValueInclusion(JsonInclude.Include.NON_NULL))
          .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final ClassValue<List<Part>> PARTS =
      new ClassValue<>() {
        @Override
        protected List<Part> computeValue(Class<?> type) {
          return Arrays.stream(type.getRecordComponents())
              .filter(component -> !component.getType().isPrimitive())
              .map(Part::of)
              .toList();
        }
      };

  private SealedJson() {}

  public static byte[] seal(Object value) {
    byte[] body = MAPPER.writeValueAsBytes(value);
    if (body.length + FRAME > LIMIT_BYTES) {
      throw new CairnException.Invalid(
          "a record of %d bytes is over the limit of %d".formatted(body.length, LIMIT_BYTES),
          "Save large state as a file, and fewer or shorter labels.");
    }
    var out = new byte[FRAME + body.length];
    int at = append(out, 0, HEAD);
    at = append(out, at, body);
    at = append(out, at, MIDDLE);
    at = append(out, at, hex(body, 0, body.length));
    append(out, at, TAIL);
    return out;
  }

  /// @throws Broken if the bytes are not exactly what [#seal] made
  public static <T> T open(byte[] bytes, Class<T> type) throws Broken {
    int end = bytes.length - MIDDLE.length - HEX_LENGTH - TAIL.length;
    if (end <= HEAD.length || !matches(bytes, 0, HEAD)) {
      throw new Broken(bytes.length == 0 ? "it is empty" : "it is cut off or no entry at all");
    }
    if (!matches(bytes, end, MIDDLE) || !matches(bytes, bytes.length - TAIL.length, TAIL)) {
      throw new Broken("it is cut off");
    }
    if (!matches(bytes, end + MIDDLE.length, hex(bytes, HEAD.length, end - HEAD.length))) {
      throw new Broken("its hash does not match");
    }
    try {
      T value = MAPPER.readValue(bytes, HEAD.length, end - HEAD.length, type);
      if (isWhole(value)) {
        return value;
      }
      throw new Broken("it leaves out what it has to say");
    } catch (JacksonException | CairnException e) {
      throw new Broken("it says something this version does not understand");
    }
  }

  /// Whether no part of it is null that must not be: what JSON leaves out, or says to be null, the
  /// mapper passes on as null.
  private static boolean isWhole(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Record part ->
          PARTS.get(part.getClass()).stream().allMatch(component -> component.isWholeIn(part));
      case Collection<?> parts -> parts.stream().allMatch(SealedJson::isWhole);
      default -> true;
    };
  }

  /// One that may be null, or may hold something that must not be.
  private record Part(Method accessor, boolean nullable) {
    static Part of(RecordComponent component) {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true); // the record may be private to its package
      return new Part(accessor, component.getAnnotatedType().isAnnotationPresent(Nullable.class));
    }

    boolean isWholeIn(Record whole) {
      try {
        Object part = accessor.invoke(whole);
        return part == null ? nullable : isWhole(part);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("a record without an accessor: " + accessor, e);
      }
    }
  }

  private static int append(byte[] out, int at, byte[] part) {
    System.arraycopy(part, 0, out, at, part.length);
    return at + part.length;
  }

  private static boolean matches(byte[] bytes, int at, byte[] part) {
    return at >= 0
        && at + part.length <= bytes.length
        && Arrays.equals(bytes, at, at + part.length, part, 0, part.length);
  }

  private static byte[] hex(byte[] bytes, int from, int length) {
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      sha.update(bytes, from, length);
      return HexFormat.of().formatHex(sha.digest()).getBytes(StandardCharsets.US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The bytes are damaged.
  public static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;

    Broken(String how) {
      super(how);
    }

    /// The end of a sentence about "it".
    public String how() {
      return String.valueOf(getMessage());
    }
  }
}
