package dev.cairn.cli;

import dev.cairn.domain.JobId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/// The id of a job that was given none: the same for the same words in the same directory, so that
/// the same command goes on.
final class DefaultJob {
  private static final int NAME_LIMIT = 40;

  private DefaultJob() {}

  static JobId of(List<String> words, Path directory) {
    var crc = new CRC32C();
    crc.update(directory.toString().getBytes(StandardCharsets.UTF_8));
    for (String word : words) {
      crc.update(0);
      crc.update(word.getBytes(StandardCharsets.UTF_8));
    }
    return JobId.of("%s-%08x".formatted(name(words), crc.getValue()));
  }

  private static String name(List<String> words) {
    String word = words.isEmpty() ? "job" : words.getFirst();
    String leaf = word.substring(word.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "-");
    String cut = leaf.substring(0, Math.min(leaf.length(), NAME_LIMIT));
    return cut.matches("[A-Za-z0-9].*") ? cut : "job" + cut;
  }
}
