package dev.cairn.checkpoint;

import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// Names the process that made a file or directory, as a part of its name:
/// `<node>-<boot>-<pid>-<start>-<random>`, so that whoever finds it knows whether that process is
/// still at work. Node and boot are CRC32Cs of their names in hex, pid and start time in base 36.
///
/// @param text the whole mark
record ProcessMark(String text, String node, String boot, long pid, long started) {
  private static final int RADIX = 36;
  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-z]{1,12})-([0-9a-z]{1,12})-[0-9a-f]{8}");

  /// What can be known of the process.
  enum Fate {
    /// It runs on this host.
    ALIVE,
    /// It ran on this host since it started, and is gone: nothing writes for it any more.
    GONE,
    /// It ran on this node, but before the node started, or in another container of it.
    EARLIER,
    /// It ran elsewhere.
    ELSEWHERE
  }

  /// A new one of this process; no two are the same.
  static ProcessMark here(Host host, Env env) {
    long started = Host.started(host.pid()).orElse(0);
    String node = hash(host.node());
    String boot = hash(host.boot());
    String text =
        "%s-%s-%s-%s-%s"
            .formatted(
                node,
                boot,
                Long.toString(host.pid(), RADIX),
                Long.toString(started, RADIX),
                env.randomHex(4));
    return new ProcessMark(text, node, boot, host.pid(), started);
  }

  /// Empty if `text` is no mark.
  static Optional<ProcessMark> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new ProcessMark(
              text,
              matcher.group(1),
              matcher.group(2),
              Long.parseLong(matcher.group(3), RADIX),
              Long.parseLong(matcher.group(4), RADIX)));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  Fate fate(Host host) {
    if (!node.equals(hash(host.node()))) {
      return Fate.ELSEWHERE;
    }
    if (host.boot().isEmpty() || !boot.equals(hash(host.boot()))) {
      return Fate.EARLIER;
    }
    return Host.isGone(pid, started) ? Fate.GONE : Fate.ALIVE;
  }

  private static String hash(String text) {
    var crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(crc.getValue());
  }
}
