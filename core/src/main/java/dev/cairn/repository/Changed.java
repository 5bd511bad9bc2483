package dev.cairn.repository;

/// Something in a directory changed while it was being saved: nothing is wrong, and nothing was
/// published. The message is a sentence for people, such as `model.bin grew from 10 to 12 bytes`.
public final class Changed extends Exception {
  private static final long serialVersionUID = 1L;

  public Changed(String what) {
    super(what);
  }

  /// What changed, as a sentence.
  public String what() {
    return String.valueOf(getMessage());
  }
}
