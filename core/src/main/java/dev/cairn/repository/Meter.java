package dev.cairn.repository;

/// Hears how far a save, restore or check is: for people, never for a decision.
///
/// Called from several threads; must not block.
public interface Meter {
  /// Hears nothing.
  Meter NONE =
      new Meter() {
        @Override
        public void total(long bytes) {}

        @Override
        public void moved(long bytes) {}
      };

  /// How many bytes there are to go through in all; told once, before the first [#moved].
  void total(long bytes);

  /// That this many more bytes are done.
  void moved(long bytes);
}
