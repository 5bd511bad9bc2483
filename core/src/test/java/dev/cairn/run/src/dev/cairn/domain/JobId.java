package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/// The name of a job: a letter or digit, then up to 127 letters, digits, `.`, `_` or `-`.
///
/// Such a name is safe as one path segment on every store, so no id can point outside its job.
public record JobId(@JsonValue String value) implements Comparable<JobId> {
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  public JobId {
    if (!FORM.matcher(value).matches()) {
      throw new CairnException.Invalid(
          "'%s' is not a job id".formatted(Text.printable(value, 60)),
          "Use 1 to 128 letters, digits, '.', '_' or '-', starting with a letter or digit.");
    }
  }

  /// @throws CairnException.Invalid if `text` is not a job id
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static JobId of(String text) {
    return new JobId(text);
  }

  @Override
  public int compareTo(JobId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
