package dev.cairn.env;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.CairnException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class DiskFailureTest {
  private static final Path FILE = Path.of("/data/evil\u001b[31m\nname");

  @Test
  void a_full_disk_and_a_used_up_quota_are_full() {
    for (String text : new String[] {"No space left on device", "Disk quota exceeded"}) {
      assertThat(of(new IOException(text)))
          .isInstanceOfSatisfying(
              CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue());
      assertThat(of(new FileSystemException("/data/x", null, text)))
          .isInstanceOfSatisfying(
              CairnException.Unavailable.class, e -> assertThat(e.isFull()).isTrue());
    }
  }

  @Test
  void a_file_that_is_only_called_like_an_error_is_no_error_of_that_kind() {
    assertThat(of(new FileSystemException("/No space left on device", null, "Input/output error")))
        .isInstanceOfSatisfying(
            CairnException.Unavailable.class, e -> assertThat(e.isFull()).isFalse());
  }

  @Test
  void permission_and_a_read_only_place_are_denied() {
    assertThat(of(new AccessDeniedException("/x"))).isInstanceOf(CairnException.Denied.class);
    for (String text : new String[] {"Read-only file system", "Operation not permitted"}) {
      assertThat(of(new FileSystemException("/x", null, text)))
          .isInstanceOf(CairnException.Denied.class);
    }
  }

  @Test
  void an_interrupt_is_a_cancellation_and_a_closed_file_is_not() {
    assertThat(of(new ClosedByInterruptException())).isInstanceOf(CairnException.Cancelled.class);
    assertThat(of(new ClosedChannelException())).isInstanceOf(CairnException.Unavailable.class);
  }

  @Test
  void a_missing_file_is_not_found() {
    assertThat(of(new NoSuchFileException("/x"))).isInstanceOf(CairnException.NotFound.class);
  }

  @Test
  void the_message_names_the_file_on_one_harmless_line() {
    assertThat(of(new NoSuchFileException("/x")).getMessage())
        .isEqualTo("could not read /data/evil\\u001b[31m\\nname: it does not exist");
  }

  private static CairnException of(IOException e) {
    return DiskFailure.of("read", FILE, e);
  }
}
