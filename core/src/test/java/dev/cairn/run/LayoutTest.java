package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.repository.FileTree;
import dev.cairn.run.Readiness.NotYet;
import dev.cairn.run.Readiness.Ready;
import dev.cairn.run.Readiness.Unchanged;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutTest {
  private static FileTree tree(String... words) {
    return WordDisk.tree(words);
  }

  /// What is known of a directory that has been still for ever.
  private static Layout.Sight sight(FileTree present, @Nullable FileTree published) {
    return new Layout.Sight(present, present, Duration.ofDays(1), Map.of(), published, 0, 0);
  }

  private static Readiness judge(String layout, FileTree present, @Nullable FileTree published) {
    return Layout.parse(layout).judge(sight(present, published));
  }

  private static Ready ready(Readiness readiness) {
    assertThat(readiness).isInstanceOf(Ready.class);
    return (Ready) readiness;
  }

  private static String because(Readiness readiness) {
    assertThat(readiness).isInstanceOf(NotYet.class);
    return ((NotYet) readiness).because();
  }

  private static List<String> taken(Readiness readiness, String... paths) {
    Predicate<String> leaveOut = ready(readiness).leaveOut();
    return Stream.of(paths).filter(leaveOut.negate()).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "dir", "quiesce", "marker:DONE", "marker:run-?/step-*/{DONE,OK}"})
  void a_layout_is_read_and_written_alike(String text) {
    assertThat(Layout.parse(text)).hasToString(text).isEqualTo(Layout.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "directory, Did you mean dir?",
    "Auto, Did you mean auto?",
    "quiet, Did you mean quiesce?",
    "marker, Did you mean marker:DONE?",
    "xyz, 'Layouts are auto, dir, quiesce and marker:GLOB'",
    "'', 'Layouts are auto, dir, quiesce and marker:GLOB'"
  })
  void an_unknown_layout_is_refused_with_a_suggestion(String text, String advice) {
    assertThatThrownBy(() -> Layout.parse(text))
        .isInstanceOfSatisfying(
            CairnException.Invalid.class, e -> assertThat(e.advice()).contains(advice));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/DONE",
        "a//DONE",
        "../DONE",
        "./DONE",
        "a/",
        "**/DONE",
        "[",
        "{a/DONE,b}",
        "{a"
      })
  void a_marker_that_can_never_fit_is_refused(String glob) {
    assertThatThrownBy(() -> Layout.parse("marker:" + glob))
        .isInstanceOf(CairnException.Invalid.class);
  }

  @Test
  void only_a_layout_with_a_mark_is_trusted_after_an_abnormal_end() {
    assertThat(Layout.parse("marker:DONE").completeAfterAbnormalEnd()).isTrue();
    assertThat(Layout.parse("dir").completeAfterAbnormalEnd()).isTrue();
    assertThat(Layout.parse("quiesce").completeAfterAbnormalEnd()).isFalse();
    assertThat(Layout.parse("auto").completeAfterAbnormalEnd()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "dir", "quiesce"})
  void nothing_new_is_unchanged_and_an_empty_directory_never_ready(String layout) {
    FileTree some = tree("a@1", "d/", "d/b@2");

    assertThat(judge(layout, some, some)).isEqualTo(new Unchanged());
    assertThat(judge(layout, tree(), null)).isEqualTo(new Unchanged());
    assertThat(because(judge(layout, tree(), some))).isEqualTo("no file is there yet");
    assertThat(because(judge(layout, tree("d/"), null))).isEqualTo("no file is there yet");
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "dir", "quiesce", "marker:*", "marker:step-*/DONE"})
  void names_of_ours_are_neither_seen_nor_captured(String layout) {
    FileTree some = tree("step-1/", "step-1/DONE@1", "DONE@1");
    FileTree more =
        tree(
            ".cairn-new-1/",
            ".cairn-new-1/x@9",
            ".cairn-owner@9",
            "step-1/",
            "step-1/DONE@1",
            "DONE@1");

    assertThat(judge(layout, more, some)).isEqualTo(new Unchanged());
    assertThat(taken(judge(layout, more, null), ".cairn-owner", ".cairn-new-1/x", "DONE"))
        .containsExactly("DONE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "quiesce"})
  void quiesce_needs_a_quiet_time(String layout) {
    FileTree before = tree("a@1", "model.bin@1");
    FileTree now = tree("a@1", "model.bin@2");
    Duration little = Duration.ofMillis(999);

    Readiness early =
        Layout.parse(layout).judge(new Layout.Sight(now, before, little, Map.of(), before, 0, 0));
    Readiness first =
        Layout.parse(layout).judge(new Layout.Sight(now, null, little, Map.of(), before, 0, 0));
    Readiness later =
        Layout.parse(layout)
            .judge(new Layout.Sight(now, now, Duration.ofSeconds(1), Map.of(), before, 0, 0));

    assertThat(because(early)).isEqualTo("model.bin was written to");
    assertThat(because(first)).isEqualTo("it has not been still for long enough");
    assertThat(taken(later, "model.bin", "x.tmp")).containsExactly("model.bin", "x.tmp");
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "quiesce"})
  void quiesce_needs_every_file_closed(String layout) {
    FileTree now = tree("model.bin@2");
    var open =
        new Layout.Sight(
            now, now, Duration.ofDays(1), Map.of("model.bin", "python3 (pid 71)"), null, 0, 0);
    var ours =
        new Layout.Sight(now, now, Duration.ofDays(1), Map.of(".cairn-x", "y (pid 1)"), null, 0, 0);

    assertThat(because(Layout.parse(layout).judge(open)))
        .isEqualTo("model.bin is still being written by python3 (pid 71)");
    ready(Layout.parse(layout).judge(ours));
  }

  @Test
  void a_deleted_file_is_a_change() {
    ready(judge("quiesce", tree("a@1"), tree("a@1", "b@1")));
    ready(judge("quiesce", tree("a@1"), tree("a@1", "d/")));
  }

  @Test
  void once_saved_was_said_only_saying_it_again_counts() {
    FileTree before = tree("a@1");
    FileTree now = tree("a@2");
    Map<String, String> open = Map.of("a", "sh (pid 2)");
    Layout auto = Layout.parse("auto");

    assertThat(
            because(
                auto.judge(new Layout.Sight(now, now, Duration.ofDays(1), Map.of(), before, 3, 3))))
        .contains("has not said 'saved'");
    ready(auto.judge(new Layout.Sight(now, before, Duration.ZERO, open, before, 4, 3)));
    assertThat(auto.judge(new Layout.Sight(now, now, Duration.ZERO, open, now, 4, 3)))
        .isEqualTo(new Unchanged());
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "dir", "quiesce", "marker:*"})
  void at_rest_whatever_is_new_is_ready(String layout) {
    ready(Layout.parse(layout).judgeAtRest(tree("a@2"), tree("a@1"), true));
    assertThat(Layout.parse(layout).judgeAtRest(tree("a@2"), tree("a@2"), true))
        .isEqualTo(new Unchanged());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".hidden", ".step-1-Xy/a", "_tmp_step/a", "_tmp", "tmp-checkpoint-5/a", "a.tmp", "a.temp",
        "d/a.part", "d/a.partial", "d/a.incomplete/b", "a~", "d/.tmp123", "d/.nfs0001", ".a.tmp"
      })
  void dir_leaves_temporary_names_out(String path) {
    assertThat(DirLayout.isLeftOut(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "step-1/model.bin",
        "tmp",
        "temporary",
        "part-0001",
        "a.party",
        "z/.zarray",
        ".zgroup",
        "step-1/.metadata",
        ".metadata",
        "d/_metadata"
      })
  void dir_keeps_data(String path) {
    assertThat(DirLayout.isLeftOut(path)).isFalse();
  }

  @Test
  void dir_is_ready_when_a_whole_name_is_new() {
    FileTree before = tree("step-1/", "step-1/m@1");
    FileTree writing = tree("step-1/", "step-1/m@1", "step-2.tmp/", "step-2.tmp/m@2");
    FileTree renamed = tree("step-1/", "step-1/m@1", "step-2/", "step-2/m@2", "x.part@3");

    assertThat(judge("dir", writing, before)).isEqualTo(new Unchanged());
    assertThat(ready(judge("dir", renamed, before)).leftOut())
        .containsExactly("x.part has a temporary name");
    assertThat(taken(judge("dir", renamed, before), "step-2/m", "x.part", "later.tmp"))
        .containsExactly("step-2/m");
    assertThat(because(judge("dir", tree("a.tmp/", "a.tmp/b@1"), before)))
        .isEqualTo("a.tmp has a temporary name");
  }

  @Test
  void a_marker_completes_the_directory_if_nothing_is_newer() {
    assertThat(because(judge("marker:DONE", tree("m@1"), null)))
        .isEqualTo("no file matches marker 'DONE' yet");
    assertThat(because(judge("marker:DONE", tree("m@1", "sub/", "sub/DONE@1"), null)))
        .isEqualTo("no file matches marker 'DONE' yet");
    assertThat(because(judge("marker:DONE", tree("DONE@1", "m@2"), null)))
        .isEqualTo("m is newer than DONE");
    assertThat(because(judge("marker:DONE", tree("DONE@2/1", "m@2"), null)))
        .isEqualTo("m is newer than DONE");
    ready(judge("marker:DONE", tree("DONE@2", "m@2"), null));
    ready(judge("marker:DONE", tree("d/", "d/m@2", "DONE@3"), null));
    ready(judge("marker:*.ok", tree("1.ok@1", "m@2", "2.ok@3"), null));
  }

  @ParameterizedTest
  @CsvSource({"marker:DONE, ''", "marker:last/DONE, last/"})
  void what_bears_the_time_of_the_marker_is_older_only_if_it_proves_to_be(
      String layout, String folder) {
    FileTree now = tree("last/", folder + "m@1", folder + "s@2", folder + "DONE@2");
    FileTree before = tree("last/", folder + "m@1", folder + "s@1", folder + "DONE@1");
    String doubt = folder + "s may be newer than " + folder + "DONE: both bear the same time";

    assertThat(because(judgeAfter(layout, before, now, Map.of()))).isEqualTo(doubt);
    ready(judgeAfter(layout, now, now, Map.of()));
    assertThat(because(judgeAfter(layout, now, now, Map.of(folder + "s", "sh")))).isEqualTo(doubt);
    ready(judgeAfter(layout, now, now, Map.of(folder + "m", "sh")));
    ready(Layout.parse(layout).judgeAtRest(now, before, true));
    assertThat(because(Layout.parse(layout).judgeAtRest(now, before, false))).isEqualTo(doubt);
    assertThat(Layout.parse(layout).judgeAtRest(now, now, false)).isEqualTo(new Unchanged());
  }

  private static Readiness judgeAfter(
      String layout, FileTree previous, FileTree now, Map<String, String> open) {
    return Layout.parse(layout)
        .judge(new Layout.Sight(now, previous, Duration.ZERO, open, null, 0, 0));
  }

  @Test
  void a_marker_counts_once() {
    FileTree before = tree("DONE@2", "m@1");

    assertThat(judge("marker:DONE", before, before)).isEqualTo(new Unchanged());
    assertThat(judge("marker:DONE", tree("DONE@2", "m@5"), before)).isEqualTo(new Unchanged());
    ready(judge("marker:DONE", tree("DONE@6", "m@5"), before));
  }

  @Test
  void an_old_marker_does_not_stand_for_a_new_one() {
    FileTree before = tree("1.ok@2", "m@1");

    assertThat(because(judge("marker:*.ok", tree("1.ok@2", "2.ok@3", "m@4"), before)))
        .contains("m is newer than");
  }

  @Test
  void folders_without_their_marker_are_left_out_and_named() {
    FileTree now =
        tree(
            "step-100/",
            "step-100/m@1",
            "step-100/DONE@2",
            "step-200/",
            "step-200/m@3",
            "step-300/",
            "step-300/DONE@4",
            "step-300/m@5",
            "step-log@9",
            "config@9",
            "other/",
            "other/x@9");

    Readiness readiness = judge("marker:step-*/DONE", now, null);

    assertThat(ready(readiness).leftOut())
        .containsExactly("step-200 has no DONE yet", "step-300/m is newer than step-300/DONE");
    assertThat(
            taken(
                readiness,
                "step-100",
                "step-100/m",
                "step-200",
                "step-200/m",
                "step-300/DONE",
                "step-400/m",
                "step-log",
                "config",
                "other/x",
                ".cairn-owner"))
        .containsExactly("step-100", "step-100/m", "step-log", "config", "other/x");
  }

  @Test
  void without_any_complete_folder_it_says_what_is_missing() {
    assertThat(because(judge("marker:step-*/DONE", tree("x@1"), null)))
        .isEqualTo("no folder matches 'step-*' yet");
    assertThat(because(judge("marker:step-*/DONE", tree("step-2/", "step-2/m@1"), null)))
        .isEqualTo("step-2 has no DONE yet");
  }

  @Test
  void only_a_change_of_complete_folders_counts() {
    FileTree before = tree("step-1/", "step-1/DONE@1", "log@1");

    assertThat(judge("marker:step-*/DONE", tree("step-1/", "step-1/DONE@1", "log@5"), before))
        .isEqualTo(new Unchanged());
    assertThat(
            judge(
                "marker:step-*/DONE",
                tree("step-1/", "step-1/DONE@1", "step-2/", "step-2/m@7"),
                before))
        .isEqualTo(new Unchanged());
    ready(
        judge(
            "marker:step-*/DONE",
            tree("step-1/", "step-1/DONE@1", "step-2/", "step-2/DONE@7"),
            before));
    ready(judge("marker:step-*/DONE", tree("step-1/", "step-1/DONE@8"), before));
  }

  @Test
  void a_restored_folder_stays_complete_whatever_the_order_of_its_files() {
    FileTree restored = tree("step-1/", "step-1/DONE@10/2", "step-1/m@11/1");
    FileTree now =
        tree("step-1/", "step-1/DONE@10/2", "step-1/m@11/1", "step-2/", "step-2/DONE@20");

    assertThat(judge("marker:step-*/DONE", restored, restored)).isEqualTo(new Unchanged());
    assertThat(taken(judge("marker:step-*/DONE", now, restored), "step-1/m", "step-2/DONE"))
        .containsExactly("step-1/m", "step-2/DONE");
  }

  @Test
  void folders_may_lie_deeper() {
    FileTree now =
        tree(
            "run/",
            "run/a/",
            "run/a/DONE@2",
            "run/b/",
            "run/b/m@1",
            "run/b/sub/",
            "run/b/sub/DONE@9");

    assertThat(taken(judge("marker:run/*/DONE", now, null), "run", "run/a/DONE", "run/b/m"))
        .containsExactly("run", "run/a/DONE");
  }
}
