package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Archives from strangers. One that is refused leaves no job, and no file anywhere.
final class ImportCommandTest {
  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void a_store() {
    cairn = new Cli(directory);
    cairn.write("data/file", "x");
    cairn.run("save", "--job", "other", "data").ok();
  }

  private void refused(TarBytes tar, String... words) {
    refused("a.tar", tar.whole(), words);
  }

  private void refused(String name, byte[] archive, String... words) {
    Path file = cairn.write(name, archive);
    Map<String, String> before = everything();
    cairn.run("import", name, "b").fails(2, words).saying("Nothing was published");
    assertThat(everything()).isEqualTo(before);
    cairn.run("jobs", "show", "b").fails(10, "no job b");
    assertThat(file).exists();
  }

  /// But for the empty folder in which archives are unpacked.
  private Map<String, String> everything() {
    var all = new TreeMap<>(Cli.contents(directory));
    all.remove("store/work");
    return all;
  }

  @Test
  void what_a_usual_tar_holds_is_imported() throws Exception {
    cairn.write(
        "a.tar",
        new TarBytes()
            .directory("./")
            .directory("./sub/")
            .file("./sub/file", "text")
            .hardLink("./sub/twin", "./sub/file")
            .link("./sub/link", "../sub/./file")
            .file("deep/er/file", "no entries for its folders")
            .file(".cairn-state.json", "{\"epoch\": 3}")
            .whole());
    assertThat(cairn.run("import", "a.tar", "b", "--step", "7").ok().out())
        .contains("imported", "b@3", "3 files", "and the state");
    cairn.run("checkpoints", "restore", "b", "--to", "out", "--state-to", "state.json").ok();
    Map<String, String> out = Cli.contents(directory.resolve("out"));
    assertThat(out)
        .containsEntry("sub/file", "text")
        .containsEntry("sub/twin", "text")
        .containsEntry("sub/link", "-> ../sub/./file")
        .containsEntry("deep/er/file", "no entries for its folders")
        .hasSize(8);
    assertThat(directory.resolve("state.json")).hasContent("{\"epoch\": 3}");
    assertThat(Files.getLastModifiedTime(directory.resolve("out/sub")).toMillis())
        .isEqualTo(1_700_000_000_000L);
    assertThat(cairn.run("jobs", "show", "b", "--json").ok().json().get("step").asLong())
        .isEqualTo(7);
    assertThat(cairn.store().resolve("work")).isEmptyDirectory();
  }

  @Test
  void an_existing_job_is_left_alone() {
    cairn.write("a.tar", new TarBytes().file("file", "text").whole());
    Map<String, String> before = Cli.contents(directory);
    cairn.run("import", "a.tar", "other").fails(11, "job other exists already");
    assertThat(Cli.contents(directory)).isEqualTo(before);
    cairn.run("import", "a.tar", "b").ok();
    cairn.run("import", "a.tar", "b").fails(11, "exists already");
    cairn.run("import", "none.tar", "c").fails(10, "there is no");
    cairn.run("import", "data", "c").fails(2, "not a regular file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/etc/passwd", "../outside", "a/../../outside", "a/..", "a//b", ".", "a/./b"})
  void a_name_that_leads_elsewhere_is_refused(String name) {
    refused(new TarBytes().file("before", "x").file(name, "evil"), "cannot be unpacked");
  }

  @Test
  void a_name_that_comes_twice_is_refused() {
    refused(new TarBytes().file("a", "1").file("./a", "2"), "a is in it twice");
    refused(new TarBytes().directory("a/").directory("a/"), "a is in it twice");
    refused(new TarBytes().file("a/b", "1").file("a", "2"), "a is in it twice");
    refused(new TarBytes().link("a", "b").file("a", "2"), "a is in it twice");
  }

