package dev.cairn.bench;

/// What is timed of each tool, in the order of a round.
enum Stage {
  FIRST("first save", "First save", 1),
  SCATTERED(
      "second save, scattered",
      "Second save, after 5 % of scattered writes of 64 KiB and 1 % appended",
      2),
  CLUSTERED(
      "third save, clustered",
      "Third save, after 5 % rewritten in one piece per file, and 5 % of the small files",
      3),
  UNCHANGED("nothing changed", "Fourth save, with nothing changed", 4),
  VERIFY("full verify", "Full verify of everything in the store", 4),
  RESTORE("restore", "Restore of the newest into an empty directory", 4);

  private final String brief;
  private final String title;
  private final int saves;

  Stage(String brief, String title, int saves) {
    this.brief = brief;
    this.title = title;
    this.saves = saves;
  }

  String brief() {
    return brief;
  }

  String title() {
    return title;
  }

  boolean isSave() {
    return this != VERIFY && this != RESTORE;
  }

  /// The number of saves that a store has seen when this has been done.
  int saves() {
    return saves;
  }
}
