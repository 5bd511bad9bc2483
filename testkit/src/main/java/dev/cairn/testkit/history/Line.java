package dev.cairn.testkit.history;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// One entry of a journal as its bytes say it.
///
/// @param type such as `claimed`
/// @param after the state that it says it leads to
/// @param event all that it says
public record Line(String job, long number, String id, String type, After after, JsonNode event) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern FRAME =
      Pattern.compile(
          "\\{\"format\":1,\"body\":(.*),\"sha256\":\"([0-9a-f]{64})\"\\}\n", Pattern.DOTALL);
  private static final Set<String> CLAIMS = Set.of("claimed");
  private static final Set<String> ENDS =
      Set.of("completed", "failed", "cancelled", "paused", "released", "deleted");

  /// @param requests kinds of the requests still unanswered, by number
  public record After(
      String status,
      long token,
      boolean held,
      long attempt,
      long ordinal,
      NavigableMap<Long, String> requests,
      @Nullable Long newest,
      boolean deleted) {}

  /// The bytes are no entry, or not the ones that were written.
  public static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreadable(String why) {
      super(why);
    }
  }

  /// @param bytes of the object, as `docs/design.md` describes it
  public static Line parse(byte[] bytes) throws Unreadable {
    Matcher frame = FRAME.matcher(new String(bytes, StandardCharsets.UTF_8));
    if (!frame.matches()) {
      throw new Unreadable("it has no frame");
    }
    if (!sha256(frame.group(1)).equals(frame.group(2))) {
      throw new Unreadable("its hash differs");
    }
    JsonNode body = JSON.readTree(frame.group(1));
    JsonNode event = body.path("event");
    return new Line(
        body.path("job").asString(),
        body.path("number").asLong(),
        body.path("id").asString(),
        event.path("type").asString(),
        after(body.path("after")),
        event);
  }

  private static After after(JsonNode after) {
    var requests = new TreeMap<Long, String>();
    for (JsonNode request : after.path("requests")) {
      requests.put(request.path("number").asLong(), request.path("kind").asString());
    }
    return new After(
        after.path("status").asString(),
        after.path("token").asLong(),
        after.path("held").asBoolean(),
        after.path("attempt").asLong(),
        after.path("ordinal").asLong(),
        requests,
        optional(after.path("newest")),
        after.path("deleted").asBoolean());
  }

  private static String sha256(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static @Nullable Long optional(JsonNode number) {
    return number.isNumber() ? number.asLong() : null;
  }

  public boolean isClaim() {
    return CLAIMS.contains(type);
  }

  public boolean isWork() {
    return isClaim() && text("purpose").equals("work");
  }

  /// Whether its attempt appends nothing more.
  public boolean isEnd() {
    return ENDS.contains(type);
  }

  /// Whether only the holder may have written it.
  public boolean isOfAttempt() {
    return isEnd() || isCheckpoint() || type.equals("pruned") || type.equals("repaired");
  }

  /// Whether it published a checkpoint, which may be a tombstone by now.
  public boolean isCheckpoint() {
    return type.equals("checkpointed")
        || type.equals("dropped") && text("was").equals("checkpointed");
  }

  /// The checkpoint that it goes on from.
  public @Nullable Long parent() {
    JsonNode checkpoint = type.equals("dropped") ? event : event.path("checkpoint");
    return optional(checkpoint.path("parent"));
  }

  /// Numbers of the checkpoints that it lets go, or asks to.
  public List<Long> drops() {
    var drops = new ArrayList<Long>();
    event.path("drops").forEach(number -> drops.add(number.asLong()));
    return drops;
  }

  public String text(String field) {
    return event.path(field).asString("");
  }

  public @Nullable Long number(String field) {
    return optional(event.path(field));
  }

  @Override
  public String toString() {
    return "%s@%d %s".formatted(job, number, type);
  }
}
