package dev.cairn.cli;

import dev.cairn.checkpoint.Restorer;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Human;
import dev.cairn.domain.JobId;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Disk.FileStat;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import dev.cairn.repository.Difference;
import dev.cairn.repository.Difference.Side;
import dev.cairn.repository.FileTree;
import dev.cairn.repository.Inspection;
import dev.cairn.repository.Manifest;
import dev.cairn.run.CairnExit;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `cairn diff`: what is different between two checkpoints, or a checkpoint and a directory.
@Command(
    name = "diff",
    description = {
      "Tell what is different between two checkpoints, or a checkpoint and a directory.",
      "Exit code 0 if nothing is, 1 if something is. Times do not count."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  cairn diff train-1@12 train-1@40     what has changed in between",
      "  cairn diff train-1@12 train-1        the same up to its newest one",
      "  cairn diff train-1@40 ./out          what a directory has of it"
    })
final class DiffCommand implements Callable<Integer> {
  private static final int SHOWN = 200;
  private static final int VALUE_SHOWN = 100;
  private static final String OWN_NAMES = ".cairn-";

  private final Context context;

  @Parameters(index = "0", paramLabel = "A", description = "JOB@N, or JOB for its newest.")
  private String first = "";

  @Parameters(
      index = "1",
      paramLabel = "B",
      description = "JOB@N or JOB, of the same job or a fork of it; or a directory: ./DIR or /DIR.")
  private String second = "";

  @Mixin private Options.StoreOption store = new Options.StoreOption();
  @Mixin private Options.JsonOption json = new Options.JsonOption();

  DiffCommand(Context context) {
    this.context = context;
  }

  /// @param change `added`, `removed` or `changed`
  /// @param changedBytes of the new contents, in chunks that the old ones do not have
  record FileChange(
      String path,
      String change,
      long changedBytes,
      @Nullable SideView before,
      @Nullable SideView after) {
    static FileChange of(Difference d) {
      String change = d.before() == null ? "added" : d.after() == null ? "removed" : "changed";
      return new FileChange(
          d.path(), change, d.changedBytes(), SideView.of(d.before()), SideView.of(d.after()));
    }
  }

  record SideView(String type, long sizeBytes, String mode, @Nullable String target) {
    static @Nullable SideView of(@Nullable Side side) {
      return side == null
          ? null
          : new SideView(
              side.type(), side.sizeBytes(), "%04o".formatted(side.mode()), side.target());
    }
  }

  /// @param changedBytes of files that are in both
  record Totals(
      long added,
      long addedBytes,
      long removed,
      long removedBytes,
      long changed,
      long changedBytes) {
    static final Totals NONE = new Totals(0, 0, 0, 0, 0, 0);

    Totals plus(FileChange c) {
      long before = c.before == null ? 0 : c.before.sizeBytes;
      return switch (c.change) {
        case "added" ->
            new Totals(
                added + 1,
                addedBytes + c.changedBytes,
                removed,
                removedBytes,
                changed,
                changedBytes);
        case "removed" ->
            new Totals(
                added, addedBytes, removed + 1, removedBytes + before, changed, changedBytes);
        default ->
            new Totals(
                added,
                addedBytes,
                removed,
                removedBytes,
                changed + 1,
                changedBytes + c.changedBytes);
      };
    }
  }

  /// @param b a checkpoint, or the directory
  /// @param state always empty against a directory, which has none
  record Document(
      String a,
      String b,
      boolean same,
      Totals totals,
      List<FileChange> files,
      List<StateDiff.Change> state) {}

  @Override
  public Integer call() {
    Document document;
    try (Store opened = context.open(store.place)) {
      Chosen a = Chosen.of(context, opened, first);
      Optional<Path> directory = directory(opened);
      document =
          directory.isPresent()
              ? withDirectory(opened, a, directory.get())
              : withCheckpoint(opened, a, Chosen.of(context, opened, second));
    }
    if (json.on) {
      Json.print(context.out(), document);
    } else {
      print(document);
    }
    return document.same ? 0 : CairnExit.NO;
  }

