package dev.cairn.testkit.sim;

/// The process is gone: no seam call of it returns any more. An [Error], so that nothing takes it
/// for an answer of the store.
final class Crash extends Error {
  private static final long serialVersionUID = 1L;

  Crash() {
    super("the process is gone", null, false, false);
  }
}
