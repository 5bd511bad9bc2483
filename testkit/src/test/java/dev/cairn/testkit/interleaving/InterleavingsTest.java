package dev.cairn.testkit.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore.Item;
import dev.cairn.testkit.history.Violation;
import dev.cairn.testkit.interleaving.Actor.Script;
import dev.cairn.testkit.interleaving.Interleavings.Explored;
import dev.cairn.testkit.interleaving.Interleavings.Part;
import dev.cairn.testkit.interleaving.Interleavings.Play;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Every order of a few processes' calls. More, with time and memory: `-Dcairn.interleavings=large
/// -DtestArgs=-Xmx8g`.
class InterleavingsTest {
  private static final boolean LARGE = "large".equals(System.getProperty("cairn.interleavings"));

  @Test
  void every_order_of_the_plays_keeps_every_promise() throws Exception {
    var words = new TreeSet<String>();
    for (Explored explored : exploreAll(LARGE ? Plays.large() : Plays.small())) {
      System.out.println(explored);
      assertThat(explored.violations())
          .as("%s%n%s", explored.play(), String.join("\n", explored.story()))
          .isEmpty();
      words.addAll(explored.words());
    }
    if (!LARGE) {
      assertThat(words)
          .as("what the plays are about does happen")
          .contains("took over", "fenced", "saved", "restored", "ended", "pruned", "maintained");
    }
  }

  private static List<Explored> exploreAll(List<Play> plays) throws Exception {
    var explored = new ArrayList<Explored>();
    // The large ones need the memory for themselves.
    try (var pool = Executors.newFixedThreadPool(LARGE ? 1 : 2)) {
      List<Callable<Explored>> all = new ArrayList<>();
      plays.forEach(play -> all.add(() -> Interleavings.explore(play)));
      for (Future<Explored> one : pool.invokeAll(all)) {
        explored.add(one.get());
      }
    }
    return explored;
  }

  private static Explored explore(Part... cast) {
    return Interleavings.explore(new Play("test", Scripts.JOB, List.of(cast), 0, false, false));
  }

  private static Part past() {
    return Part.of("past", Scripts.past(1, true)).from("the end");
  }

  private static String only(String folder, Actor.Role role) {
    List<Item> items = role.blobs.list("jobs/" + Scripts.JOB + "/" + folder);
    return items.getFirst().name();
  }

  @Test
  void a_state_is_gone_on_from_once_however_many_orders_lead_to_it() {
    Script three =
        role -> {
          for (int i = 0; i < 3; i++) {
            role.blobs.sizeBytes("x");
          }
        };
    Explored explored = explore(Part.of("a", three), Part.of("b", three));
    assertThat(explored.states()).as("20 orders").isEqualTo(4 * 4);
    assertThat(explored.ends()).isEqualTo(1);
    assertThat(explored.depth()).isEqualTo(6);
  }

  @Test
  void what_only_one_order_does_is_found_and_told() {
    Script careless =
        role -> {
          String pack = only("packs", role);
          if (role.blobs.sizeBytes("flag").isPresent()) {
            role.blobs.delete(pack);
          }
          role.blobs.put("flag", Blob.of("x"));
        };
    assertThat(explore(past(), Part.of("a", careless)).violations()).isEmpty();
    Explored two = explore(past(), Part.of("a", careless), Part.of("b", careless));
    assertThat(checks(two)).containsExactly("visible_checkpoints_are_whole");
    assertThat(two.story().getLast()).contains("Delete jobs/j/packs/");
  }

  @Test
  void an_entry_that_is_replaced_is_found() {
    Script careless = role -> role.blobs.put(only("journal", role), Blob.of(claimOf(role)));
    assertThat(checks(explore(past(), Part.of("a", careless)))).contains("numbers_have_one_writer");
  }

  private static byte[] claimOf(Actor.Role role) {
    String second = role.blobs.list("jobs/" + Scripts.JOB + "/journal").get(1).name();
    return role.blobs.readSmall(second, 1 << 20).orElseThrow();
  }

  @Test
  void an_entry_that_is_deleted_is_found() {
    Script careless = role -> role.blobs.delete(only("journal", role));
    assertThat(checks(explore(past(), Part.of("a", careless))))
        .containsExactly("numbers_are_never_freed");
  }

  @Test
  void a_script_that_fails_is_found() {
    Script careless =
        role -> {
          throw new IllegalStateException("by mistake");
        };
    assertThat(checks(explore(past(), Part.of("a", careless)))).containsExactly("no_surprises");
  }

  private static Set<String> checks(Explored explored) {
    var checks = new TreeSet<String>();
    for (Violation violation : explored.violations()) {
      checks.add(violation.check());
    }
    return checks;
  }
}
