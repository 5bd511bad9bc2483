package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.CheckpointId;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import dev.cairn.repository.Repository;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// Says that a directory is being restored in place, and by whom: as long as `.cairn-restoring` is
/// in it, it is half restored.
///
/// ```
/// .cairn-restoring/holder-<n>   `<mark> fresh <id> <paths>` or `<mark> over <id> <paths>` and a
///                               newline; see [ProcessMark]; `<id>` of the checkpoint
/// .cairn-restoring/new-<hex>    a file or link that is about to take the place of another
/// ```
///
/// The highest holder is the one in charge. A number is taken by creating the file, which only one
/// can do, and only above one that is not at work any more; whoever finds a higher one before he
/// has changed anything gives up. `fresh` means that the directory was empty when it began. What
/// was left half restored is finished by a restore of the same checkpoint, of the same paths or of
/// all: any other would leave what it does not name half written.
public final class InPlaceMark {
  /// The name, directly in the directory.
  public static final String NAME = ".cairn-restoring";

  private static final String ALL = Repository.Restore.Wanted.ALL.name();

  private static final Pattern HOLDER = Pattern.compile("holder-([1-9][0-9]{0,8})");
  private static final int LIMIT = 600;
  private static final int ATTEMPTS = 10;
  private static final String FRESH = "fresh";

  private final Disk disk;
  private final Path target;
  private final boolean first;
  private final boolean goesOn;

  private InPlaceMark(Disk disk, Path target, boolean first, boolean goesOn) {
    this.disk = disk;
    this.target = target;
    this.first = first;
    this.goesOn = goesOn;
  }

  /// What the newest holder file says.
  ///
  /// @param number 0 if there is none
  /// @param what was to be restored; absent if it is not known
  private record Holder(
      int number, Optional<ProcessMark> mark, boolean fresh, Optional<Purpose> what) {
    private static final Holder NONE = new Holder(0, Optional.empty(), true, Optional.empty());
  }

  /// What is restored.
  ///
  /// @param id of the checkpoint that is tried first
  /// @param paths see [Repository.Restore.Wanted#name]
  record Purpose(CheckpointId id, String paths) {
    boolean finishes(Purpose other) {
      return id.equals(other.id) && (paths.equals(ALL) || paths.equals(other.paths));
    }

    private String text() {
      return id + " " + paths;
    }

    private static Optional<Purpose> parse(String[] words) {
      try {
        return words.length > 3
            ? Optional.of(new Purpose(CheckpointId.parse(words[2]), words[3]))
            : Optional.empty();
      } catch (CairnException.Invalid _) {
        return Optional.empty();
      }
    }
  }

  static boolean isName(Path name) {
    return name.toString().equals(NAME);
  }

  /// Whether `directory` is half restored.
  public static boolean isIn(Disk disk, Path directory) {
    return disk.stat(directory.resolve(NAME)).isPresent();
  }

  /// Whether it is, and all in it was written by restores.
  static boolean isOfFresh(Disk disk, Path directory) {
    if (!isDirectory(disk, directory.resolve(NAME))) {
      return false;
    }
    Holder holder = newest(disk, directory.resolve(NAME));
    return holder.number == 0 ? disk.list(directory).size() == 1 : holder.fresh;
  }

  private static boolean isDirectory(Disk disk, Path path) {
    return disk.stat(path).filter(stat -> stat.kind() == FileKind.DIRECTORY).isPresent();
  }

  /// Marks `directory`, durably.
  ///
  /// @throws CairnException.Conflict if another restore may be at work in it, or has left something
  ///   else half restored
  static InPlaceMark take(
      Disk disk, Env env, Host host, Path directory, boolean fresh, Purpose what) {
    Path marks = directory.resolve(NAME);
    if (disk.stat(marks).isPresent() && !isDirectory(disk, marks)) {
      throw new CairnException.Conflict(
          shown(marks) + " is not ours; nothing was changed", "Move it out of the way.");
    }
    disk.createDirectories(marks);
    String text =
        "%s %s %s\n"
            .formatted(ProcessMark.here(host, env).text(), fresh ? FRESH : "over", what.text());
    for (int i = 0; i < ATTEMPTS; i++) {
      Holder before = newest(disk, marks);
      before.mark.ifPresent(mark -> {
        requireDone(mark, host, directory);
        if (!fresh) {
          requireFinished(before, what, directory);
        }
      });
      int number = before.number + 1;
      if (!create(disk, marks.resolve("holder-" + number), text)) {
        continue;
      }
      disk.forceDirectory(marks);
      if (newest(disk, marks).number != number) {
        throw new CairnException.Conflict(
            "another restore into %s has begun at the same time".formatted(shown(directory)),
            "Nothing was changed from here.");
      }
      boolean goesOn = before.what.map(what::finishes).orElse(false);
      var mark = new InPlaceMark(disk, directory, before.number == 0, goesOn);
      mark.removeAllBut("holder-" + number);
      return mark;
    }
    throw new CairnException.Conflict(
        "several restores into %s begin at the same time".formatted(shown(directory)),
        "Try again.");
  }

