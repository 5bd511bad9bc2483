package dev.cairn.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Heartbeat;
import dev.cairn.run.ProcessTable.Entry;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessTableTest {
  private static final Heartbeat.Child JOB = new Heartbeat.Child("boot", 70, 1000);

  private static Entry entry(long pid, char state, long parent, long session, long started) {
    return new Entry(pid, "x", state, parent, session, session, started);
  }

  private static List<Long> left(Entry... entries) {
    return new ProcessTable(List.of(entries)).of(JOB).stream().map(Entry::pid).toList();
  }

  @Test
  void a_name_may_hold_anything() {
    String rest = " S 1 70 71 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 100\n";

    assertThat(Entry.parse("72 (a) S 9 (b\nc)" + rest))
        .contains(new Entry(72, "a) S 9 (b\nc", 'S', 1, 70, 71, 4711));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "(",
        "72",
        "72 (sh)",
        "72 (sh) S 1 2",
        "72 )sh( S",
        "x (sh) S 1 70 71 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711"
      })
  void what_is_no_entry_is_none(String stat) {
    assertThat(Entry.parse(stat)).isEmpty();
  }

  @Test
  void all_of_the_session_and_their_descendants_belong_to_the_job() {
    assertThat(
            left(
                entry(70, 'S', 1, 70, 1000),
                entry(71, 'R', 1, 70, 1001),
                entry(73, 'S', 72, 73, 1003), // a grandchild in a session of its own
                entry(72, 'S', 70, 72, 1002), // and its parent in another
                entry(80, 'S', 1, 80, 1001)))
        .containsExactlyInAnyOrder(70L, 71L, 72L, 73L);
  }

  @Test
  void members_count_also_without_the_first_process() {
    assertThat(left(entry(71, 'S', 1, 70, 1001))).containsExactly(71L);
  }

  @Test
  void unreaped_remains_do_not_run() {
    assertThat(left(entry(70, 'Z', 1, 70, 1000), entry(71, 'X', 1, 70, 1001))).isEmpty();
    assertThat(left(entry(70, 'Z', 1, 70, 1000), entry(71, 'S', 1, 70, 1001))).containsExactly(71L);
  }

  @Test
  void a_number_that_was_given_out_again_names_a_stranger() {
    assertThat(left(entry(70, 'S', 1, 70, 9000), entry(71, 'S', 70, 70, 9001))).isEmpty();
    assertThat(left(entry(71, 'S', 1, 70, 999))).isEmpty();
  }
}
