package dev.cairn.repository;

import dev.cairn.domain.Checkpoint.ManifestRef;
import dev.cairn.env.Env;
import dev.cairn.repository.Manifest.Contents;
import dev.cairn.repository.PackCheck.Frame;
import dev.cairn.repository.Repository.Damaged;
import dev.cairn.repository.Repository.Verified;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// One check of a checkpoint.
///
/// First all lists, which are read and hashed at every level, then the packs by their frames, then
/// the chunks that the level wants read: each once, in the order in which they lie in their packs,
/// however many files share them. SHA-256 decides. Which files a damaged chunk spoils is found out
/// only if there is one.
final class Verifying implements AutoCloseable {
  /// Most bytes, as stored or as yielded, that one step reads.
  private static final int BATCH_BYTES = 4 * 1024 * 1024;

  private final JobPacks packs;
  private final Env env;
  private final VerifyLevel level;
  private final Proven proven;
  private final Meter meter;
  private final ExtentReader reader;
  private final Rooms rooms = new Rooms();

  private final Map<String, Finding> findings = new TreeMap<>();
  private final Map<PackName, Limit> limits = new HashMap<>();
  private final Set<ChunkRef> damaged = new HashSet<>();
  private long chunksRead;
  private long bytesRead;

  /// @param proven what need not be read again; takes what is found right
  Verifying(JobPacks packs, Env env, VerifyLevel level, Proven proven, Meter meter) {
    this.packs = packs;
    this.env = env;
    this.level = level;
    this.proven = proven;
    this.meter = meter;
    this.reader = new ExtentReader(packs);
  }

  /// Where the last chunk of a pack has to end.
  private sealed interface Limit {
    record Missing() implements Limit {}

    record Size(long bytes) implements Limit {}

    record Index(long at) implements Limit {}
  }

  Verified verify(ManifestRef ref) {
    ChunkCount all = ChunkCount.NONE;
    try {
      all = verify(reader.manifest(ref), ref);
    } catch (Damage e) {
      note(e);
    }
    return new Verified(
        level,
        new ChunkCount(chunksRead, bytesRead),
        all,
        findings.entrySet().stream().map(f -> f.getValue().damaged(f.getKey())).toList());
  }

  @Override
  public void close() {
    rooms.close();
  }

  /// The chunks that were found damaged or out of reach, by the numbering of the manifest.
  Set<ChunkRef> damagedChunks() {
    return Set.copyOf(damaged);
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
    Finding finding =
        findings.computeIfAbsent(object(damage.pack()), _ -> new Finding(damage.reason()));
    if (!finding.reason.equals(damage.reason())) {
      finding.others.add(damage.reason());
    }
    return finding;
  }

  private String object(String pack) {
    return PackName.folder(packs.job()) + "/" + pack;
  }

  /// @return the chunks that the lists name, as far as those can be read
  private ChunkCount verify(Manifest manifest, ManifestRef ref) {
    var needed = new TreeSet<>(manifest.packs());
    PackName.parse(ref.pack()).ifPresent(needed::add);
    var check = new PackCheck(packs);
    needed.forEach(pack -> limits.put(pack, limit(check.check(pack))));
    var walk = new FileChunks(reader, manifest);
    var chunks = new ChunkSet();
    walk.forEachFile((path, contents) -> collect(path, contents, walk, manifest, chunks));
    List<ChunkRef> all = chunks.inPlace();
    List<ChunkRef> reachable = all.stream().filter(chunk -> isReachable(chunk, manifest)).toList();
    read(chosen(all, reachable, manifest), manifest);
    if (!damaged.isEmpty()) {
      walk.forEachFile((path, contents) -> blame(path, contents, walk, manifest));
    }
    return count(all);
  }

  private Limit limit(Frame frame) {
    return switch (frame) {
      case Frame.Whole whole -> new Limit.Index(whole.extentsEnd());
      case Frame.Broken broken -> {
        note(broken.damage());
        yield broken.sizeBytes() == null ? new Limit.Missing() : new Limit.Size(broken.sizeBytes());
      }
    };
  }

  private void collect(
      String path, Contents contents, FileChunks walk, Manifest manifest, ChunkSet chunks) {
    MessageDigest root = Sha256.digest();
    var sizeBytes = new long[1]; // only the chunks know it where a file was cut by its contents
    List<Damage> unread =
        walk.forEach(
            contents,
            chunk -> {
              chunk.sha256().addTo(root);
              sizeBytes[0] += chunk.sizeBytes();
              chunks.add(chunk);
            });
    unread.forEach(damage -> note(damage).files.add(path));
    if (unread.isEmpty()) {
      try {
        manifest.requireRoot(contents, Sha256.of(root));
        manifest.requireWithin(contents, sizeBytes[0]);
        manifest.requireSize(contents, sizeBytes[0]);
      } catch (Damage e) {
        note(e).files.add(path);
      }
    }
  }