  /// The directory that B names, if it names one.
  private Optional<Path> directory(Store opened) {
    boolean isPath = second.contains("/") || second.equals(".") || second.equals("..");
    if (!isPath && second.contains("@")) {
      return Optional.empty();
    }
    Path path = context.real(context.path(second));
    Optional<FileStat> stat = context.disk().stat(path);
    boolean isDirectory = stat.filter(s -> s.kind() == FileKind.DIRECTORY).isPresent();
    if (isPath && !isDirectory) {
      String shown = Text.printable(path.toString(), SHOWN);
      throw stat.isEmpty()
          ? new CairnException.NotFound("there is no " + shown, "")
          : new CairnException.Invalid(shown + " is not a directory", "Name a directory.");
    }
    if (!isPath && isDirectory && isJob(opened)) {
      throw new CairnException.Invalid(
          "'%s' is a job and a directory".formatted(Text.printable(second, SHOWN)),
          "Write JOB@N for a checkpoint of the job, or ./%s for the directory."
              .formatted(Text.printable(second, SHOWN)));
    }
    return isDirectory ? Optional.of(path) : Optional.empty();
  }

  private boolean isJob(Store opened) {
    return JobId.isValid(second)
        && JobLog.open(opened.journal(), context.env(), JobId.of(second)).history().exists();
  }

  private Document withCheckpoint(Store opened, Chosen a, Chosen b) {
    requireRelated(a.log(), b.log());
    Published before = a.first();
    Published after = b.first();
    return a.reading(
        before,
        () ->
            b.reading(
                after,
                () -> {
                  List<FileChange> files = files(opened, a, before, b, after);
                  var restorer = new Restorer(opened.repository());
                  return document(
                      a.id(before),
                      b.id(after),
                      files,
                      StateDiff.of(
                          restorer.state(a.log().job(), before),
                          restorer.state(b.log().job(), after)));
                }));
  }

  /// Checkpoints of strangers have nothing in common that a comparison would tell of.
  private static void requireRelated(JobLog a, JobLog b) {
    Set<String> one = family(a);
    if (family(b).stream().noneMatch(one::contains)) {
      throw new CairnException.Invalid(
          "%s and %s are different jobs, and neither is a fork of the other"
              .formatted(a.job(), b.job()),
          "Compare checkpoints of one job; or restore one of them and compare its directory:"
              + " cairn diff A ./DIR");
    }
  }

  /// The job and what it was forked from.
  private static Set<String> family(JobLog log) {
    var family = new ArrayList<>(List.of(log.job().value()));
    log.history()
        .submitted()
        .map(submitted -> submitted.labels().get(Checkpoint.FORKED_FROM))
        .map(source -> source.substring(0, Math.max(0, source.lastIndexOf('@'))))
        .filter(JobId::isValid)
        .ifPresent(family::add);
    return family.stream().collect(Collectors.toSet());
  }

  private static List<FileChange> files(
      Store opened, Chosen a, Published before, Chosen b, Published after) {
    Manifest one = manifest(opened, a, before);
    Manifest other = manifest(opened, b, after);
    Inspection in = opened.repository().inspection(a.log().job());
    var changes = new ArrayList<FileChange>();
    in.differences(
        one,
        opened.repository().inspection(b.log().job()),
        other,
        difference -> changes.add(FileChange.of(difference)));
    return changes;
  }

  private static Manifest manifest(Store opened, Chosen chosen, Published published) {
    ManifestRef ref = published.checkpoint().manifest();
    return ref == null ? Manifest.EMPTY : opened.repository().manifest(chosen.log().job(), ref);
  }

  private Document withDirectory(Store opened, Chosen a, Path directory) {
    Published before = a.first();
    Path place = context.real(context.storePath(store.place));
    return a.reading(
        before,
        () -> {
          Manifest manifest = manifest(opened, a, before);
          Set<String> own =
              manifest.entries().stream()
                  .map(Manifest.Entry::path)
                  .filter(path -> path.startsWith(OWN_NAMES))
                  .collect(Collectors.toSet());
          FileTree tree =
              FileTree.scan(
                  context.disk(),
                  directory,
                  path ->
                      directory.resolve(path).equals(place)
                          || path.startsWith(OWN_NAMES) && !own.contains(path));
          tree.warnings().forEach(context::tell);
          var changes = new ArrayList<FileChange>();
          opened
              .repository()
              .inspection(a.log().job())
              .differences(manifest, context.disk(), tree, d -> changes.add(FileChange.of(d)));
          return document(a.id(before), directory.toString(), changes, List.of());
        });
  }

