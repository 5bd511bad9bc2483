package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.env.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileTreeTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
  }

  @Test
  void nodes_are_sorted_by_the_bytes_of_their_paths() {
    for (String name : new String[] {"a/b", "a-b", "a/b.c/d", "\uffff", "\ud83d\ude00", "Z"}) {
      box.write(name, new byte[1]);
    }
    assertThat(box.scan().nodes())
        .extracting(FileTree.Node::path)
        .containsExactly("Z", "a", "a-b", "a/b", "a/b.c", "a/b.c/d", "\uffff", "\ud83d\ude00");
  }

  @Test
  void sizes_and_counts_are_those_of_regular_files() throws IOException {
    box.write("a", new byte[10]);
    box.write("d/b", new byte[32]);
    Files.createSymbolicLink(box.source.resolve("l"), Path.of("a"));
    assertThat(box.scan().files()).isEqualTo(2);
    assertThat(box.scan().sizeBytes()).isEqualTo(42);
  }

  @Test
  void what_is_left_out_is_left_out_with_all_below_it() {
    box.write("keep/a", new byte[1]);
    box.write("drop/b/c", new byte[1]);
    FileTree tree = FileTree.scan(box.disk, box.source, path -> path.equals("drop"));
    assertThat(tree.nodes()).extracting(FileTree.Node::path).containsExactly("keep", "keep/a");
  }

  @Test
  void a_link_is_never_followed() throws IOException {
    Path outside = Sandbox.directory(root.resolve("outside"));
    Files.write(outside.resolve("secret"), new byte[5]);
    Files.createSymbolicLink(box.source.resolve("out"), outside);
    Files.createSymbolicLink(box.source.resolve("in"), Path.of("./nowhere"));
    FileTree tree = box.scan();
    assertThat(tree.nodes()).extracting(FileTree.Node::path).containsExactly("in", "out");
    assertThat(tree.nodes().getLast().linkTarget()).isEqualTo(outside.toString());
    assertThat(tree.warnings())
        .singleElement()
        .asString()
        .startsWith("out is a symbolic link to ")
        .endsWith("the link is saved, what it leads to is not");
  }

  @Test
  void a_relative_link_that_climbs_out_is_warned_of_too() throws IOException {
    Sandbox.directory(box.source.resolve("d"));
    Files.createSymbolicLink(box.source.resolve("d/up"), Path.of("../../x"));
    Files.createSymbolicLink(box.source.resolve("d/fine"), Path.of("../x"));
    assertThat(box.scan().warnings()).singleElement().asString().startsWith("d/up ");
  }

  @Test
  void special_files_are_left_out_with_a_warning() {
    Posix.mkfifo(box.source.resolve("pipe"), 0600);
    assertThat(box.scan().nodes()).isEmpty();
    assertThat(box.scan().warnings())
        .containsExactly("pipe is a socket, pipe or device and is not saved");
  }

  @Test
  void a_name_that_is_no_utf8_is_refused_and_named_printably() throws Exception {
    new ProcessBuilder("sh", "-c", ": >\"$(printf 'b\\033\\377')\"")
        .directory(box.source.toFile())
        .start()
        .waitFor();
    assertThatThrownBy(box::scan)
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageStartingWith("the name b\\u001b")
        .hasMessageContaining("not valid UTF-8");
  }

  @Test
  void a_link_whose_text_is_no_utf8_is_refused() throws Exception {
    new ProcessBuilder("sh", "-c", "ln -s \"$(printf '\\377')\" l")
        .directory(box.source.toFile())
        .start()
        .waitFor();
    assertThatThrownBy(box::scan)
        .isInstanceOf(CairnException.Invalid.class)
        .hasMessageStartingWith("the text of the symbolic link l ");
  }

  @Test
  void the_root_has_to_be_a_directory() throws IOException {
    Path file = box.write("f", new byte[1]);
    Path link = Files.createSymbolicLink(root.resolve("link"), box.source);
    assertThatThrownBy(() -> FileTree.scan(box.disk, file, _ -> false))
        .isInstanceOf(CairnException.Invalid.class);
    assertThatThrownBy(() -> FileTree.scan(box.disk, link, _ -> false))
        .isInstanceOf(CairnException.Invalid.class);
    assertThatThrownBy(() -> FileTree.scan(box.disk, root.resolve("no"), _ -> false))
        .isInstanceOf(CairnException.NotFound.class);
  }

  @Test
  void the_same_directory_is_the_same_tree() {
    box.write("a/b/c", new byte[10]);
    assertThat(box.scan().sameAs(box.scan())).isTrue();
    assertThat(FileTree.EMPTY.nodes()).isEmpty();
  }

  @Test
  void a_difference_is_told_as_a_sentence() throws IOException {
    Path model = box.write("d/model.bin", new byte[10]);
    FileTree before = box.scan();
    Files.write(model, new byte[12]);
    assertDifference(before, "d/model.bin grew from 10 to 12 bytes");
    FileTree grown = box.scan();
    Files.write(model, new byte[3]);
    assertDifference(grown, "d/model.bin shrank from 12 to 3 bytes");
    FileTree small = box.scan();
    Files.setLastModifiedTime(model, FileTime.from(Instant.EPOCH));
    assertDifference(small, "d/model.bin was written to");
    FileTree old = box.scan();
    box.disk.setAttributes(model, 0600, Instant.EPOCH);
    assertDifference(old, "d/model.bin changed its permissions");
  }

  @Test
  void names_that_come_and_go_are_differences() throws IOException {
    box.write("a", new byte[1]);
    FileTree one = box.scan();
    box.write("b", new byte[1]);
    FileTree two = box.scan();
    assertDifference(one, "b appeared");
    Files.delete(box.source.resolve("b"));
    assertDifference(two, "b vanished");
  }

  @Test
  void a_file_replaced_by_one_that_looks_the_same_is_a_difference() throws IOException {
    Path file = box.write("a", new byte[1]);
    Path other = box.write("b", new byte[1]);
    FileTime time = Files.getLastModifiedTime(file);
    FileTree before = FileTree.scan(box.disk, box.source, "b"::equals);
    Files.setLastModifiedTime(other, time);
    box.disk.rename(other, file);
    assertThat(before.firstDifference(FileTree.scan(box.disk, box.source, "b"::equals)))
        .contains("a was replaced");
  }

  @Test
  void a_link_that_points_elsewhere_is_a_difference() throws IOException {
    Path link = Files.createSymbolicLink(box.source.resolve("latest"), Path.of("1"));
    FileTree before = box.scan();
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("2"));
    assertDifference(before, "latest points to something else");
  }

  @Test
  void what_is_left_out_does_not_make_its_directory_different() throws IOException {
    box.write("d/a", new byte[1]);
    Path temporary = box.write("d/x.tmp", new byte[1]);
    FileTree before = FileTree.scan(box.disk, box.source, path -> path.endsWith(".tmp"));
    Files.delete(temporary);
    FileTree after = FileTree.scan(box.disk, box.source, path -> path.endsWith(".tmp"));
    assertThat(before.sameAs(after)).isTrue();
    box.disk.setAttributes(box.source.resolve("d"), 0700, Instant.now());
    FileTree tightened = FileTree.scan(box.disk, box.source, path -> path.endsWith(".tmp"));
    assertThat(before.firstDifference(tightened)).contains("d changed its permissions");
  }

  private void assertDifference(FileTree before, String sentence) {
    assertThat(before.firstDifference(box.scan())).contains(sentence);
    assertThat(before.sameAs(box.scan())).isFalse();
  }
}
