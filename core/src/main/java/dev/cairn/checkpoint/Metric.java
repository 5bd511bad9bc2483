package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A number by which checkpoints compare: in the state that their entries carry, else a label.
///
/// @param name of the label, and the path in the state, where dots lead into objects: `eval.loss`
///   is `{"eval":{"loss":0.3}}`
public record Metric(String name) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  public Metric {
    if (name.isBlank()) {
      throw new CairnException.Invalid("a metric has no name", "Write it as in 3:eval.loss:min.");
    }
  }

  /// The value in a checkpoint; empty if it has none, or none that is a finite number. Large state,
  /// which is not in the entry, is not read.
  OptionalDouble of(Checkpoint checkpoint) {
    OptionalDouble inState = inState(checkpoint.state());
    return inState.isPresent() ? inState : number(checkpoint.labels().get(name));
  }

  private OptionalDouble inState(@Nullable String state) {
    if (state == null) {
      return OptionalDouble.empty();
    }
    try {
      JsonNode at = MAPPER.readTree(state);
      for (String field : name.split("\\.", -1)) {
        at = at.path(field);
      }
      return at.isNumber() ? finite(at.doubleValue()) : OptionalDouble.empty();
    } catch (JacksonException e) {
      return OptionalDouble.empty(); // no JSON, or no number of this size: the metric is not there
    }
  }

  private static OptionalDouble number(@Nullable String label) {
    if (label == null) {
      return OptionalDouble.empty();
    }
    try {
      return finite(Double.parseDouble(label));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  private static OptionalDouble finite(double value) {
    return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
  }
}
