package dev.cairn.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `./check bench`: each subcommand prints the machine that it ran on and one table in Markdown.
@Command(
    name = "bench",
    description = "Measures Cairn. Each table names what it was compared with, on the same disk.",
    mixinStandardHelpOptions = true,
    subcommands = {
      EngineBench.class,
      BackgroundBench.class,
      LimitsBench.class,
      StartupBench.class,
      FsyncBench.class
    })
public final class Main implements Runnable {
  private Main() {}

  @Override
  public void run() {
    new CommandLine(this).usage(System.out);
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
