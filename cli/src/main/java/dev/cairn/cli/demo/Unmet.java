package dev.cairn.cli.demo;

/// What the demo promises did not happen: the message is a sentence that says what was wrong.
final class Unmet extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Unmet(String message) {
    super(message);
  }

  static void require(boolean held, String otherwise) {
    if (!held) {
      throw new Unmet(otherwise);
    }
  }
}
