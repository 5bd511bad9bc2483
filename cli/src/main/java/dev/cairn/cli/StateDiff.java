package dev.cairn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.StringNode;

/// What is different between two states, value by value.
///
/// Objects are compared by their names, whose order does not count, arrays place by place, numbers
/// by their value (`1` and `1.0` are the same).
final class StateDiff {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final List<Change> changes = new ArrayList<>();

  private StateDiff() {}

  /// One value that is not the same.
  ///
  /// @param path where it stands: a JSON pointer (RFC 6901), empty for the whole state
  /// @param change `added`, `removed` or `changed`
  record Change(String path, String change, @Nullable JsonNode before, @Nullable JsonNode after) {}

  /// @param before absent if there is no state, as `after` is
  static List<Change> of(Optional<String> before, Optional<String> after) {
    var diff = new StateDiff();
    diff.compare(
        "", before.map(StateDiff::read).orElse(null), after.map(StateDiff::read).orElse(null));
    return List.copyOf(diff.changes);
  }

  /// A program may have saved what is no JSON: then it is a text.
  private static JsonNode read(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      return node.isMissingNode() ? StringNode.valueOf(text) : node;
    } catch (JacksonException e) {
      return StringNode.valueOf(text);
    }
  }

  private void compare(String path, @Nullable JsonNode a, @Nullable JsonNode b) {
    if (a == null && b == null) {
      return;
    }
    if (a == null || b == null) {
      changes.add(new Change(path, a == null ? "added" : "removed", a, b));
    } else if (a.isObject() && b.isObject()) {
      for (Map.Entry<String, JsonNode> one : a.properties()) {
        compare(path + "/" + escaped(one.getKey()), one.getValue(), b.get(one.getKey()));
      }
      for (Map.Entry<String, JsonNode> one : b.properties()) {
        if (!a.has(one.getKey())) {
          compare(path + "/" + escaped(one.getKey()), null, one.getValue());
        }
      }
    } else if (a.isArray() && b.isArray()) {
      for (int i = 0; i < Math.max(a.size(), b.size()); i++) {
        compare(path + "/" + i, a.get(i), b.get(i));
      }
    } else if (!same(a, b)) {
      changes.add(new Change(path, "changed", a, b));
    }
  }

  private static boolean same(JsonNode a, JsonNode b) {
    return a.isNumber() && b.isNumber()
        ? a.decimalValue().compareTo(b.decimalValue()) == 0
        : a.equals(b);
  }

  private static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
