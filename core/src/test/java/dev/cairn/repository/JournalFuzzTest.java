package dev.cairn.repository;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cairn.blob.Blob;
import dev.cairn.blob.MemoryBlobStore;
import dev.cairn.blob.SealedJson;
import dev.cairn.checkpoint.Store;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Heartbeat;
import dev.cairn.env.RealDisk;
import dev.cairn.env.SystemEnv;
import dev.cairn.journal.BlobJournal;
import dev.cairn.journal.History;
import dev.cairn.journal.History.Published;
import dev.cairn.journal.JobLog;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Entries, heartbeats and the identity of a store that nobody wrote (I10): spoilt bytes, and JSON
/// whose hash is right and whose contents are not. See [Fuzzer].
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class JournalFuzzTest {
  private static final int KIB = 1024;
  private static final String HEAD = "{\"format\":1,\"body\":";
  private static final String MIDDLE = ",\"sha256\":\"";

  private final Corpus corpus = new Corpus();
  private final SystemEnv env = new SystemEnv();

  private static String body(byte[] sealed) {
    String text = new String(sealed, UTF_8);
    return text.substring(HEAD.length(), text.lastIndexOf(MIDDLE));
  }

  private static byte[] seal(String body) {
    byte[] bytes = body.getBytes(UTF_8);
    return (HEAD + body + MIDDLE + Sha256.of(ByteBuffer.wrap(bytes)) + "\"}\n").getBytes(UTF_8);
  }

  @Test
  void sealed_records() {
    List<byte[]> all = new ArrayList<>(corpus.objects(".json").values());
    List<Class<?>> types = List.of(Entry.class, Heartbeat.class);
    for (byte[] whole : all) {
      for (int size = 0; size < whole.length; size++) {
        byte[] cut = java.util.Arrays.copyOf(whole, size);
        assertThatThrownBy(() -> SealedJson.open(cut, Entry.class))
            .isInstanceOf(SealedJson.Broken.class);
      }
    }
    new Fuzzer("sealed record", 100, 4 * 1024 * KIB)
        .run(random -> {
          byte[] whole = all.get(random.nextInt(all.size()));
          byte[] input =
              random.nextInt(4) == 0
                  ? Mutation.of(whole, all, random)
                  : seal(Mutation.ofJson(body(whole), random));
          try {
            Object read = SealedJson.open(input, types.get(random.nextInt(types.size())));
            assertThat(read).isNotNull();
            assertThat(read.toString()).isNotEmpty();
          } catch (SealedJson.Broken e) {
            assertThat(e.how()).isNotEmpty();
          }
          return input.length;
        });
  }

  /// A store in which one entry says something else is read as far as that goes.
  @Test
  void journals() {
    List<String> names = new ArrayList<>(corpus.objects(".json").keySet());
    names.remove("cairn.json");
    var whole = corpus.store();
    new Fuzzer("journal", 0, 64 * 1024 * KIB)
        .run(random -> {
          String name = names.get(random.nextInt(names.size()));
          byte[] was = whole.readSmall(name, 1 << 20).orElseThrow();
          byte[] input = seal(Mutation.ofJson(body(was), random));
          whole.put(name, Blob.of(input));
          try {
            read(whole);
          } finally {
            whole.put(name, Blob.of(was));
          }
          return input.length;
        });
  }

  private void read(MemoryBlobStore blobs) {
    var journal = new BlobJournal(blobs, env);
    var repository = new Repository(blobs, new RealDisk(), env);
    assertThat(journal.jobs().size()).isLessThan(2);
    BigDecimal spent =
        journal.heartbeats(Corpus.JOB).stream()
            .map(beat -> beat.progress().costUsd())
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(spent).isNotNegative();
    try {
      History history = JobLog.existing(journal, env, Corpus.JOB).history();
      history.asksToDrop();
      assertThat(history.who(history.state().token())).isNotEmpty();
      assertThat(history.ownersBefore(Long.MAX_VALUE)).isNotNull();
      for (Published published : history.lineage()) {
        ManifestRef ref = published.checkpoint().manifest();
        if (ref != null) {
          readList(repository, ref);
        }
      }
    } catch (CairnException.Corrupt | CairnException.NotFound e) {
      assertThat(e.getMessage()).contains("job");
    }
  }

  private static void readList(Repository repository, ManifestRef ref) {
    try {
      repository.manifest(Corpus.JOB, ref);
      repository.state(Corpus.JOB, ref);
    } catch (CairnException.Corrupt e) {
      assertThat(e).hasMessageContaining("pack");
    }
  }

  @Test
  void an_entry_that_leaves_out_what_it_has_to_say_cannot_be_read() {
    for (byte[] whole : corpus.objects("/journal/").values()) {
      String body = body(whole);
      for (String key : List.of("after", "event", "id", "at", "job")) {
        String other =
            body.replaceFirst("\"" + key + "\":", "\"" + key + "\":null,\"" + key + "\":");
        assertThat(other).isNotEqualTo(body);
        String gone =
            switch (key) {
              case "id", "at", "job" -> body.replaceFirst("\"" + key + "\":\"[^\"]*\",", "");
              case "event" -> body.replaceFirst(",\"event\":.*", "}");
              default -> body.replaceFirst("\"after\":.*,\"event\"", "\"event\"");
            };
        assertThat(gone).isNotEqualTo(body);
        assertThatThrownBy(() -> SealedJson.open(seal(gone), Entry.class))
            .as("%s without %s", body, key)
            .isInstanceOf(SealedJson.Broken.class);
      }
    }
  }

  @Test
  @Timeout(60)
  void a_number_far_beyond_the_others_is_told_and_not_counted_up_to() {
    for (String leaf : List.of("00000000000000200000", "00999999999999999999")) {
      MemoryBlobStore blobs = corpus.store();
      blobs.put("jobs/job/journal/" + leaf + ".json", Blob.of(new byte[] {1}));
      assertThatThrownBy(() -> JobLog.open(new BlobJournal(blobs, env), env, Corpus.JOB))
          .isInstanceOf(CairnException.Corrupt.class)
          .hasMessageContaining("job job")
          .hasMessageContaining("entry " + Long.parseLong(leaf));
    }
    MemoryBlobStore blobs = corpus.store();
    blobs.put("jobs/job/journal/99999999999999999999.json", Blob.of(new byte[] {1}));
    assertThat(JobLog.open(new BlobJournal(blobs, env), env, Corpus.JOB).history().isDamaged())
        .isFalse();
  }

  @Test
  void the_identity_of_a_store(@TempDir Path directory) throws IOException {
    byte[] whole = corpus.objects("cairn.json").values().iterator().next();
    Path file = directory.resolve("cairn.json");
    new Fuzzer("cairn.json", 100, 4 * 1024 * KIB)
        .run(random -> {
          byte[] input =
              random.nextBoolean()
                  ? Mutation.of(whole, List.of(whole), random)
                  : seal(Mutation.ofJson(body(whole), random));
          Files.write(file, input);
          try (Store store = Store.open(new RealDisk(), env, directory)) {
            assertThat(store.id()).isNotNull();
          } catch (CairnException.Corrupt e) {
            assertThat(e).hasMessageContaining("cairn.json");
          } catch (CairnException.Invalid e) {
            assertThat(e).hasMessageContaining("has format");
          }
          return input.length;
        });
  }
}
