package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.Manifest.Entry;
import dev.cairn.repository.Repository.Damaged;
import dev.cairn.repository.Repository.Verified;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// One check of a checkpoint: the index of every pack that it needs, and every chunk of every file.
final class Verifying {
  private static final String STATE = "the large state";

  private final JobPacks packs;
  private final Env env;
  private final Meter meter;
  private final ExtentReader reader;

  private final Map<String, Finding> findings = new TreeMap<>();
  private long bytesRead;

  Verifying(JobPacks packs, Env env, Meter meter) {
    this.packs = packs;
    this.env = env;
    this.meter = meter;
    this.reader = new ExtentReader(packs);
  }

  Verified verify(ManifestRef ref) {
    try {
      verify(reader.manifest(ref), ref);
    } catch (Damage e) {
      note(e);
    }
    return new Verified(
        bytesRead,
        findings.entrySet().stream().map(f -> f.getValue().damaged(f.getKey())).toList());
  }

  /// What is wrong with one pack.
  private static final class Finding {
    private final String reason;
    private final Set<String> others = new HashSet<>();
    private final Set<String> files = new TreeSet<>(TreePath::compare);

    Finding(String reason) {
      this.reason = reason;
    }

    Damaged damaged(String object) {
      String all = others.isEmpty() ? reason : reason + ", and in %d more places";
      return new Damaged(object, all.formatted(others.size()), List.copyOf(files));
    }
  }

  private Finding note(Damage damage) {
    String object = PackName.folder(packs.job()) + "/" + damage.pack();
    Finding finding = findings.computeIfAbsent(object, _ -> new Finding(damage.reason()));
    if (!finding.reason.equals(damage.reason())) {
      finding.others.add(damage.reason());
    }
    return finding;
  }

  private void verify(Manifest manifest, ManifestRef ref) {
    meter.total(manifest.sizeBytes());
    var needed = new TreeSet<>(manifest.packs());
    PackName.parse(ref.pack()).ifPresent(needed::add);
    var check = new PackCheck(packs);
    for (PackName pack : needed) {
      try {
        check.check(pack);
      } catch (Damage e) {
        note(e);
      }
    }
    try (var lanes = new Lanes<RuntimeException>(env, "verify", Lanes.usualWidth(env))) {
      manifest.state().ifPresent(state -> verify(STATE, state, manifest, lanes));
      for (Entry entry : manifest.entries()) {
        if (entry.contents() != null) {
          verify(entry.path(), entry.contents(), manifest, lanes);
        }
      }
      lanes.drain();
    }
  }

  private void verify(
      String path, Contents contents, Manifest manifest, Lanes<RuntimeException> lanes) {
    MessageDigest root = Sha256.digest();
    boolean complete = true;
    for (int group = 0; group < ExtentReader.groups(contents); group++) {
      try {
        List<ChunkRef> chunks = reader.chunks(manifest, contents, group);
        chunks.forEach(chunk -> chunk.sha256().addTo(root));
        for (List<ChunkRef> batch : ExtentReader.batches(chunks)) {
          lanes.add(new Check(path, batch, manifest.packs()));
        }
      } catch (Damage e) {
        note(e).files.add(path);
        complete = false;
      }
    }
    try {
      manifest.requireRoot(contents, complete ? Sha256.of(root) : contents.root());
    } catch (Damage e) {
      note(e).files.add(path);
    }
  }

  /// Some chunks of one file.
  private final class Check implements Lanes.Step<RuntimeException> {
    private final String path;
    private final List<ChunkRef> batch;
    private final List<PackName> names;
    private final List<Damage> damages = new ArrayList<>();
    private long bytes;

    Check(String path, List<ChunkRef> batch, List<PackName> names) {
      this.path = path;
      this.batch = batch;
      this.names = names;
    }

    @Override
    public void run() {
      try {
        add(reader.read(batch, names));
      } catch (Damage _) {
        batch.forEach(this::checkAlone); // To find out all that is damaged.
      }
    }

    private void checkAlone(ChunkRef ref) {
      try {
        add(reader.read(List.of(ref), names));
      } catch (Damage e) {
        damages.add(e);
      }
    }

    private void add(List<ByteBuffer> chunks) {
      bytes += chunks.stream().mapToLong(ByteBuffer::remaining).sum();
    }

    @Override
    public void end() {
      damages.forEach(damage -> note(damage).files.add(path));
      bytesRead += bytes;
      meter.moved(bytes);
    }
  }
}
