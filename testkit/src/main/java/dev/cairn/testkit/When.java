package dev.cairn.testkit;

/// On which side of a call a fault strikes.
public enum When {
  /// Nothing was done.
  BEFORE,
  /// It was done, but the caller never hears of it: a lost answer.
  AFTER
}