  @Test
  void a_file_below_a_link_or_a_file_is_refused() throws IOException {
    Files.createDirectory(directory.resolve("outside"));
    refused(new TarBytes().directory("d/").link("l", "d").file("l/x", "evil"), "below l");
    refused(new TarBytes().file("f", "1").file("f/x", "2"), "below f");
    refused(new TarBytes().file("f", "1").directory("f/x/"), "below f");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/passwd", "..", "../x", "d/../../x", "d/s/../../..", ""})
  void a_link_that_leads_outside_is_refused(String target) {
    refused(new TarBytes().directory("d/").link("l", target), "leads outside");
  }

  /// Each of the two seems to stay inside: p/q/s is t, so p/q/s/../.. is outside.
  @Test
  void a_link_that_leads_outside_by_way_of_another_is_refused() {
    refused(
        new TarBytes().directory("t/").link("p/q/s", "../../t").link("p/q/u", "s/../.."),
        "p/q/u leads outside");
  }

  @Test
  void a_second_name_of_what_is_no_file_of_the_archive_is_refused() {
    refused(new TarBytes().hardLink("l", "/etc/passwd"), "second name of /etc/passwd");
    refused(new TarBytes().hardLink("l", "../data/file"), "second name");
    refused(new TarBytes().link("s", "x").hardLink("l", "s"), "second name of s");
    refused(new TarBytes().hardLink("l", "later").file("later", "x"), "second name of later");
  }

  @ParameterizedTest
  @ValueSource(chars = {'3', '4', '6', 'S', 'M', 'V', '9'})
  void devices_pipes_and_what_is_not_known_is_refused(char type) {
    refused("a.tar", new TarBytes().entry("odd", type, "", 0, new byte[0]).whole());
  }

  @Test
  void a_tar_that_is_cut_off_is_refused() {
    byte[] whole = new TarBytes().file("zeros", "\0".repeat(2048)).file("b", "text").whole();
    for (int size : new int[] {700, 512 + 1024, 512 + 2048, 512 + 2048 + 512, 512 + 2048 + 600}) {
      refused("a.tar", Arrays.copyOf(whole, size));
    }
    refused("a.tar", new TarBytes().file("b", "text").cutOff(), "cut off");
    cairn.write("a.tar", whole);
    cairn.run("import", "a.tar", "b").ok();
  }

  @Test
  void sizes_that_lie_are_refused() {
    byte[] body = "text".getBytes(UTF_8);
    refused(new TarBytes().entry("f", '0', "", 5000, body));
    refused(new TarBytes().entry("f", '0', "", 077777777777L, body));
    refused(new TarBytes().entry("f", '0', "", 0, "x".repeat(600).getBytes(UTF_8)));
    refused(new TarBytes().entry("long", 'L', "", 1L << 30, new byte[3 << 20]), "headers");
    refused(new TarBytes().entry("pax", 'x', "", 20, "999999999 path=x\n   ".getBytes(UTF_8)));
    refused(new TarBytes().entry("pax", 'x', "", 11, "11 size=-1\n".getBytes(UTF_8)).file("f", ""));
  }

  @Test
  void depth_is_bounded() {
    String deep = "d/".repeat(140) + "f";
    String pax = " path=" + deep + "\n";
    byte[] record = ((pax.length() + 3) + pax).getBytes(UTF_8);
    refused(
        new TarBytes().entry("pax", 'x', "", record.length, record).file("f", "x"),
        "more than 128 folders deep");
  }

  @Test
  void names_of_cairn_itself_and_a_state_that_is_none_are_refused() {
    refused(new TarBytes().file(".cairn-restoring", "{}"), "Cairn's own");
    refused(new TarBytes().file(".cairn-state.json", "{"), "not one JSON value");
    refused(new TarBytes().directory(".cairn-state.json/"), "not one file");
    refused(
        new TarBytes().file(".cairn-state.json", "1").file(".cairn-state.json", "2"), "not one");
  }

  @Test
  void what_is_no_archive_is_refused() {
    refused("a.tar", "just text".getBytes(UTF_8), "neither a tar nor a zip");
    refused("a.tar", new byte[0], "neither a tar nor a zip");
    refused("a.tgz", new byte[] {0x1f, (byte) 0x8b, 8, 0}, "unpack it first");
    refused("a.zip", "PK\3\4 and nothing more".getBytes(UTF_8));
    var noise = new byte[4096];
    new java.util.Random(1).nextBytes(noise);
    System.arraycopy("PK".getBytes(UTF_8), 0, noise, 0, 2);
    refused("a.zip", noise);
  }

  private static byte[] zip(String name, byte[] contents) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("first"));
      zip.write(1);
      zip.putNextEntry(new ZipEntry(name));
      zip.write(contents);
      zip.closeEntry();
    }
    return bytes.toByteArray();
  }

  private static byte[] zipWithMode(String name, int mode, String contents) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipArchiveOutputStream(bytes)) {
      var entry = new ZipArchiveEntry(name);
      entry.setUnixMode(mode);
      zip.putArchiveEntry(entry);
      zip.write(contents.getBytes(UTF_8));
      zip.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  @Test
  void a_zip_of_the_jdk_is_imported() throws IOException {
    cairn.write("a.zip", zip("d/second", "text".getBytes(UTF_8)));
    cairn.run("import", "a.zip", "b").ok();
    assertThat(cairn.run("checkpoints", "cat", "b", "d/second").ok().out()).isEqualTo("text");
  }

  @Test
  void a_hostile_zip_is_refused() throws IOException {
    refused("a.zip", zip("../evil", new byte[1]), "cannot be unpacked");
    refused("a.zip", zip("/evil", new byte[1]), "cannot be unpacked");
    refused("a.zip", zip("first/x", new byte[1]), "below first");
    refused("a.zip", zipWithMode("l", 0120777, "/etc/passwd"), "leads outside");
    refused("a.zip", zipWithMode("l", 0120777, "x".repeat(5000)), "link");
    refused("a.zip", zipWithMode("p", 010644, ""), "device or pipe");
    refused("a.zip", zipWithMode("d", 020644, ""), "device or pipe");
    byte[] whole = zip("file", "text ".repeat(1000).getBytes(UTF_8));
    for (int size : new int[] {10, whole.length / 2, whole.length - 10, whole.length - 22}) {
      refused("a.zip", Arrays.copyOf(whole, size));
    }
  }

  /// Of the second entry: where the central directory tells its CRC and its size.
  private static int secondInDirectory(byte[] zip) {
    int found = 0;
    for (int i = 0; i < zip.length - 4; i++) {
      if (zip[i] == 'P'
          && zip[i + 1] == 'K'
          && zip[i + 2] == 1
          && zip[i + 3] == 2
          && ++found == 2) {
        return i;
      }
    }
    throw new AssertionError();
  }

  @Test
  void a_zip_that_lies_is_refused() throws IOException {
    byte[] contents = "text ".repeat(1000).getBytes(UTF_8);
    byte[] crc = zip("file", contents);
    crc[secondInDirectory(crc) + 16]++;
    refused("a.zip", crc, "checksum of file");
    for (int delta : new int[] {-1, 1, 1 << 30}) {
      byte[] size = zip("file", contents);
      ByteBuffer.wrap(size)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(secondInDirectory(size) + 24, contents.length + delta);
      refused("a.zip", size);
    }
    byte[] twice = zip("fires", contents);
    for (int i = 0; i < twice.length - 5; i++) {
      if (new String(twice, i, 5, UTF_8).equals("fires")) {
        System.arraycopy("first".getBytes(UTF_8), 0, twice, i, 5);
      }
    }
    refused("a.zip", twice, "first is in it twice");
  }

  @Test
  void a_bomb_is_refused_before_it_is_unpacked() throws IOException {
    byte[] contents = new byte[1 << 20];
    byte[] bomb = zip("file", contents);
    ByteBuffer.wrap(bomb)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(secondInDirectory(bomb) + 24, 0x7fff_ffff);
    refused("a.zip", bomb, "more than 100 times", "--large");
    var tar = new TarBytes().file("f", "x".repeat(1 << 20));
    for (int i = 0; i < 1100; i++) {
      tar.hardLink("l" + i, "f");
    }
    refused(tar, "more than 100 times");
  }

  @Test
  void what_has_no_room_is_refused_before_it_is_unpacked() {
    byte[] body = "text".getBytes(UTF_8);
    byte[] huge = new TarBytes().entry("f", '0', "", 0, body).cutOff();
    // In base 256, as GNU tar writes what has no room in octal: 2^62.
    huge[124] = (byte) 0x80;
    Arrays.fill(huge, 125, 136, (byte) 0);
    huge[128] = 0x40;
    Arrays.fill(huge, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += huge[i] & 0xff;
    }
    byte[] text = "%06o\0 ".formatted(sum).getBytes(UTF_8);
    System.arraycopy(text, 0, huge, 148, text.length);
    cairn.write("a.tar", huge);
    Map<String, String> before = everything();
    cairn.run("import", "a.tar", "b", "--large").fails(14, "there is room for");
    assertThat(everything()).isEqualTo(before);
  }

  @Test
  void no_bit_of_a_tar_makes_trouble_when_it_flips() {
    byte[] whole =
        new TarBytes()
            .directory("d/")
            .file("d/f", "text")
            .link("d/l", "f")
            .hardLink("h", "d/f")
            .whole();
    for (int i = 0; i < 2560; i += 13) {
      byte[] flipped = whole.clone();
      flipped[i] ^= (byte) (1 << i % 8);
      cairn.write("a.tar", flipped);
      Cli.Result result = cairn.run("import", "a.tar", "b");
      assertThat(result.code()).as("bit in byte %d: %s", i, result).isIn(0, 2, 14);
      if (result.code() == 0) {
        cairn.run("jobs", "delete", "--force", "b").ok();
      }
    }
    assertThat(Cli.contents(directory).keySet())
        .allMatch(name -> name.matches("(|a\\.tar|data.*|store.*)"));
  }
}