  private boolean isReachable(ChunkRef chunk, Manifest manifest) {
    PackName pack = manifest.pack(chunk);
    Damage damage =
        switch (limits.get(pack)) {
          case Limit.Index(long at) when chunk.end() > at ->
              Damage.at(pack, at, "a chunk would reach into its index");
          case Limit.Size(long bytes) when chunk.end() > bytes ->
              new Damage(pack.leaf(), "ends at byte %d, too early".formatted(bytes));
          case Limit.Missing _ -> Damage.missing(pack);
          case null, default -> null;
        };
    if (damage != null) {
      note(damage);
      damaged.add(chunk);
    }
    return damage == null;
  }

  /// Chosen from all, so that what is out of reach does not make another chunk be read.
  private List<ChunkRef> chosen(List<ChunkRef> all, List<ChunkRef> reachable, Manifest manifest) {
    return switch (level) {
      case VerifyLevel.Fast _ -> List.of();
      case VerifyLevel.Full _ -> reachable;
      case VerifyLevel.Sampled sampled ->
          Sampling.choose(all, manifest.packs(), sampled).stream()
              .filter(chunk -> !damaged.contains(chunk))
              .toList();
    };
  }

  private static ChunkCount count(List<ChunkRef> chunks) {
    return new ChunkCount(chunks.size(), chunks.stream().mapToLong(ChunkRef::sizeBytes).sum());
  }

  private void read(List<ChunkRef> wanted, Manifest manifest) {
    List<ChunkRef> chunks =
        wanted.stream().filter(chunk -> !proven.holds(chunk, manifest.pack(chunk))).toList();
    ChunkCount left = count(chunks);
    ChunkCount all = count(wanted);
    chunksRead += all.chunks() - left.chunks();
    bytesRead += all.bytes() - left.bytes();
    meter.total(left.bytes());
    try (var lanes = new Lanes<RuntimeException>(env, "verify", Lanes.usualWidth(env))) {
      int from = 0;
      long bytes = 0;
      for (int at = 0; at < chunks.size(); at++) {
        int next = Math.max(chunks.get(at).sizeBytes(), chunks.get(at).storedBytes());
        if (at > from && bytes + next > BATCH_BYTES) {
          lanes.add(new Check(chunks.subList(from, at), manifest));
          from = at;
          bytes = 0;
        }
        bytes += next;
      }
      if (from < chunks.size()) {
        lanes.add(new Check(chunks.subList(from, chunks.size()), manifest));
      }
      lanes.drain();
    }
  }

  private void blame(String path, Contents contents, FileChunks walk, Manifest manifest) {
    walk.forEach(
        contents,
        chunk -> {
          Finding finding =
              damaged.contains(chunk) ? findings.get(object(manifest.pack(chunk).leaf())) : null;
          if (finding != null) {
            finding.files.add(path);
          }
        });
  }

  /// Some chunks.
  private final class Check implements Lanes.Step<RuntimeException> {
    private final List<ChunkRef> batch;
    private final Manifest manifest;
    private final Map<ChunkRef, Damage> damages = new HashMap<>();
    private long chunks;
    private long bytes;

    Check(List<ChunkRef> batch, Manifest manifest) {
      this.batch = batch;
      this.manifest = manifest;
    }

    @Override
    public void run() {
      try {
        read(batch);
      } catch (Damage _) {
        batch.forEach(this::checkAlone); // To find out all that is damaged.
      }
    }

    private void checkAlone(ChunkRef ref) {
      try {
        read(List.of(ref));
      } catch (Damage e) {
        damages.put(ref, e);
      }
    }

    private void read(List<ChunkRef> refs) throws Damage {
      try (var room = rooms.take()) {
        reader.forEach(refs, manifest.packs(), room, (_, _) -> {});
      }
      chunks += refs.size();
      bytes += count(refs).bytes();
    }

    @Override
    public void end() {
      for (ChunkRef ref : batch) { // in the order of their places
        Damage damage = damages.get(ref);
        if (damage == null) {
          proven.add(ref, manifest.pack(ref));
        } else {
          note(damage);
          damaged.add(ref);
        }
      }
      chunksRead += chunks;
      bytesRead += bytes;
      meter.moved(bytes);
    }
  }
}