  private static void requireDone(ProcessMark mark, Host host, Path directory) {
    switch (mark.fate(host)) {
      case GONE, EARLIER -> {}
      case ALIVE ->
          throw new CairnException.Conflict(
              "process %d restores into %s at this moment".formatted(mark.pid(), shown(directory)),
              "Wait for it, or end it: the next restore goes on from there.");
      case ELSEWHERE ->
          throw new CairnException.Conflict(
              "a restore on another machine may be at work in " + shown(directory),
              "If there is none any more, remove %s and start again with --in-place."
                  .formatted(shown(directory.resolve(NAME))));
    }
  }

  private static void requireFinished(Holder before, Purpose what, Path directory) {
    if (!before.what.map(what::finishes).orElse(false)) {
      throw unfinished(before, directory, "nothing was changed");
    }
  }

  /// @throws CairnException.Conflict if `directory` is half restored
  public static void requireNone(Disk disk, Path directory, String otherwise) {
    if (isIn(disk, directory)) {
      Path marks = directory.resolve(NAME);
      Holder holder = isDirectory(disk, marks) ? newest(disk, marks) : Holder.NONE;
      throw unfinished(holder, directory, otherwise);
    }
  }

  private static CairnException.Conflict unfinished(
      Holder holder, Path directory, String otherwise) {
    String id = holder.what.map(what -> what.id().toString()).orElse("…");
    return new CairnException.Conflict(
        "%s is half restored, by a restore of %s; %s".formatted(shown(directory), id, otherwise),
        "Finish that first: cairn checkpoints restore %s --to %s --in-place. Or leave it so, and remove %s."
            .formatted(id, shown(directory), shown(directory.resolve(NAME))));
  }

  /// @return false if the name is taken
  private static boolean create(Disk disk, Path path, String text) {
    DiskFile created;
    try {
      created = disk.create(path);
    } catch (CairnException.Unavailable e) {
      if (disk.stat(path).isPresent()) {
        return false;
      }
      throw e;
    }
    try (DiskFile file = created) {
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      file.force();
    }
    return true;
  }

  private static Holder newest(Disk disk, Path marks) {
    int highest = 0;
    for (Path name : disk.list(marks)) {
      var matcher = HOLDER.matcher(name.toString());
      if (matcher.matches()) {
        highest = Math.max(highest, Integer.parseInt(matcher.group(1)));
      }
    }
    return highest == 0 ? Holder.NONE : read(disk, marks.resolve("holder-" + highest), highest);
  }

  /// One that cannot be read was not finished, and its maker has changed nothing yet.
  private static Holder read(Disk disk, Path path, int number) {
    var bytes = ByteBuffer.allocate(LIMIT);
    try (DiskFile file = disk.open(path)) {
      file.read(bytes, 0);
    } catch (CairnException.NotFound _) {
      return new Holder(number, Optional.empty(), false, Optional.empty());
    }
    String[] words = StandardCharsets.UTF_8.decode(bytes.flip()).toString().split("\\s", -1);
    return new Holder(
        number,
        ProcessMark.parse(words[0]),
        words.length > 1 && words[1].equals(FRESH),
        Purpose.parse(words));
  }

  private static String shown(Path path) {
    return Text.printable(path.toString(), 400);
  }

  /// For files until they take the place of others.
  Path directory() {
    return target.resolve(NAME);
  }

  /// Whether no restore before this one has left the directory half restored.
  boolean isFirst() {
    return first;
  }

  /// Whether what a restore before this one has left is of the same checkpoint.
  boolean goesOn() {
    return goesOn;
  }

  private void removeAllBut(String kept) {
    for (Path name : disk.list(directory())) {
      if (!name.toString().equals(kept)) {
        Leftovers.removeTree(disk, directory().resolve(name), () -> {});
      }
    }
  }

  /// The directory is whole: durably so on return.
  void release() {
    Leftovers.removeTree(disk, directory(), () -> {});
    disk.forceDirectory(target);
  }

  /// As [#release]; what stands in the way is added to `because`.
  void release(Throwable because) {
    try {
      release();
    } catch (CairnException e) {
      because.addSuppressed(e);
    }
  }
}
