package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.cli.archive.ArchiveWriter;
import dev.cairn.cli.archive.DiskOutput;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Human;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Inspection;
import dev.cairn.repository.Manifest;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cairn export`: a checkpoint as a plain archive.
@Command(
    name = "export",
    description = {
      "Write a checkpoint as a tar or zip that any program reads, every byte checked.",
      "Its state, if it has one, becomes the file .cairn-state.json in it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn export train-1@40 weights.tar",
      "  cairn export train-1 weights.zip",
      "  cairn export train-1 - | zstd > weights.tar.zst"
    })
final class ExportCommand implements Callable<Integer> {
  /// In an archive, the state of the checkpoint.
  static final String STATE = ".cairn-state.json";

  private static final int BUFFER_BYTES = 1 << 20;
  private static final int SHOWN = 200;

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "CHECKPOINT",
      description = "JOB@N, or JOB for its newest valid one.")
  private String id = "";

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "FILE.tar or FILE.zip, which must not exist; - for a tar to standard output.")
  private String to = "";

  @Option(
      names = "--format",
      paramLabel = "tar|zip",
      description = "Whatever the name says (default: by the name).")
  private @Nullable FormatText format;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  ExportCommand(Context context) {
    this.context = context;
  }

  /// The names that people write.
  private enum FormatText {
    tar,
    zip
  }

  record Result(String id, String file, String format, long files, long sizeBytes, long bytes) {}

  /// What was written.
  private record Written(Published published, long files, long sizeBytes) {}

  @Override
  public Integer call() {
    FormatText how = format();
    boolean toOutput = to.equals("-");
    if (toOutput && json.on) {
      throw new CairnException.Invalid(
          "the archive goes to standard output, and so would what --json prints",
          "Name a file, or leave --json out.");
    }
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, id);
      if (toOutput) {
        return toOutput(opened, chosen, how);
      }
      Path file = context.path(to);
      long start = context.env().nanos();
      Written written = toFile(opened, chosen, how, file);
      report(chosen, written, how, file, Duration.ofNanos(context.env().nanos() - start));
    }
    return 0;
  }

  private FormatText format() {
    if (format != null) {
      return format;
    }
    String name = to.toLowerCase(Locale.ROOT);
    if (to.equals("-") || name.endsWith(".tar")) {
      return FormatText.tar;
    }
    if (name.endsWith(".zip")) {
      return FormatText.zip;
    }
    throw new CairnException.Invalid(
        "'%s' ends neither in .tar nor in .zip".formatted(Text.printable(to, SHOWN)),
        "Name it so, or say --format; to compress a tar: cairn export ID - | zstd > FILE.tar.zst");
  }

  private int toOutput(Store opened, Chosen chosen, FormatText how) {
    try {
      write(opened, chosen, chosen.first(), how, context.bytes());
      return 0;
    } catch (UncheckedIOException e) {
      return CheckpointsCatCommand.stopped(Objects.requireNonNull(e.getCause()));
    } catch (CairnException.Corrupt e) {
      context.tell("the archive is not whole: it ends where the damage begins");
      throw e;
    }
  }

  /// The first of the candidates that is whole, under the final name only when it is complete and
  /// durable.
  private Written toFile(Store opened, Chosen chosen, FormatText how, Path file) {
    if (context.disk().stat(file).isPresent()) {
      throw new CairnException.Conflict(
          shown(file) + " exists", "Nothing was changed. Name a new file.");
    }
    Path partial =
        file.resolveSibling(
            "%s.cairn-partial-%s".formatted(file.getFileName(), context.env().randomHex(4)));
    CairnException.Corrupt last = null;
    for (Published candidate : chosen.candidates()) {
      try {
        Written written = toPartial(opened, chosen, candidate, how, partial);
        context.disk().rename(partial, file);
        context.disk().forceDirectory(file.resolveSibling(""));
        return written;
      } catch (RuntimeException e) {
        discard(partial, e);
        if (!(e instanceof CairnException.Corrupt damage)) {
          context.tell("nothing was left at " + shown(file));
          throw e;
        }
        if (chosen.candidates().size() > 1) {
          context.tell("%s is damaged: %s".formatted(chosen.id(candidate), e.getMessage()));
        }
        last = damage;
      }
    }
    context.tell("nothing was left at " + shown(file));
    throw Objects.requireNonNull(last);
  }

  private Written toPartial(
      Store opened, Chosen chosen, Published candidate, FormatText how, Path partial) {
    try (DiskFile out = context.disk().create(partial)) {
      Written written = write(opened, chosen, candidate, how, new DiskOutput(out));
      out.force();
      return written;
    } catch (UncheckedIOException e) { // the disk tells in its own words: this is the format
      throw new CairnException.Invalid(
          "%s cannot be written as a %s: %s"
              .formatted(
                  chosen.id(candidate), how, Text.printable(String.valueOf(e.getMessage()), SHOWN)),
          "Try the other format.");
    }
  }

  private void discard(Path partial, Throwable because) {
    try {
      context.disk().delete(partial);
    } catch (CairnException e) {
      because.addSuppressed(e);
      context.tell("could not remove " + shown(partial));
    }
  }

  private Written write(
      Store opened, Chosen chosen, Published published, FormatText how, OutputStream to) {
    var buffered = new BufferedOutputStream(to, BUFFER_BYTES);
    ArchiveWriter writer =
        switch (how) {
          case tar -> ArchiveWriter.Format.TAR.writer(buffered);
          case zip -> ArchiveWriter.Format.ZIP.writer(buffered);
        };
    return chosen.reading(
        published,
        () -> {
          try (ProgressLine progress = context.progress("exporting " + chosen.id(published))) {
            var writing = new Writing(opened, chosen, published, writer, progress);
            Written written = writing.all();
            buffered.flush();
            return written;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /// One archive at work.
  private record Writing(
      Store store,
      Chosen chosen,
      Published published,
      ArchiveWriter writer,
      ProgressLine progress) {
    Written all() throws IOException {
      long files = 0;
      long bytes = 0;
      Optional<String> state =
          new Restorer(store.repository()).state(chosen.log().job(), published);
      if (state.isPresent()) {
        state(state.get().getBytes(StandardCharsets.UTF_8));
      }
      ManifestRef ref = published.checkpoint().manifest();
      if (ref != null) {
        Manifest manifest = store.repository().manifest(chosen.log().job(), ref);
        requireNoState(manifest);
        Inspection from = store.repository().inspection(chosen.log().job());
        progress.total(published.checkpoint().sizeBytes());
        for (Manifest.Entry entry : manifest.entries()) {
          writer.begin(entry);
          if (entry.kind() == Manifest.Kind.FILE) {
            files++;
            bytes += entry.sizeBytes();
            from.read(manifest, entry, this::write);
          }
          writer.end();
        }
      }
      writer.finish();
      return new Written(published, files, bytes);
    }

    private void state(byte[] state) throws IOException {
      writer.begin(STATE, state.length);
      writer.write(state, 0, state.length);
      writer.end();
    }

    private void requireNoState(Manifest manifest) {
      if (manifest.entries().stream().anyMatch(entry -> entry.path().equals(STATE))) {
        throw new CairnException.Invalid(
            "%s has a file %s, which in an archive is the state"
                .formatted(chosen.id(published), STATE),
            "Restore it instead: cairn checkpoints restore");
      }
    }

    private void write(ByteBuffer bytes) {
      progress.moved(bytes.remaining());
      try {
        if (bytes.hasArray()) {
          writer.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        } else {
          var copy = new byte[bytes.remaining()];
          bytes.get(copy);
          writer.write(copy, 0, copy.length);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void report(Chosen chosen, Written written, FormatText how, Path file, Duration took) {
    long size = context.disk().stat(file).map(stat -> stat.sizeBytes()).orElse(0L);
    String exported = chosen.id(written.published);
    if (json.on) {
      Json.print(
          context.out(),
          new Result(
              exported, file.toString(), how.name(), written.files, written.sizeBytes, size));
      return;
    }
    context
        .out()
        .println(
            "exported %s to %s: %d files, %s, every byte checked, in %s"
                .formatted(
                    exported,
                    shown(file),
                    written.files,
                    Human.bytes(written.sizeBytes),
                    Human.duration(took)));
  }

  private static String shown(Path path) {
    return Text.printable(path.toString(), SHOWN);
  }
}
