package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "cat",
    description = {
      "Print one file of a checkpoint, every byte checked before it is printed.",
      "If the rest of it is damaged, the output ends there and the exit code is 13."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsCatCommand implements Callable<Integer> {
  /// As of a process that SIGPIPE has ended.
  static final int NOBODY_READS = 128 + 13;

  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N, or JOB for its newest.")
  private String id = "";

  @Parameters(paramLabel = "PATH", description = "The file, as `cairn checkpoints show` lists it.")
  private String path = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();

  CheckpointsCatCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, id);
      OutputStream out = context.bytes();
      WritableByteChannel channel = Channels.newChannel(out);
      new Restorer(opened.repository())
          .read(chosen.log().job(), chosen.first(), path, bytes -> write(channel, bytes));
      out.flush();
      return 0;
    } catch (UncheckedIOException e) {
      return stopped(Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      return stopped(e);
    }
  }

  private static void write(WritableByteChannel channel, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Whoever read it, such as `head`, has had enough; anything else is an error.
  static int stopped(IOException e) {
    String why = String.valueOf(e.getMessage());
    if (why.contains("Broken pipe")) {
      return NOBODY_READS;
    }
    throw new CairnException.Unavailable(
        "could not write to standard output: " + why, "The output ends there.", e);
  }
}
