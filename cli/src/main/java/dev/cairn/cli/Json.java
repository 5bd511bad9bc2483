package dev.cairn.cli;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import java.io.PrintWriter;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/// What `--json` prints: one document, snake_case names, times in ISO 8601, null where unknown.
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .changeDefaultVisibility(v -> v.withIsGetterVisibility(Visibility.NONE))
          .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private Json() {}

  static void print(PrintWriter out, Object document) {
    out.println(MAPPER.writeValueAsString(document));
  }

  /// Whether `text` is one JSON value and nothing else.
  static boolean isValue(String text) {
    try {
      MAPPER.readTree(text);
      return !text.isBlank();
    } catch (tools.jackson.core.JacksonException e) {
      return false;
    }
  }
}
