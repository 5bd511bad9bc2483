package dev.cairn.cli.archive;

import dev.cairn.cli.archive.Archive.Contents;
import dev.cairn.cli.archive.Archive.Item;
import dev.cairn.cli.archive.Archive.Kind;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Human;
import dev.cairn.domain.Text;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import dev.cairn.repository.FileTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Unpacks an archive from a stranger into a fresh directory of one's own, or refuses it (I10).
///
/// Refused are: names that are absolute, have `..` or an empty segment, or come twice; anything
/// below a file or a link; links that lead outside, or might by way of another link; devices and
/// pipes; sizes and checksums that are wrong; more names, depth or bytes than the limits; what is
/// cut off. Nothing is ever written through a link, because nothing is written below one.
///
/// A link may say `..` only at its start: there it counts real directories. So a chain of links
/// stays inside too, because each of them does.
///
/// Not thread-safe; for one archive.
public final class Unpacking {
  private static final int MAX_NAMES = 1_000_000;
  private static final long MAX_NAME_CHARS = 256L << 20;
  private static final int MAX_DEPTH = 128;
  private static final int SHOWN = 200;
  private static final int NO_SET_ID = 0777 | 01000;
  private static final String OWN_NAMES = ".cairn-";

  /// Deflate cannot shrink to less than a thousandth, so there is no bound below which every honest
  /// archive stays; what is smaller than this is unpacked in any case.
  private static final long SMALL_BYTES = 1L << 30;

  private static final int MOST_EXPANSION = 100;

  private final Disk disk;
  private final Path target;
  private final Limits limits;
  private final String stateName;

  private final Map<String, Kind> kinds = new HashMap<>();
  private final Map<String, Item> directories = new HashMap<>();
  private final Deque<String> order = new ArrayDeque<>();
  private final ByteArrayOutputStream state = new ByteArrayOutputStream();
  private boolean hasState;
  private long nameChars;
  private long bytes;
  private long files;

  /// @param archiveBytes size of the archive
  /// @param large whether it may unpack to more than 100 times that
  /// @param freeBytes how much may be written
  /// @param stateBytes how large the state may be
  public record Limits(long archiveBytes, boolean large, long freeBytes, long stateBytes) {}

  /// @param target an empty directory
  /// @param stateName of the file that is the state, and is not unpacked
  public Unpacking(Disk disk, Path target, Limits limits, String stateName) {
    this.disk = disk;
    this.target = target;
    this.limits = limits;
    this.stateName = stateName;
  }

  /// @param files number of regular files
  /// @param state absent if there is none
  public record Unpacked(long files, long sizeBytes, Optional<byte[]> state) {}

  /// @throws CairnException.Invalid if the archive is refused; what was written stays in the target
  public Unpacked unpack(Path archive) {
    Archive.read(disk, archive, this::entry);
    while (!order.isEmpty()) { // those within come before: their names change the times
      String path = order.removeLast();
      Item item = directories.get(path);
      if (item != null) {
        disk.setAttributes(target.resolve(path), item.mode(), item.modified());
      }
    }
    return new Unpacked(
        files, bytes, hasState ? Optional.of(state.toByteArray()) : Optional.empty());
  }

  private void entry(Item item, Contents contents) throws IOException {
    String path = path(item);
    if (path.isEmpty()) {
      return; // the directory itself
    }
    if (path.equals(stateName)) {
      takeState(item, contents);
      return;
    }
    requireFree(path, item);
    parents(path);
    count(path);
    expand(item, path);
    kinds.put(path, item.kind());
    Path place = target.resolve(path);
    switch (item.kind()) {
      case FILE -> {
        files++;
        try (DiskFile file = disk.create(place)) {
          contents.copy(file::write);
        }
        disk.setAttributes(place, item.mode() & NO_SET_ID, item.modified());
      }
      case DIRECTORY -> directory(path, item);
      case SYMLINK -> {
        requireInside(path, item.target());
        disk.symlink(place, item.target());
      }
      case HARD_LINK -> {
        files++;
        disk.link(target.resolve(linked(path, item.target())), place);
        kinds.put(path, Kind.FILE);
      }
    }
  }

