package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.domain.CairnException;
import dev.cairn.domain.JobId;
import dev.cairn.repository.Repository.Saved;
import dev.cairn.repository.Repository.Subject;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SweepTest {
  private @TempDir Path root;
  private Sandbox box;

  @BeforeEach
  void setUp() {
    box = new Sandbox(root);
    box.write("f", new byte[100]);
  }

  private Saved saveAs(long token) throws Changed {
    return box.repository.save(Sandbox.JOB, token, null, Subject.of(box.scan()), Meter.NONE);
  }

  @Test
  void what_nobody_names_goes_and_what_is_named_stays() throws Changed {
    Saved old = saveAs(3);
    Saved kept = saveAs(3);
    Saved own = saveAs(9);
    long freed = box.repository.sweep(Sandbox.JOB, 9, kept.packs());
    assertThat(freed).isEqualTo(old.storedBytes() + own.storedBytes());
    assertThat(box.packObjects())
        .containsExactly("jobs/train-1/packs/" + kept.packs().iterator().next());
    assertThat(box.verify(kept).isWhole()).isTrue();
  }

  @Test
  void a_pack_of_a_newer_token_is_left_alone() throws Changed {
    Saved newer = saveAs(10);
    assertThat(box.repository.sweep(Sandbox.JOB, 9, Set.of())).isZero();
    assertThat(box.verify(newer).isWhole()).isTrue();
  }

  @Test
  void what_is_no_pack_and_other_jobs_are_left_alone() throws Changed {
    Saved other =
        box.repository.save(JobId.of("other"), 1, null, Subject.of(box.scan()), Meter.NONE);
    box.putObject("jobs/train-1/packs/5.claim", new byte[1]);
    box.putObject("jobs/train-1/packs/05-" + "a".repeat(64) + ".pack", new byte[1]);
    box.putObject("jobs/train-1/packs/5-" + "A".repeat(64) + ".pack", new byte[1]);
    assertThat(box.repository.sweep(Sandbox.JOB, 9, Set.of())).isZero();
    assertThat(box.packObjects()).hasSize(3);
    assertThat(box.repository.verify(JobId.of("other"), other.manifest(), Meter.NONE).isWhole())
        .isTrue();
  }

  @Test
  void a_required_pack_that_is_gone_is_told() throws Changed {
    Saved saved = saveAs(3);
    box.repository.requirePacks(Sandbox.JOB, saved.packs());
    box.repository.sweep(Sandbox.JOB, 3, Set.of());
    assertThatThrownBy(() -> box.repository.requirePacks(Sandbox.JOB, saved.packs()))
        .isInstanceOf(CairnException.Corrupt.class)
        .hasMessageContaining(saved.manifest().pack() + " is missing");
  }
}
