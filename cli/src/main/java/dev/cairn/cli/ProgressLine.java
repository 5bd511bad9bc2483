package dev.cairn.cli;

import dev.cairn.domain.Human;
import dev.cairn.repository.Meter;
import java.time.Duration;

/// One line on the terminal that shows how far a save, restore or check is: bytes, rate, time left.
/// Thread-safe.
final class ProgressLine implements Meter, AutoCloseable {
  private static final long REDRAW_NANOS = Duration.ofMillis(200).toNanos();
  private static final long QUIET_NANOS = Duration.ofMillis(500).toNanos();

  private final Context context;
  private final String what;
  private final long start;
  private long total;
  private long moved;
  private long drawn;
  private int width;

  ProgressLine(Context context, String what) {
    this.context = context;
    this.what = what;
    this.start = context.env().nanos();
  }

  @Override
  public synchronized void total(long bytes) {
    total = bytes;
  }

  @Override
  public synchronized void moved(long bytes) {
    moved += bytes;
    long now = context.env().nanos();
    if (context.isTerminal() && now - start > QUIET_NANOS && now - drawn > REDRAW_NANOS) {
      drawn = now;
      draw(line(now));
    }
  }

  private String line(long now) {
    double seconds = Math.max((now - start) / 1e9, 1e-3);
    long rate = (long) (moved / seconds);
    String left =
        rate > 0 && total > moved
            ? ", " + Human.duration(Duration.ofSeconds((total - moved) / rate)) + " left"
            : "";
    String share = total > 0 ? " %d %%".formatted(Math.min(100, moved * 100 / total)) : "";
    return "%s%s  %s of %s, %s/s%s"
        .formatted(what, share, Human.bytes(moved), Human.bytes(total), Human.bytes(rate), left);
  }

  private void draw(String line) {
    String padding = " ".repeat(Math.max(0, width - line.length()));
    context.err().print("\r" + line + padding);
    context.err().flush();
    width = line.length();
  }

  /// Clears the line.
  @Override
  public synchronized void close() {
    if (width > 0) {
      draw("");
      context.err().print("\r");
      context.err().flush();
    }
  }
}