  /// The path below the target; empty for the target itself.
  private static String path(Item item) {
    String path = item.name();
    while (path.startsWith("./")) {
      path = path.substring(2);
    }
    if (item.kind() == Kind.DIRECTORY && path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (item.kind() == Kind.DIRECTORY && (path.isEmpty() || path.equals("."))) {
      return "";
    }
    String checked = path;
    FileTree.flaw(path)
        .ifPresent(flaw -> {
          throw refused("the name '%s' cannot be unpacked: %s".formatted(shown(checked), flaw));
        });
    return path;
  }

  private void takeState(Item item, Contents contents) throws IOException {
    if (item.kind() != Kind.FILE || hasState) {
      throw refused(stateName + " is not one file, as the state should be");
    }
    if (item.sizeBytes() > limits.stateBytes) {
      throw refused("the state is larger than " + Human.bytes(limits.stateBytes));
    }
    hasState = true;
    contents.copy(buffer -> {
      state.write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
      buffer.position(buffer.limit());
    });
  }

  private void requireFree(String path, Item item) {
    if (path.startsWith(OWN_NAMES)) {
      throw refused("%s has a name that is Cairn's own".formatted(shown(path)));
    }
    Kind there = kinds.get(path);
    boolean ofParent =
        there == Kind.DIRECTORY && item.kind() == Kind.DIRECTORY && !directories.containsKey(path);
    if (there != null && !ofParent) {
      throw refused("%s is in it twice".formatted(shown(path)));
    }
  }

  /// Makes the directories on the way to `path`, which need not be entries of their own.
  private void parents(String path) {
    int depth = 0;
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (++depth > MAX_DEPTH) {
        throw refused("%s is more than %d folders deep".formatted(shown(path), MAX_DEPTH));
      }
      String parent = path.substring(0, slash);
      Kind there = kinds.get(parent);
      if (there == null) {
        count(parent);
        kinds.put(parent, Kind.DIRECTORY);
        order.add(parent);
        disk.createDirectories(target.resolve(parent));
      } else if (there != Kind.DIRECTORY) {
        throw refused(
            "%s is below %s, which is no directory".formatted(shown(path), shown(parent)));
      }
    }
  }

  private void directory(String path, Item item) {
    Path place = target.resolve(path);
    if (disk.stat(place).isEmpty()) {
      order.add(path);
      disk.createDirectories(place);
    }
    directories.put(path, item);
  }

  private void count(String path) {
    nameChars += path.length();
    if (kinds.size() >= MAX_NAMES || nameChars > MAX_NAME_CHARS) {
      throw refused(
          "it holds more than %,d names, or names that are too long".formatted(MAX_NAMES));
    }
  }

  /// Before a byte is written: what is announced must be allowed and have room.
  private void expand(Item item, String path) {
    long size =
        switch (item.kind()) {
          case FILE -> item.sizeBytes();
          case HARD_LINK -> sizeOf(path, item);
          case DIRECTORY, SYMLINK -> 0;
        };
    if (size < 0 || size > Long.MAX_VALUE - bytes) {
      throw refused("%s has no size".formatted(shown(path)));
    }
    bytes += size;
    if (bytes > limits.freeBytes) {
      throw CairnException.Unavailable.full(
          "the archive unpacks to more than %s, and there is room for %s; nothing was published"
              .formatted(Human.bytes(bytes - 1), Human.bytes(limits.freeBytes)),
          null);
    }
    if (!limits.large && bytes > SMALL_BYTES && bytes / MOST_EXPANSION > limits.archiveBytes) {
      throw new CairnException.Invalid(
          "the archive has %s and unpacks to more than %d times that"
              .formatted(Human.bytes(limits.archiveBytes), MOST_EXPANSION),
          "Nothing was published. If you trust it: --large");
    }
  }

  private long sizeOf(String path, Item item) {
    return disk.stat(target.resolve(linked(path, item.target()))).orElseThrow().sizeBytes();
  }

  /// The file of which a hard link is another name.
  private String linked(String path, String of) {
    String target = of.startsWith("./") ? of.substring(2) : of;
    if (kinds.get(target) != Kind.FILE) {
      throw refused(
          "%s is a second name of %s, which is no file before it in the archive"
              .formatted(shown(path), shown(of)));
    }
    return target;
  }

  private static void requireInside(String path, String says) {
    Set<String> here = Set.of("", ".");
    int depth = path.split("/", -1).length - 1;
    boolean down = false;
    boolean inside = !says.isEmpty() && !says.startsWith("/") && says.indexOf('\0') < 0;
    for (String segment : says.split("/", -1)) {
      if (segment.equals("..")) {
        inside &= !down && --depth >= 0;
      } else if (!here.contains(segment)) {
        down = true;
      }
    }
    if (!inside) {
      throw refused("the link %s leads outside: -> %s".formatted(shown(path), shown(says)));
    }
  }

  private static CairnException.Invalid refused(String what) {
    return new CairnException.Invalid(
        "the archive is refused: " + what, "Nothing was published. Make the archive without it.");
  }

  private static String shown(String name) {
    return Text.printable(name, SHOWN);
  }
}
