package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Forks, rollbacks, pins and tags.
class BranchTest {
  private @TempDir Path directory;
  private Cli cairn;
  private final List<String> saved = new ArrayList<>();

  @BeforeEach
  void save() {
    cairn = new Cli(directory);
    for (int i = 1; i <= 3; i++) {
      saveOne("version " + i);
    }
  }

  private void saveOne(String contents) {
    cairn.write("data/file", contents.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    JsonNode result =
        cairn.run("save", "--job", "j", "--keep-last", "2", "--json", "data").ok().json();
    saved.add(result.get("id").asString());
  }

  private String restored(String id) throws Exception {
    Path target = directory.resolve("restored-" + id.replace('@', '-'));
    cairn.run("checkpoints", "restore", id, "--to", target.toString()).ok();
    return Files.readString(target.resolve("file"));
  }

  private List<String> ids() {
    var ids = new ArrayList<String>();
    cairn
        .run("checkpoints", "list", "j", "--json")
        .ok()
        .json()
        .forEach(view -> ids.add(view.get("id").asString()));
    return ids;
  }

  @Test
  void a_fork_begins_with_the_checkpoint_and_needs_nothing_of_the_old_job() throws Exception {
    cairn.run("fork", saved.get(1), "k").ok();
    cairn.run("jobs", "delete", "j", "--force").ok();
    assertThat(restored("k")).isEqualTo("version 2");
    JsonNode job = cairn.run("jobs", "show", "k", "--json").ok().json();
    assertThat(job.get("status").asString()).isEqualTo("pending");
  }

  @Test
  void a_fork_takes_no_name_that_is_taken() {
    cairn.run("save", "--job", "k", "data").ok();
    assertThat(cairn.run("fork", saved.get(1), "k").ends(11).err())
        .contains("job k exists already");
    assertThat(cairn.run("fork", "j@99", "l").ends(10).err())
        .contains("there is no checkpoint j@99");
    cairn.run("fork", saved.get(1), "../l").ends(2);
    assertThat(cairn.run("jobs", "list", "--json").ok().json()).hasSize(2);
  }

  @Test
  void a_pinned_checkpoint_outlives_the_retention_until_it_is_unpinned() {
    cairn.run("checkpoints", "pin", saved.get(1)).ok();
    cairn.run("checkpoints", "pin", saved.get(1)).ok();
    saveOne("version 4");
    saveOne("version 5");
    assertThat(ids()).containsExactly(saved.get(1), saved.get(3), saved.get(4));
    cairn.run("checkpoints", "unpin", saved.get(1)).ok();
    saveOne("version 6");
    assertThat(ids()).containsExactly(saved.get(4), saved.get(5));
  }

  @Test
  void a_tag_names_a_checkpoint_and_keeps_it() throws Exception {
    cairn.run("checkpoints", "tag", saved.get(1), "best").ok();
    saveOne("version 4");
    saveOne("version 5");
    assertThat(restored("j@best")).isEqualTo("version 2");
    assertThat(cairn.run("checkpoints", "list", "j").ok().out()).contains("best");
    cairn.run("checkpoints", "tag", saved.get(4), "best").ok();
    saveOne("version 6");
    assertThat(ids()).doesNotContain(saved.get(1)).contains(saved.get(4));
    JsonNode left =
        cairn.run("checkpoints", "tag", "j@best", "best", "--delete", "--json").ok().json();
    assertThat(left.get("pinned").asBoolean()).isFalse();
    assertThat(cairn.run("checkpoints", "show", "j@best").ends(10).err())
        .contains("job j has no tag 'best'");
  }

  @Test
  void what_cannot_be_a_tag_is_refused() {
    for (String bad : List.of("1st", "", "a b", "../x", "a".repeat(65), "x@y")) {
      cairn.run("checkpoints", "tag", saved.get(1), bad).ends(2);
    }
    cairn.run("checkpoints", "tag", "j", "best").ends(2);
    assertThat(cairn.run("checkpoints", "tag", saved.get(1), "best", "--delete").ends(10).err())
        .contains("job j has no tag 'best'");
  }

  @Test
  void a_rollback_goes_on_from_the_older_one_and_leaves_the_newer_ones() throws Exception {
    cairn.run("jobs", "rollback", "j", "--to", saved.get(1)).ok();
    assertThat(restored("j")).isEqualTo("version 2");
    saveOne("another version 3");
    JsonNode list = cairn.run("checkpoints", "list", "j", "--json").ok().json();
    JsonNode newest = list.get(list.size() - 1);
    assertThat(newest.get("parent").asString()).isEqualTo(saved.get(1));
    assertThat(ids()).contains(saved.get(2));
    assertThat(restored(saved.get(2))).isEqualTo("version 3");
  }

  @Test
  void a_completed_job_is_not_rolled_back_but_forked() {
    cairn.run("run", "--job", "done", "--watch", "data", "--", "true").ok();
    String first =
        cairn.run("checkpoints", "list", "done", "--json").ok().json().get(0).get("id").asString();
    assertThat(cairn.run("jobs", "rollback", "done", "--to", first).ends(11).err())
        .contains("is completed", "cairn fork done@N ANOTHER");
    assertThat(cairn.run("jobs", "rollback", "j", "--to", first).ends(2).err())
        .contains("of another job");
    cairn.run("fork", first, "again").ok();
  }
}
