package dev.cairn.cli.archive;

import dev.cairn.env.Disk.DiskFile;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Writes to a file on a [dev.cairn.env.Disk], front to back. What goes wrong is told as the disk
/// tells it. Does not close the file.
public final class DiskOutput extends OutputStream {
  private final DiskFile file;

  public DiskOutput(DiskFile file) {
    this.file = file;
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) {
    file.write(ByteBuffer.wrap(bytes, from, count));
  }
}