  private static Document document(
      String a, String b, List<FileChange> files, List<StateDiff.Change> state) {
    Totals totals = Totals.NONE;
    for (FileChange file : files) {
      totals = totals.plus(file);
    }
    return new Document(a, b, files.isEmpty() && state.isEmpty(), totals, files, state);
  }

  private void print(Document document) {
    PrintWriter out = context.out();
    String b = Text.printable(document.b, SHOWN);
    if (document.same) {
      out.println(document.a + " and " + b + " hold the same");
      return;
    }
    out.println("from " + document.a + " to " + b);
    document.files.forEach(file -> out.println("  " + line(file)));
    if (!document.state.isEmpty()) {
      out.println("state");
      document.state.forEach(change -> out.println("  " + line(change)));
    }
    Totals t = document.totals;
    out.println(
        "%d added (%s), %d removed (%s), %d changed (%s)%s"
            .formatted(
                t.added,
                Human.bytes(t.addedBytes),
                t.removed,
                Human.bytes(t.removedBytes),
                t.changed,
                Human.bytes(t.changedBytes),
                document.state.isEmpty()
                    ? ""
                    : "; %d values of the state".formatted(document.state.size())));
  }

  private static String line(FileChange file) {
    String path = Text.printable(file.path, SHOWN);
    SideView before = file.before;
    SideView after = file.after;
    if (before == null || after == null) {
      SideView only = after != null ? after : before;
      return "%s %s  %s".formatted(sign(file.change), path, only == null ? "" : told(only));
    }
    var what = new ArrayList<String>();
    if (!before.type.equals(after.type)) {
      what.add("%s became %s".formatted(before.type, told(after)));
    } else {
      if (before.sizeBytes != after.sizeBytes || file.changedBytes > 0) {
        what.add(
            "%s of %s changed".formatted(Human.bytes(file.changedBytes), size(after.sizeBytes)));
      }
      if (before.sizeBytes != after.sizeBytes) {
        what.add("was " + size(before.sizeBytes));
      }
      if (before.target != null && !before.target.equals(after.target)) {
        what.add("%s, was -> %s".formatted(told(after), Text.printable(before.target, SHOWN)));
      }
      if (!before.mode.equals(after.mode)) {
        what.add("mode %s, was %s".formatted(after.mode, before.mode));
      }
      if (what.isEmpty()) {
        what.add("other order of the same contents");
      }
    }
    return "%s %s  %s".formatted(sign(file.change), path, String.join(", ", what));
  }

  private static String told(SideView side) {
    if (side.target != null) {
      return "-> " + Text.printable(side.target, SHOWN);
    }
    return side.type.equals("file") ? Human.bytes(side.sizeBytes) : side.type;
  }

  /// To the byte: two sizes that are told side by side are not the same.
  private static String size(long bytes) {
    return bytes < 1024 ? bytes + " B" : "%s (%d B)".formatted(Human.bytes(bytes), bytes);
  }

  private static String line(StateDiff.Change change) {
    String path = change.path().isEmpty() ? "(all of it)" : change.path();
    String values =
        change.before() == null || change.after() == null
            ? value(change.after() == null ? change.before() : change.after())
            : "%s, was %s".formatted(value(change.after()), value(change.before()));
    return "%s %s  %s".formatted(sign(change.change()), Text.printable(path, SHOWN), values);
  }

  private static String value(@Nullable JsonNode node) {
    return Text.printable(String.valueOf(node), VALUE_SHOWN);
  }

  private static String sign(String change) {
    return switch (change) {
      case "added" -> "+";
      case "removed" -> "-";
      default -> "~";
    };
  }
}
