package dev.cairn.run;

import dev.cairn.domain.Text;
import dev.cairn.env.Seam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// Which files a job holds open for writing, as `/proc` tells (see proc(5)).
///
/// Counted are descriptors opened for writing and shared writable memory maps, of all processes of
/// the session that the job was started in and of what descends from them. Not counted are files
/// open for appending, which are logs, and the three standard streams. A hint: what may not be
/// looked at is skipped, and the work is bounded.
@Seam
public final class OpenFiles {
  private static final int MOST_DESCRIPTORS = 50_000;
  private static final int MOST_MAPS = 200_000;
  private static final int FIRST_DESCRIPTOR = 3;

  // Bits of "flags" in fdinfo, in octal there and here.
  private static final int ACCESS_MODE = 03;
  private static final int APPEND = 02000;

  private final Path root;
  private final Map<String, String> found = new TreeMap<>();
  private int descriptors;
  private int maps;

  private OpenFiles(Path root) {
    this.root = root;
  }

  /// @param session the process group that a job was started as, which is also its session
  /// @return path relative to `root` → the process, such as `python3 (pid 71)`; empty where there
  ///   is no `/proc`
  public static Map<String, String> below(Path root, long session) {
    try {
      var open = new OpenFiles(root.toRealPath());
      ProcessTable.read().of(session, 0).forEach(open::look);
      return Map.copyOf(open.found);
    } catch (IOException _) {
      return Map.of(); // nothing can be open below what is not there
    }
  }

  private void look(ProcessTable.Entry process) {
    String who = "%s (pid %d)".formatted(Text.printable(process.name(), 60), process.pid());
    Path directory = Path.of("/proc", Long.toString(process.pid()));
    try (var links = Files.newDirectoryStream(directory.resolve("fd"))) {
      for (Path link : links) {
        if (++descriptors > MOST_DESCRIPTORS) {
          break;
        }
        lookAtDescriptor(directory, link, who);
      }
    } catch (IOException | DirectoryIteratorException _) {
      // Ended meanwhile, or not ours to look at.
    }
    lookAtMaps(directory.resolve("maps"), who);
  }

  private void lookAtDescriptor(Path process, Path link, String who) {
    String number = link.getFileName().toString();
    try {
      if (Integer.parseInt(number) < FIRST_DESCRIPTOR) {
        return;
      }
      Path target = Files.readSymbolicLink(link);
      if (target.startsWith(root) && isWriting(process.resolve("fdinfo").resolve(number))) {
        note(target, who);
      }
    } catch (IOException | NumberFormatException _) {
      // Closed meanwhile.
    }
  }

  private static boolean isWriting(Path info) throws IOException {
    for (String line : Files.readAllLines(info, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith("flags:")) {
        int flags = Integer.parseInt(line.substring("flags:".length()).strip(), 8);
        return (flags & ACCESS_MODE) != 0 && (flags & APPEND) == 0;
      }
    }
    return false;
  }

  /// Lines such as `7f…-7f… rw-s 00000000 fe:00 1234 /path`.
  private void lookAtMaps(Path file, String who) {
    try (var lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      String line = lines.readLine();
      while (line != null && ++maps <= MOST_MAPS) {
        int slash = line.indexOf('/');
        if (slash > 0 && line.contains(" rw-s ") || slash > 0 && line.contains(" rwxs ")) {
          Path target = Path.of(line.substring(slash).replace("\\012", "\n"));
          if (target.startsWith(root)) {
            note(target, who);
          }
        }
        line = lines.readLine();
      }
    } catch (IOException | UncheckedIOException _) {
      // Ended meanwhile, not ours to look at, or a name that is no text.
    }
  }

  private void note(Path target, String who) {
    if (Files.exists(target)) { // and not "… (deleted)"
      found.putIfAbsent(root.relativize(target).toString(), who);
    }
  }
}
