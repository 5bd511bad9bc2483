package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandTest {
  private static Path script(Path path, String mode) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "#!/bin/sh\n");
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  @Test
  void without_a_program_it_is_refused() {
    assertThatThrownBy(() -> Command.of(List.of(), Path.of("/")))
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageContaining("no command");
    assertThatThrownBy(() -> Command.of(List.of(""), Path.of("/")))
        .isInstanceOf(CairnException.Invalid.class);
    assertThatThrownBy(() -> Command.of(List.of("a", "b\0c"), Path.of("/")))
        .isInstanceOf(CairnException.Invalid.class);
    assertThatThrownBy(() -> Command.of(List.of("a"), Path.of("/")).with(Map.of("A=B", "c")))
        .isInstanceOf(CairnException.Invalid.class);
  }

  @Test
  void a_program_is_sought_in_the_childs_path(@TempDir Path dir) throws IOException {
    Path tool = script(dir.resolve("bin/tool"), "rwxr-xr-x");
    Command command =
        Command.of(List.of("tool"), dir).with(Map.of("PATH", "/nowhere:" + dir.resolve("bin")));

    assertThat(command.resolve()).isEqualTo(tool);
  }

  @Test
  void an_executable_later_in_the_path_beats_one_that_is_not(@TempDir Path dir) throws IOException {
    script(dir.resolve("a/tool"), "rw-r--r--");
    Path good = script(dir.resolve("b/tool"), "rwxr-xr-x");
    String path = dir.resolve("a") + ":" + dir.resolve("b");

    assertThat(Command.of(List.of("tool"), dir).with(Map.of("PATH", path)).resolve())
        .isEqualTo(good);
  }

  @Test
  void a_program_with_a_slash_counts_from_the_working_directory(@TempDir Path dir)
      throws IOException {
    Path tool = script(dir.resolve("bin/tool"), "rwxr-xr-x");
    Files.createSymbolicLink(dir.resolve("link"), Path.of("bin/tool"));

    assertThat(Command.of(List.of("bin/tool"), dir).resolve()).isEqualTo(tool);
    assertThat(Command.of(List.of("./link"), dir).resolve()).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-program-anywhere", "./missing", "/no/such/file"})
  void a_program_that_is_not_there_is_not_found(String program, @TempDir Path dir) {
    assertThatThrownBy(() -> Command.of(List.of(program), dir).resolve())
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessageContaining(program);
  }

  @Test
  void a_program_that_may_not_be_executed_is_denied(@TempDir Path dir) throws IOException {
    script(dir.resolve("plain"), "rw-r--r--");

    assertThatThrownBy(() -> Command.of(List.of("./plain"), dir).resolve())
        .isInstanceOf(CairnException.Denied.class)
        .hasMessageContaining("may not be executed");
    assertThatThrownBy(
            () -> Command.of(List.of("plain"), dir).with(Map.of("PATH", dir.toString())).resolve())
        .isInstanceOf(CairnException.Denied.class);
    assertThatThrownBy(() -> Command.of(List.of("./"), dir).resolve())
        .isInstanceOf(CairnException.Denied.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void a_missing_working_directory_is_no_missing_program(@TempDir Path dir) {
    assertThatThrownBy(() -> Command.of(List.of("sh"), dir.resolve("gone")).resolve())
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageContaining("gone");
  }

  private static Map<String, String> prepared(Map<String, String> ours, Command command) {
    var environment = new HashMap<>(ours);
    ChildEnvironment.prepare(environment, command);
    return environment;
  }

  private static final Command SH = Command.of(List.of("sh"), Path.of("/"));

  @Test
  void the_command_never_sees_cairns_own_secrets() {
    Map<String, String> ours =
        Map.of(
            "CAIRN_S3_ACCESS_KEY", "x",
            "CAIRN_S3_SECRET_KEY", "x",
            "CAIRN_WEBHOOK_TOKEN", "x",
            "CAIRN_ENCRYPTION_KEY", "x",
            "CAIRN_ENCRYPTION_KEY_FILE", "x",
            "CAIRN_TOKEN", "x",
            "CAIRN_STORE", "kept",
            "AWS_PROFILE", "kept",
            "HOME", "/home/me");

    assertThat(prepared(ours, SH)).containsOnlyKeys("CAIRN_STORE", "AWS_PROFILE", "HOME");
  }

  @Test
  void more_is_taken_out_by_name_or_beginning() {
    Map<String, String> ours = Map.of("AWS_PROFILE", "x", "AWS", "kept", "TERM", "x");

    assertThat(prepared(ours, SH.without(Set.of(Command.AWS_VARIABLES, "TERM"))))
        .containsOnlyKeys("AWS");
  }

  @Test
  void what_is_set_wins_over_what_is_taken_out() {
    Command command = SH.without(Set.of("A")).with(Map.of("A", "new", "B", "2"));

    assertThat(prepared(Map.of("A", "old"), command)).isEqualTo(Map.of("A", "new", "B", "2"));
  }

  @Test
  void the_users_own_locale_comes_back() {
    Map<String, String> changed = Map.of("LC_ALL", "C.UTF-8", "CAIRN_ORIGINAL_LC_ALL", "de_DE");
    Map<String, String> added = Map.of("LC_ALL", "C.UTF-8", "CAIRN_ORIGINAL_LC_ALL", "(unset)");
    Map<String, String> empty = Map.of("LC_ALL", "C.UTF-8", "CAIRN_ORIGINAL_LC_ALL", "");

    assertThat(prepared(changed, SH)).isEqualTo(Map.of("LC_ALL", "de_DE"));
    assertThat(prepared(added, SH)).isEmpty();
    assertThat(prepared(empty, SH)).isEqualTo(Map.of("LC_ALL", ""));
    assertThat(prepared(Map.of("LC_ALL", "C"), SH)).isEqualTo(Map.of("LC_ALL", "C"));
  }
}
