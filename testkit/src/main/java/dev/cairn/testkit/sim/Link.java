package dev.cairn.testkit.sim;

import dev.cairn.domain.JobId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;

/// One step of a simulated job: a link of a chain, so that what was saved proves all that led to
/// it.
///
/// On disk it is `steps/<step>`: a line that says what it is, then bytes that follow from it. The
/// file `current`, replaced last, says which one is meant.
///
/// @param token of the attempt that made it
/// @param base checkpoint that this attempt went on from; 0 if from nothing
/// @param before the chain up to the link before
record Link(String job, long token, long base, long step, String before) {
  static final String CURRENT = "current";
  private static final int KEPT = 4;
  private static final int MOST_BYTES = 1500;

  static Link first(JobId job, long token, long base) {
    return new Link(job.value(), token, base, 1, "-");
  }

  Link next(long newToken, long newBase) {
    return new Link(job, newToken, newBase, step + 1, chain());
  }

  private String head() {
    return "%s %d %d %d %s".formatted(job, token, base, step, before);
  }

  /// What it and all before it come to.
  String chain() {
    return digest(head().getBytes(StandardCharsets.UTF_8)).substring(0, 16);
  }

  byte[] bytes() {
    var random = new SplittableRandom(Long.parseUnsignedLong(chain(), 16));
    byte[] line = (head() + "\n").getBytes(StandardCharsets.UTF_8);
    var filler = new byte[random.nextInt(MOST_BYTES)];
    random.nextBytes(filler);
    byte[] all = Arrays.copyOf(line, line.length + filler.length);
    System.arraycopy(filler, 0, all, line.length, filler.length);
    return all;
  }

  /// The text of `current`, and of a job's state.
  String pointer() {
    return "{\"step\":%d,\"chain\":\"%s\"}".formatted(step, chain());
  }

  String leaf() {
    return String.format(Locale.ROOT, "%06d", step);
  }

  /// The file that is not needed any more once this one is current.
  String oldest() {
    return String.format(Locale.ROOT, "%06d", step - KEPT);
  }

  /// Thrown for contents that no job ever wrote.
  static final class Wrong extends Exception {
    private static final long serialVersionUID = 1L;

    Wrong(String message) {
      super(message);
    }
  }

  /// What `files`, by their paths, say; every byte is checked.
  ///
  /// @return empty if no step was ever finished
  static Optional<Link> of(JobId job, SortedMap<String, byte[]> files) throws Wrong {
    byte[] current = files.get(CURRENT);
    Link found = null;
    Link before = null;
    for (var file : files.entrySet()) {
      if (file.getKey().equals(CURRENT)) {
        continue;
      }
      Link link = parse(job, file.getKey(), file.getValue());
      if (before != null && link.step == before.step + 1 && !link.before.equals(before.chain())) {
        throw new Wrong("step %d does not follow from %d".formatted(link.step, before.step));
      }
      before = link;
      if (current != null && link.pointer().equals(new String(current, StandardCharsets.UTF_8))) {
        found = link;
      }
    }
    if (found == null && current != null) {
      throw new Wrong("'current' says " + new String(current, StandardCharsets.UTF_8));
    }
    return Optional.ofNullable(found);
  }

  private static Link parse(JobId job, String path, byte[] bytes) throws Wrong {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String[] words = text.substring(0, Math.max(text.indexOf('\n'), 0)).split(" ", -1);
    if (words.length != 5) {
      throw new Wrong("%s is no step: %d bytes, %.40s".formatted(path, bytes.length, text));
    }
    var link =
        new Link(
            words[0],
            Long.parseLong(words[1]),
            Long.parseLong(words[2]),
            Long.parseLong(words[3]),
            words[4]);
    boolean right =
        link.job.equals(job.value())
            && path.equals("steps/" + link.leaf())
            && Arrays.equals(bytes, link.bytes());
    if (!right) {
      throw new Wrong(path + " holds other bytes than were written");
    }
    return link;
  }

  /// One hash over all files.
  static String digest(SortedMap<String, byte[]> files) {
    var all = new ByteArrayOutputStream();
    files.forEach((path, bytes) -> {
      all.writeBytes((path + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
      all.writeBytes(bytes);
    });
    return digest(all.toByteArray());
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
