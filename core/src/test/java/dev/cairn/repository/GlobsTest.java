package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GlobsTest {
  @ParameterizedTest
  @CsvSource({
    "model*, model, true",
    "model*, model-1.bin, true",
    "model*, model-1/deep/f, true",
    "model*, a/model, false",
    "**/model*, a/b/model.bin, true",
    "**/model*, model.bin, true",
    "a/**, a/b/c, true",
    "a/**, b/a/c, false",
    "a/*/c, a/b/c, true",
    "a/*/c, a/b/b/c, false",
    "a, a/b, true",
    "a/, a/b, true",
    "./a, a, true",
    "a, ab, false",
    "a?c, abc, true",
    "a?c, a/c, false",
    "[a-c]x, bx, true",
    "[!a-c]x, bx, false",
    "[!a-c]x, dx, true",
    "[].]x, .x, true",
    "a.b, axb, false",
    "'a\\*', a*, true",
    "'a\\*', ab, false",
    "'(a|b)+{1}', '(a|b)+{1}', true",
  })
  void patterns_match_paths_and_what_is_below(String pattern, String path, boolean fits) {
    assertThat(new Globs(List.of(pattern)).test(path)).isEqualTo(fits);
    if (fits) {
      assertThat(new Globs(List.of(pattern)).ready(directories(path)).test(path)).isTrue();
    }
  }

  /// A path with the directories that lead to it.
  private static List<String> directories(String path) {
    return java.util.stream.Stream.iterate(path, p -> !p.isEmpty(), TreePath::parent).toList();
  }

  @Test
  void one_that_nothing_fits_is_named() {
    var globs = new Globs(List.of("a*", "nothing*"));
    assertThatThrownBy(() -> globs.ready(List.of("a1", "b")))
        .isInstanceOf(CairnException.NotFound.class)
        .hasMessageContaining("nothing*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/a", "[a", "[", "a\\", "[z-a]"})
  void what_is_no_pattern_is_refused(String text) {
    assertThatThrownBy(() -> new Globs(List.of(text))).isInstanceOf(CairnException.Invalid.class);
  }
}
