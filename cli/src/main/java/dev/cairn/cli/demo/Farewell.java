package dev.cairn.cli.demo;

import dev.cairn.env.Seam;

/// Does something last when the process is told to end, such as by Ctrl-C, until it is closed.
@Seam
public final class Farewell implements AutoCloseable {
  private final Thread hook;

  public Farewell(Runnable last) {
    hook = Thread.ofPlatform().name("farewell").unstarted(last);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending: it runs.
    }
  }
}
