package dev.cairn.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What `checkpoints show --json` tells of the files, held against the command `sha256sum`.
final class ShowFilesTest {
  private static final int CHUNK = 256 * 1024;

  @TempDir(factory = FastTemp.class)
  private Path directory;

  private Cli cairn;

  @BeforeEach
  void something_to_save() {
    cairn = new Cli(directory);
    cairn.write("data/empty", "");
    cairn.write("data/text", "words ".repeat(20_000));
    cairn.write("data/d/noise", noise(9 * CHUNK + 100, 1));
    cairn.write("data/moving", noise(5 << 20, 2));
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private String sha256sum(Path file) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder("sha256sum", file.toString()).start();
    } catch (IOException e) {
      assumeThat(false).as("the command sha256sum is installed").isTrue();
      return "";
    }
    String said = new String(process.getInputStream().readAllBytes(), US_ASCII);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return said.substring(0, 64);
  }

  /// As `dd` cuts it out.
  private String sha256sum(Path file, long offset, int size) throws Exception {
    Path piece = directory.resolve("piece");
    try (var in = Files.newByteChannel(file)) {
      var bytes = java.nio.ByteBuffer.allocate(size);
      in.position(offset);
      while (bytes.hasRemaining()) {
        assertThat(in.read(bytes)).isPositive();
      }
      Files.write(piece, bytes.array());
    }
    return sha256sum(piece);
  }

  private JsonNode file(JsonNode shown, String path) {
    for (JsonNode file : shown.get("contents")) {
      if (file.get("path").asString().equals(path)) {
        return file;
      }
    }
    throw new AssertionError("no " + path + " in " + shown);
  }

  private JsonNode show(String... more) {
    var line = new ArrayList<>(List.of("checkpoints", "show", "--json", "a"));
    line.addAll(List.of(more));
    return cairn.run(line.toArray(String[]::new)).ok().json();
  }

  @Test
  void the_sha256_of_a_file_is_that_of_sha256sum() throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    JsonNode shown = show("--sha256");
    for (String name : List.of("empty", "text", "d/noise", "moving")) {
      JsonNode file = file(shown, name);
      Path original = directory.resolve("data").resolve(name);
      assertThat(file.get("sha256").asString()).isEqualTo(sha256sum(original));
      assertThat(file.get("size_bytes").asLong()).isEqualTo(Files.size(original));
      assertThat(file.get("chunk_bytes").asInt()).isEqualTo(CHUNK);
      assertThat(file.get("chunks").isNull()).isTrue();
      assertThat(file.get("root").asString()).hasSize(64);
      assertThat(file.get("mode").asString()).matches("0[0-7]{3}");
      assertThat(file.get("modified").asString())
          .isEqualTo(Files.getLastModifiedTime(original).toInstant().toString());
    }
    JsonNode folder = file(shown, "d");
    assertThat(folder.get("sha256").isNull()).isTrue();
    assertThat(folder.get("chunk_bytes").isNull()).isTrue();
    assertThat(file(show(), "text").get("sha256").isNull()).isTrue();
  }

  @Test
  void the_sha256_of_a_chunk_is_that_of_the_piece_of_the_file() throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    byte[] moved = Files.readAllBytes(directory.resolve("data/moving"));
    try (var out = Files.newOutputStream(directory.resolve("data/moving"))) {
      out.write("inserted".getBytes(US_ASCII));
      out.write(moved);
    }
    cairn.run("save", "--job", "a", "data").ok();
    JsonNode shown = show("--chunks");
    assertThat(file(shown, "moving").get("chunk_bytes").asString()).isEqualTo("content");
    for (String name : List.of("empty", "text", "d/noise", "moving")) {
      Path original = directory.resolve("data").resolve(name);
      long at = 0;
      int number = 0;
      for (JsonNode chunk : file(shown, name).get("chunks")) {
        int size = chunk.get("size_bytes").asInt();
        assertThat(chunk.get("offset").asLong()).isEqualTo(at);
        assertThat(cairn.store().resolve("jobs/a/packs/" + chunk.get("pack").asString()))
            .isRegularFile();
        assertThat(chunk.get("stored_bytes").asInt()).isBetween(1, size);
        assertThat(chunk.get("codec").asString()).isIn("raw", "zstd", "shuffled_2");
        if (number++ % 5 == 0) {
          assertThat(chunk.get("sha256").asString()).isEqualTo(sha256sum(original, at, size));
        }
        at += size;
      }
      assertThat(at).isEqualTo(Files.size(original));
    }
    JsonNode raw = file(shown, "d/noise").get("chunks").get(0);
    assertThat(raw.get("codec").asString()).isEqualTo("raw");
    Path pack = cairn.store().resolve("jobs/a/packs/" + raw.get("pack").asString());
    assertThat(sha256sum(pack, raw.get("pack_offset").asLong(), raw.get("stored_bytes").asInt()))
        .isEqualTo(raw.get("sha256").asString());
  }

  @Test
  void a_damaged_byte_is_told_in_place_of_a_hash() throws Exception {
    cairn.run("save", "--job", "a", "data").ok();
    JsonNode chunk = file(show("--chunks"), "d/noise").get("chunks").get(3);
    Path pack = cairn.store().resolve("jobs/a/packs/" + chunk.get("pack").asString());
    byte[] bytes = Files.readAllBytes(pack);
    bytes[chunk.get("pack_offset").asInt() + 5]++;
    Files.write(pack, bytes);
    cairn
        .run("checkpoints", "show", "--json", "--sha256", "a")
        .fails(13, "d/noise", pack.getFileName().toString());
    cairn.run("checkpoints", "show", "--json", "--chunks", "a").ok();
  }

  @Test
  void hashes_and_chunks_are_for_programs() {
    cairn.run("save", "--job", "a", "data").ok();
    cairn.run("checkpoints", "show", "--sha256", "a").fails(2, "--json");
    cairn.run("checkpoints", "show", "--chunks", "a").fails(2, "--json");
  }
}
