package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.env.Host;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Command lines in one directory, on one store in it: run in this process, or in one of their own
/// where that makes a difference. Whatever they are told, none may show a stack trace or call an
/// error unforeseen.
final class Cli {
  /// Above any that a system gives out, so that each call looks like a process that has ended
  /// since.
  private static final AtomicLong PIDS = new AtomicLong(1L << 30);

  private static final int NOT_OVER = -1;

  private final Path directory;
  private final Path store;

  Cli(Path directory) {
    this(directory, directory.resolve("store"));
  }

  Cli(Path directory, Path store) {
    this.directory = directory;
    this.store = store;
  }

  Path directory() {
    return directory;
  }

  Path store() {
    return store;
  }

  /// The same directory with another store.
  Cli withStore(Path other) {
    return new Cli(directory, other);
  }

  Context context(PrintWriter out, PrintWriter err) {
    var here = Host.here(Map.of());
    return new Context(
        new SystemEnv(),
        new RealDisk(),
        new Host(here.node(), here.boot(), PIDS.incrementAndGet()),
        Map.of("CAIRN_STORE", store.toString(), "USER", "tester"),
        directory,
        out,
        asText(out),
        err,
        false);
  }

  /// Each byte as a character.
  private static OutputStream asText(PrintWriter out) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        out.write(b & 0xff);
      }
    };
  }

  Result run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.run(context(new PrintWriter(out), new PrintWriter(err)), arguments);
    return new Result(List.of(arguments), code, out.toString(), err.toString()).checked();
  }

  /// The same in a process of its own, in a UTF-8 locale.
  Result runProcess(String... arguments) throws IOException, InterruptedException {
    return runProcess(List.of(), arguments);
  }

  /// @param before what the process is started through, such as another program with its arguments
  Result runProcess(List<String> before, String... arguments)
      throws IOException, InterruptedException {
    var line = new ArrayList<>(before);
    line.addAll(commandLine(arguments));
    return start(line, arguments);
  }

  private Result start(List<String> line, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("cairn-out", "");
    Path err = Files.createTempFile("cairn-err", "");
    try {
      Process process =
          process(line).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      boolean over = process.waitFor(2, TimeUnit.MINUTES);
      if (!over) {
        process.destroyForcibly().waitFor();
      }
      return new Result(
              List.of(arguments),
              over ? process.exitValue() : NOT_OVER,
              Files.readString(out),
              Files.readString(err))
          .checked();
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /// A shell script in which `$cairn` is the command; quote nothing around it.
  Result shell(String script) throws IOException, InterruptedException {
    return start(
        List.of("sh", "-c", "cairn='" + String.join(" ", commandLine()) + "'; " + script), script);
  }

  ProcessBuilder process(List<String> line) {
    var builder = new ProcessBuilder(line).directory(directory.toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.environment().putAll(Map.of("CAIRN_STORE", store.toString(), "LC_ALL", "C.UTF-8"));
    builder
        .environment()
        .keySet()
        .removeAll(List.of("CAIRN_TRACE", "CAIRN_NODE", "JAVA_TOOL_OPTIONS"));
    return builder;
  }

  List<String> commandLine(String... arguments) {
    var line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    line.addAll(List.of(arguments));
    return line;
  }

  /// Writes a file, and the directories that lead to it.
  Path write(String name, String text) {
    return write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  Path write(String name, byte[] bytes) {
    try {
      Path file = directory.resolve(name);
      Files.createDirectories(file.resolveSibling(""));
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// Every name below `root` with what is in it: to see that nothing was changed.
  static Map<String, String> contents(Path root) {
    var found = new TreeMap<String, String>();
    if (!Files.exists(root)) {
      return found;
    }
    try (var names = Files.walk(root)) {
      for (Path path : names.toList()) {
        found.put(root.relativize(path).toString(), content(path));
      }
      return found;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String content(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      return "-> " + Files.readSymbolicLink(path);
    }
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    }
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) ? "directory" : "special";
  }

  /// What one command line came to.
  record Result(List<String> command, int code, String out, String err) {
    private Result checked() {
      assertThat(code).as("%s", this).isNotEqualTo(NOT_OVER);
      assertThat(out + err)
          .as("%s", this)
          .doesNotContain("\tat ", "Exception", "this should not have happened");
      return this;
    }

    Result ok() {
      return ends(0);
    }

    Result ends(int expected) {
      assertThat(code).as("%s", this).isEqualTo(expected);
      return this;
    }

    /// Ended so, with all of this said to people and nothing printed that another program reads.
    Result fails(int expected, String... words) {
      ends(expected);
      assertThat(out).as("%s", this).isEmpty();
      assertThat(err).as("%s", this).startsWith("cairn: ");
      return saying(words);
    }

    Result saying(String... words) {
      assertThat(List.of(words)).as("%s", this).allSatisfy(word -> assertThat(err).contains(word));
      return this;
    }

    JsonNode json() {
      return JsonMapper.shared().readTree(out);
    }

    @Override
    public String toString() {
      return "cairn %s: exit code %d%n--- out%n%s--- err%n%s---"
          .formatted(String.join(" ", command), code, out, err);
    }
  }
}
