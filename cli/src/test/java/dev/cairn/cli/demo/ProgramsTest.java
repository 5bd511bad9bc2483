package dev.cairn.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgramsTest {
  @Test
  void flags_of_this_jvm_are_passed_on_without_its_program() {
    assertThat(flags("-XX:+UseSerialGC", "-Xmx64m", "-jar", "cairn.jar", "demo", "--seed", "-3"))
        .containsExactly("-XX:+UseSerialGC", "-Xmx64m");
    assertThat(flags("-cp", "a.jar:b.jar", "-ea", "dev.cairn.cli.Main", "-x"))
        .containsExactly("-ea");
    assertThat(flags("--add-opens", "java.base/java.lang=ALL-UNNAMED", "Main"))
        .containsExactly("--add-opens", "java.base/java.lang=ALL-UNNAMED");
  }

  @Test
  void what_only_one_jvm_can_have_is_left_out() {
    assertThat(
            flags(
                "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
                "-XX:AOTCacheOutput=new.aot",
                "-XX:AOTCache=cairn.aot",
                "Main"))
        .containsExactly("-XX:AOTCache=cairn.aot");
  }

  private static Iterable<String> flags(String... arguments) {
    return Programs.flags(arguments);
  }
}
