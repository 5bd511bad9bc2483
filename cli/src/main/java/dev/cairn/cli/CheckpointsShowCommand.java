package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.journal.History.Published;
import dev.cairn.repository.Inspection;
import dev.cairn.repository.Inspection.Chunk;
import dev.cairn.repository.Manifest;
import dev.cairn.repository.Repository;
import java.io.PrintWriter;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "show",
    description = "Show one checkpoint and the files in it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CheckpointsShowCommand implements Callable<Integer> {
  private static final int FILES_SHOWN = 50;
  private static final int STATE_SHOWN = 2_000;

  private final Context context;

  @Parameters(paramLabel = "CHECKPOINT", description = "JOB@N, or JOB for its newest.")
  private String id = "";

  @Option(names = "--chunks", description = "With --json: tell where every chunk is stored.")
  private boolean withChunks;

  @Option(
      names = "--sha256",
      description = "With --json: read every file, and tell the SHA-256 of its bytes.")
  private boolean withSha256;

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  CheckpointsShowCommand(Context context) {
    this.context = context;
  }

  /// @param chunkBytes a number, or `content` where chunks end where the content says
  /// @param sha256 of all bytes; absent unless asked for
  /// @param chunks absent unless asked for
  record FileView(
      String path,
      String type,
      long sizeBytes,
      String mode,
      String modified,
      @Nullable String root,
      @Nullable Object chunkBytes,
      @Nullable String sha256,
      @Nullable List<Chunk> chunks,
      @Nullable String target) {}

  record Document(CheckpointView checkpoint, @Nullable String state, List<FileView> contents) {}

  @Override
  public Integer call() {
    if ((withChunks || withSha256) && !json.on) {
      throw new CairnException.Invalid(
          "--chunks and --sha256 are only told with --json", "Add --json.");
    }
    try (Store opened = context.open(store.place)) {
      Chosen chosen = Chosen.of(context, opened, id);
      Published published = chosen.first();
      CheckpointView view =
          CheckpointView.of(
              chosen.log().job(), chosen.log().history(), published, opened.location());
      Optional<String> state =
          new Restorer(opened.repository()).state(chosen.log().job(), published);
      ManifestRef ref = published.checkpoint().manifest();
      List<FileView> files =
          ref == null ? List.of() : files(opened.repository(), chosen.log().job(), ref);
      if (json.on) {
        Json.print(context.out(), new Document(view, state.orElse(null), files));
      } else {
        print(view, state, files);
      }
    }
    return 0;
  }

  private List<FileView> files(Repository repository, JobId job, ManifestRef ref) {
    Manifest manifest = repository.manifest(job, ref);
    Inspection inspection = repository.inspection(job);
    return manifest.entries().stream().map(entry -> view(entry, manifest, inspection)).toList();
  }

  private FileView view(Manifest.Entry entry, Manifest manifest, Inspection inspection) {
    boolean isFile = entry.kind() == Manifest.Kind.FILE;
    return new FileView(
        entry.path(),
        entry.type(),
        entry.sizeBytes(),
        "%04o".formatted(entry.mode()),
        entry.modified().toString(),
        entry.rootHex(),
        isFile ? chunkBytes(entry) : null,
        isFile && withSha256 ? sha256(entry, manifest, inspection) : null,
        isFile && withChunks ? chunks(entry, manifest, inspection) : null,
        entry.target());
  }

  private static Object chunkBytes(Manifest.Entry file) {
    OptionalInt grid = file.gridBytes();
    return grid.isPresent() ? (Object) grid.getAsInt() : "content";
  }

  private static List<Chunk> chunks(Manifest.Entry file, Manifest manifest, Inspection from) {
    var chunks = new ArrayList<Chunk>();
    from.chunks(manifest, file, chunks::add);
    return chunks;
  }

  private static String sha256(Manifest.Entry file, Manifest manifest, Inspection from) {
    try {
      var sha256 = MessageDigest.getInstance("SHA-256");
      from.read(manifest, file, sha256::update);
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private void print(CheckpointView view, Optional<String> state, List<FileView> files) {
    PrintWriter out = context.out();
    out.printf("checkpoint  %s%n", view.id());
    out.printf(
        "kind        %s%s%n", view.kind(), view.step() == null ? "" : ", step " + view.step());
    out.printf(
        "saved       %s by attempt %d on %s, in %d ms%n",
        view.saved(), view.attempt(), JobView.shown(view.node()), view.durationMs());
    out.printf(
        "contents    %d files, %s; %s new, %s stored%n",
        view.files(),
        Human.bytes(view.sizeBytes()),
        Human.bytes(view.newBytes()),
        Human.bytes(view.storedBytes()));
    if (view.parent() != null) {
      out.printf("goes on from  %s%n", view.parent());
    }
    if (!view.labels().isEmpty()) {
      out.printf("labels      %s%n", JobView.labels(view.labels()));
    }
    state.ifPresent(text -> out.printf("state       %s%n", Text.printable(text, STATE_SHOWN)));
    for (FileView file : files.subList(0, Math.min(files.size(), FILES_SHOWN))) {
      out.printf(
          "  %s %10s  %s%s%n",
          file.mode(),
          file.type().equals("file") ? Human.bytes(file.sizeBytes()) : file.type(),
          Text.printable(file.path(), 300),
          file.target() == null ? "" : " -> " + Text.printable(file.target(), 300));
    }
    if (files.size() > FILES_SHOWN) {
      out.printf("  … and %d more; --json lists all%n", files.size() - FILES_SHOWN);
    }
  }
}
