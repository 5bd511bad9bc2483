package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

final class ExportCommandTest {
  private static final String LONG = "long/".repeat(40) + "name-ü-日本";

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void something_saved() throws IOException {
    cairn = new Cli(directory);
    var noise = new byte[3 << 20];
    new Random(1).nextBytes(noise);
    cairn.write("data/noise", noise);
    cairn.write("data/zeros", new byte[2 << 20]);
    cairn.write("data/empty", "");
    cairn.write("data/" + LONG, "far");
    Files.createDirectories(directory.resolve("data/nothing/in/it"));
    Files.createSymbolicLink(directory.resolve("data/link"), Path.of("noise"));
    cairn.write("data/script", "echo");
    Files.setPosixFilePermissions(
        directory.resolve("data/script"), PosixFilePermissions.fromString("rwxr-x--x"));
    Files.setLastModifiedTime(
        directory.resolve("data/script"),
        FileTime.from(Instant.parse("2001-02-03T04:05:06.123456700Z")));
    Files.setPosixFilePermissions(
        directory.resolve("data/nothing"), PosixFilePermissions.fromString("rwx------"));
    Files.setLastModifiedTime(
        directory.resolve("data/nothing"), FileTime.from(Instant.parse("1999-01-01T00:00:00Z")));
    cairn.write("state.json", "{\"epoch\": 3}");
    cairn.run("save", "--job", "a", "--state", "state.json", "data").ok();
  }

  /// Names, contents, modes and times of all but links.
  private static Map<String, String> described(Path root) throws IOException {
    var all = new TreeMap<>(Cli.contents(root));
    for (var one : all.entrySet()) {
      Path path = root.resolve(one.getKey());
      if (!Files.isSymbolicLink(path) && !one.getKey().isEmpty()) {
        one.setValue(
            one.getValue()
                + Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)
                + Files.getLastModifiedTime(path).toInstant().toEpochMilli());
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"out.tar", "out.zip"})
  void what_is_exported_comes_back_by_import(String name) throws IOException {
    JsonNode told = cairn.run("export", "--json", "a@3", name).ok().json();
    assertThat(told.get("files").asLong()).isEqualTo(5);
    assertThat(told.get("bytes").asLong()).isEqualTo(Files.size(directory.resolve(name)));
    cairn.run("import", name, "b").ok();
    cairn.run("checkpoints", "restore", "b", "--to", "back", "--state-to", "back.json").ok();
    assertThat(described(directory.resolve("back")))
        .isEqualTo(described(directory.resolve("data")));
    assertThat(directory.resolve("back.json")).hasContent("{\"epoch\": 3}");
    assertThat(Cli.contents(directory).keySet()).noneMatch(file -> file.contains("partial"));
    cairn.run("export", "a", name).fails(11, "exists", "Nothing was changed");
  }

  private int run(String... command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(List.of(command))
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      return process.exitValue();
    } catch (IOException e) {
      assumeThat(false).as("the command %s is installed", command[0]).isTrue();
      return -1;
    }
  }

  @Test
  void the_command_tar_reads_what_was_written() throws Exception {
    cairn.run("export", "a", "out.tar").ok();
    Files.createDirectory(directory.resolve("tarred"));
    assertThat(run("tar", "-xpf", "out.tar", "-C", "tarred")).isZero();
    assertThat(directory.resolve("tarred/.cairn-state.json")).hasContent("{\"epoch\": 3}");
    Files.delete(directory.resolve("tarred/.cairn-state.json"));
    assertThat(described(directory.resolve("tarred")))
        .isEqualTo(described(directory.resolve("data")));
    assertThat(run("tar", "-cf", "again.tar", "-C", "data", ".")).isZero();
    cairn.run("import", "again.tar", "c").ok();
    cairn.run("diff", "c", "./data").ok();
  }

  @Test
  void other_programs_read_the_zip() throws Exception {
    cairn.run("export", "a", "out.zip").ok();
    assertThat(run("python3", "-m", "zipfile", "-t", "out.zip")).isZero();
    Files.createDirectory(directory.resolve("zipped"));
    assertThat(run("python3", "-m", "zipfile", "-e", "out.zip", "zipped")).isZero();
    assertThat(Files.mismatch(directory.resolve("zipped/noise"), directory.resolve("data/noise")))
        .isEqualTo(-1);
    assertThat(directory.resolve("zipped").resolve(LONG)).hasContent("far");
  }

  @Test
  void standard_output_gets_the_same_bytes() throws Exception {
    cairn.run("export", "a", "out.tar").ok();
    byte[] printed = cairn.run("export", "a", "-").ok().out().getBytes(ISO_8859_1);
    assertThat(printed).isEqualTo(Files.readAllBytes(directory.resolve("out.tar")));
    assertThat(cairn.shell("$cairn export a - | head -c 100 >/dev/null").err()).isEmpty();
    cairn.run("export", "--json", "a", "-").fails(2, "standard output");
    cairn.run("export", "a", "out.tgz").fails(2, ".tar nor in .zip");
    assertThat(cairn.run("export", "--format", "zip", "a", "-").ok().out()).startsWith("PK");
  }

  private void damage(String job) throws IOException {
    JsonNode shown = cairn.run("checkpoints", "show", "--json", "--chunks", job).ok().json();
    for (JsonNode file : shown.get("contents")) {
      if (file.get("path").asString().equals("noise")) {
        JsonNode chunk = file.get("chunks").get(8);
        Path pack = cairn.store().resolve("jobs/a/packs/" + chunk.get("pack").asString());
        byte[] bytes = Files.readAllBytes(pack);
        bytes[chunk.get("pack_offset").asInt()]++;
        Files.write(pack, bytes);
      }
    }
  }

  @Test
  void of_a_damaged_checkpoint_nothing_is_left_under_the_name() throws Exception {
    damage("a");
    var before = Cli.contents(directory);
    for (String name : List.of("out.tar", "out.zip")) {
      cairn.run("export", "a@3", name).fails(13, "noise").saying("nothing was left at");
      assertThat(Cli.contents(directory)).isEqualTo(before);
    }
    Cli.Result printed = cairn.run("export", "a@3", "-").ends(13);
    assertThat(printed.err()).contains("the archive is not whole");
    cairn.write("cut.tar", printed.out().getBytes(ISO_8859_1));
    cairn.run("import", "cut.tar", "b").fails(2);
  }

  @Test
  void the_newest_valid_one_is_exported_where_the_newest_is_damaged() throws Exception {
    var other = new byte[3 << 20];
    new Random(2).nextBytes(other);
    cairn.write("data/noise", other);
    cairn.run("save", "--job", "a", "data").ok();
    damage("a");
    Cli.Result result = cairn.run("export", "a", "out.tar").ok();
    assertThat(result.out()).contains("exported a@3");
    assertThat(result.err()).contains("is damaged");
  }

  @Test
  void on_a_full_disk_nothing_is_left() {
    var out = new StringWriter();
    var err = new StringWriter();
    var before = Cli.contents(directory);
    Context real = cairn.context(new PrintWriter(out), new PrintWriter(err));
    var context =
        new Context(
            real.env(),
            new FullDisk(real.disk(), 1 << 20),
            real.host(),
            real.variables(),
            real.directory(),
            real.out(),
            real.bytes(),
            real.err(),
            false);
    for (String name : List.of("out.tar", "out.zip")) {
      assertThat(Main.run(context, "export", "a", name)).isEqualTo(14);
      assertThat(err.toString()).contains("nothing was left at", "no space left");
      assertThat(Cli.contents(directory)).isEqualTo(before);
    }
  }
}
