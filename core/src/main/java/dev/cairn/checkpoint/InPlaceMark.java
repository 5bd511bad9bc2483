package dev.cairn.checkpoint;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.env.Disk.FileKind;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// Says that a directory is being restored in place, and by whom: as long as `.cairn-restoring` is
/// in it, it is half restored.
///
/// ```
/// .cairn-restoring/holder-<n>   `<mark> fresh` or `<mark> over` and a newline; see [ProcessMark]
/// .cairn-restoring/new-<hex>    a file or link that is about to take the place of another
/// ```
///
/// The highest holder is the one in charge. A number is taken by creating the file, which only one
/// can do, and only above one that is not at work any more; whoever finds a higher one before he
/// has changed anything gives up. `fresh` means that the directory was empty when it began.
public final class InPlaceMark {
  /// The name, directly in the directory.
  public static final String NAME = ".cairn-restoring";

  private static final Pattern HOLDER = Pattern.compile("holder-([1-9][0-9]{0,8})");
  private static final int LIMIT = 200;
  private static final int ATTEMPTS = 10;
  private static final String FRESH = "fresh";

  private final Disk disk;
  private final Path target;
  private final boolean first;

  private InPlaceMark(Disk disk, Path target, boolean first) {
    this.disk = disk;
    this.target = target;
    this.first = first;
  }

  /// What the newest holder file says.
  ///
  /// @param number 0 if there is none
  private record Holder(int number, Optional<ProcessMark> mark, boolean fresh) {
    private static final Holder NONE = new Holder(0, Optional.empty(), true);
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
  /// @throws CairnException.Conflict if another restore may be at work in it
  static InPlaceMark take(Disk disk, Env env, Host host, Path directory, boolean fresh) {
    Path marks = directory.resolve(NAME);
    if (disk.stat(marks).isPresent() && !isDirectory(disk, marks)) {
      throw new CairnException.Conflict(
          shown(marks) + " is not ours; nothing was changed", "Move it out of the way.");
    }
    disk.createDirectories(marks);
    String text = ProcessMark.here(host, env).text() + (fresh ? " " + FRESH : " over") + "\n";
    for (int i = 0; i < ATTEMPTS; i++) {
      Holder before = newest(disk, marks);
      before.mark.ifPresent(mark -> requireDone(mark, host, directory));
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
      var mark = new InPlaceMark(disk, directory, before.number == 0);
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
      return new Holder(number, Optional.empty(), false);
    }
    String[] words = StandardCharsets.UTF_8.decode(bytes.flip()).toString().split("\\s", -1);
    return new Holder(
        number, ProcessMark.parse(words[0]), words.length > 1 && words[1].equals(FRESH));
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
