package dev.cairn.testkit.history;

/// One broken promise.
///
/// @param invariant which one, as `docs/design.md` numbers them: `I1` to `I10`
/// @param check the name of the check that found it, as `docs/testing.md` lists them
public record Violation(String invariant, String check, String message) {
  @Override
  public String toString() {
    return "%s %s: %s".formatted(invariant, check, message);
  }
}
