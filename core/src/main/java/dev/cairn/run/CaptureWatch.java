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
            && layout.judgeAtRest(tree, published, false) instanceof Readiness.Ready ready
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

  /// Scans the directory once.
  Readiness judge() {
    FileTree tree = look();
    if (previous == null || !tree.sameAs(previous)) {
      unchangedSince = env.nanos();
    }
    Readiness readiness =
        layout.judge(
            new Layout.Sight(
                tree,
                previous,
                Duration.ofNanos(env.nanos() - unchangedSince),
                openFiles.get(),
                published,
                savedAtCapture,
                savedPublished));
    previous = tree;
    if (readiness instanceof Readiness.Ready ready) {
      judged(tree, ready);
    }
    return readiness;
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
