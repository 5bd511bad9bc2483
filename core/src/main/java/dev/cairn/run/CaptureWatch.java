package dev.cairn.run;

import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.repository.FileTree;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Looks at the watched directory again and again and judges by its layout whether what is there is
/// complete. Not thread-safe.
final class CaptureWatch {
  /// How often it looks again because the command has said `saved` while it looked.
  private static final int LOOKS = 3;

  private final Disk disk;
  private final Env env;
  private final Path root;
  private final Layout layout;
  private final Supplier<Long> savedCount;
  private final Supplier<Progress> said;
  private final Supplier<Map<String, String>> openFiles;

  private @Nullable FileTree previous;
  private @Nullable FileTree published;
  private FileTree judged = FileTree.EMPTY;
  private boolean repeats;
  private boolean waited;
  private Predicate<String> leaveOut = WatchedDirectory::isOurs;
  private long unchangedSince;
  private long savedPublished;
  private long savedAtCapture;
  private Progress progress = Progress.NONE;

  /// @param savedCount how often the command has said that a save is complete
  /// @param said how far the command has said it is
  /// @param openFiles what the command holds open for writing below `root`, and which process does
  CaptureWatch(
      Disk disk,
      Env env,
      Path root,
      Layout layout,
      Supplier<Long> savedCount,
      Supplier<Progress> said,
      Supplier<Map<String, String>> openFiles) {
    this.disk = disk;
    this.env = env;
    this.root = root;
    this.layout = layout;
    this.savedCount = savedCount;
    this.said = said;
    this.openFiles = openFiles;
  }

  Path root() {
    return root;
  }

  /// Whether the directory does not exist any more.
  boolean isGone() {
    return disk.stat(root).isEmpty();
  }

  /// Takes what was published last as what is to be captured once more: it has not changed.
  void again() {
    repeats = true;
    judged = published == null ? FileTree.EMPTY : published;
    Set<String> paths =
        judged.nodes().stream().map(FileTree.Node::path).collect(Collectors.toUnmodifiableSet());
    leaveOut = path -> !paths.contains(path);
  }

  /// Why `tree`, which is about to be captured, is not complete although what was judged was: time
  /// has passed since, and it may be half overwritten now.
  Optional<String> objection(FileTree tree) {
    if (TreeView.of(judged, leaveOut).sameAs(TreeView.of(tree, leaveOut))) {
      return Optional.empty();
    }
    boolean isMarked =
        !repeats
            && layout.completeAfterAbnormalEnd()
            && judge(tree, judged, Map.of()) instanceof Readiness.Ready ready
            && ready.leftOut().isEmpty(); // else it would be captured all the same
    return isMarked ? Optional.empty() : Optional.of("it changed again before it could be read");
  }

  /// What the judged capture leaves out.
  Predicate<String> leaveOut() {
    return leaveOut;
  }

  /// How far the command had said it was when the directory was judged.
  Progress progress() {
    return progress;
  }

  /// Notes what the directory held when it was published or restored.
  void published(@Nullable FileTree tree) {
    published = tree;
    savedPublished = savedAtCapture;
  }

  /// Whether the command has said "saved" since the last capture.
  boolean savedMeanwhile() {
    return savedCount.get() > savedPublished;
  }

  /// Looks at the directory.
  ///
  /// If another look that finds the same would show more to be complete, it waits for that one, but
  /// not twice in a row: a fast writer always has something new that only the next look can judge.
  Readiness judge() {
    FileTree tree = look();
    if (previous == null || !tree.sameAs(previous)) {
      unchangedSince = env.nanos();
    }
    Map<String, String> open = openFiles.get();
    Readiness readiness = judge(tree, previous, open);
    Optional<String> doubt = waited ? Optional.empty() : doubt(readiness, judge(tree, tree, open));
    previous = tree;
    waited = doubt.isPresent();
    if (doubt.isPresent()) {
      return new Readiness.NotYet(doubt.get());
    }
    if (readiness instanceof Readiness.Ready ready) {
      judged(tree, ready);
    }
    return readiness;
  }

  private Readiness judge(FileTree tree, @Nullable FileTree before, Map<String, String> open) {
    return layout.judge(
        new Layout.Sight(
            tree,
            before,
            Duration.ofNanos(env.nanos() - unchangedSince),
            open,
            published,
            savedAtCapture,
            savedPublished));
  }

  /// What is left out now and would not be left out next time, if nothing changes.
  private static Optional<String> doubt(Readiness now, Readiness next) {
    return switch (next) {
      case Readiness.Unchanged _, Readiness.NotYet _ -> Optional.empty();
      case Readiness.Ready later ->
          switch (now) {
            case Readiness.NotYet _ -> Optional.empty(); // it says so itself
            case Readiness.Unchanged _ ->
                Optional.of("what is new may still be changing: its marker bears the same time");
            case Readiness.Ready ready ->
                ready.leftOut().stream()
                    .filter(left -> !later.leftOut().contains(left))
                    .findFirst();
          };
    };
  }

  /// For when nobody writes any more: whether there is anything new that is complete.
  ///
  /// @param ownEnd whether the command ended as it wanted to, not in the middle of something
  boolean changedSincePublished(boolean ownEnd) {
    FileTree tree = look();
    Readiness readiness = layout.judgeAtRest(tree, published, ownEnd);
    if (readiness instanceof Readiness.Ready ready) {
      judged(tree, ready);
      return true;
    }
    return false;
  }

  private void judged(FileTree tree, Readiness.Ready ready) {
    repeats = false;
    judged = tree;
    leaveOut = path -> WatchedDirectory.isOurs(path) || ready.leaveOut().test(path);
  }

  /// What the directory holds and what the command says, both as of one moment as far as it says
  /// `saved`: else the step of one save would stand on the contents of another.
  private FileTree look() {
    FileTree tree = FileTree.EMPTY;
    for (int i = 0; i < LOOKS; i++) {
      savedAtCapture = savedCount.get();
      tree = FileTree.scan(disk, root, WatchedDirectory::isOurs);
      progress = said.get();
      if (savedCount.get() == savedAtCapture) {
        break;
      }
    }
    return tree;
  }
}
