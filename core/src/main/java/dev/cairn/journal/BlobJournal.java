package dev.cairn.journal;

import dev.cairn.blob.Blob;
import dev.cairn.blob.BlobStore;
import dev.cairn.blob.SealedJson;
import dev.cairn.domain.CairnException;
import dev.cairn.domain.Entry;
import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.JobId;
import dev.cairn.env.Env;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The journal of a store of objects: one object per entry, put only if absent.
///
/// Names, below the root of the store:
///
/// ```
/// jobs/<job>/journal/<number, 20 digits>.json    an Entry
/// jobs/<job>/heartbeat/<token>.json              a Heartbeat
/// ```
///
/// each a [SealedJson]. [BlobStore#putIfAbsent] decides who writes a number (I3). The newest entry
/// is found by direct reads at growing distances and halving, which is right because numbers have
/// no gaps and are never freed; a claim also checks a listing for numbers above its own, so a gap
/// made by damage is noticed before anything is built on it.
public final class BlobJournal implements Journal {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int NUMBER_DIGITS = 20;
  private static final Pattern LEAF = Pattern.compile("00[0-9]{18}\\.json");

  private final BlobStore blobs;
  private final Env env;

  public BlobJournal(BlobStore blobs, Env env) {
    this.blobs = blobs;
    this.env = env;
  }

  @Override
  public Slot append(Entry entry) {
    if (entry.event() instanceof Event.Claim) {
      refuseGap(entry.job(), entry.number());
    }
    if (blobs.putIfAbsent(name(entry.job(), entry.number()), Blob.of(SealedJson.seal(entry)))) {
      return new Slot.Readable(entry);
    }
    Slot standing = read(entry.job(), entry.number());
    if (standing == null) {
      throw new CairnException.Unavailable(
          "entry %d of job %s is taken but cannot be read yet in %s"
              .formatted(entry.number(), entry.job(), blobs.location()),
          "Try again.",
          null);
    }
    return standing;
  }

  private void refuseGap(JobId job, long number) {
    for (BlobStore.Item item : blobs.list(folder(job) + "/journal")) {
      String leaf = item.leaf();
      if (leaf.compareTo(leaf(number)) > 0 && leaf.length() == leaf(number).length()) {
        if (blobs.sizeBytes(name(job, number)).isPresent()) {
          return; // others were faster; the put will say so
        }
        throw new CairnException.Corrupt(
            "the journal of job %s lacks entry %d although %s exists".formatted(job, number, leaf),
            "Nothing was changed. Restore the missing object from a copy of the store.");
      }
    }
  }

  @Override
  public Optional<Slot> confirm(JobId job, long number) {
    return blobs.confirm(name(job, number))
        ? Optional.ofNullable(read(job, number))
        : Optional.empty();
  }

  @Override
  public Optional<Slot> last(JobId job) {
    long last = lastNumber(job);
    return last == 0 ? Optional.empty() : Optional.ofNullable(read(job, last));
  }

  @Override
  public long highest(JobId job) {
    return blobs.list(folder(job) + "/journal").stream()
        .map(BlobStore.Item::leaf)
        .filter(leaf -> LEAF.matcher(leaf).matches())
        .mapToLong(leaf -> Long.parseLong(leaf, 0, NUMBER_DIGITS, 10))
        .max()
        .orElse(0);
  }

  private long lastNumber(JobId job) {
    long low = 0;
    long step = 1;
    while (exists(job, low + step)) {
      low += step;
      step *= 2;
    }
    long high = low + step;
    while (high - low > 1) {
      long middle = low + (high - low) / 2;
      if (exists(job, middle)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private boolean exists(JobId job, long number) {
    return blobs.sizeBytes(name(job, number)).isPresent();
  }

  @Override
  public List<Slot> entries(JobId job, long from, int limit) {
    var slots = new ArrayList<Slot>();
    for (long number = from; slots.size() < limit; number++) {
      Slot slot = read(job, number);
      if (slot == null) {
        break;
      }
      slots.add(slot);
    }
    return slots;
  }

  private @Nullable Slot read(JobId job, long number) {
    Optional<byte[]> bytes;
    try {
      bytes = blobs.readSmall(name(job, number), SealedJson.LIMIT_BYTES);
    } catch (CairnException.Corrupt e) {
      return new Slot.Unreadable(job, number, "it is too large");
    }
    if (bytes.isEmpty()) {
      return null;
    }
    try {
      Entry entry = SealedJson.open(bytes.get(), Entry.class);
      if (entry.number() != number || !entry.job().equals(job)) {
        return new Slot.Unreadable(
            job, number, "it belongs to %s@%d".formatted(entry.job(), entry.number()));
      }
      return new Slot.Readable(entry);
    } catch (SealedJson.Broken e) {
      return new Slot.Unreadable(job, number, e.how());
    }
  }

  @Override
  public List<JobId> jobs() {
    return blobs.list("jobs").stream()
        .filter(item -> item.folder() && JobId.isValid(item.leaf()))
        .map(item -> JobId.of(item.leaf()))
        .filter(job -> exists(job, Entry.FIRST))
        .sorted()
        .toList();
  }

  @Override
  public void trim(Entry tombstone) {
    if (!(tombstone.event() instanceof Event.Dropped)) {
      throw new IllegalArgumentException("only a tombstone may replace an entry");
    }
    blobs.put(name(tombstone.job(), tombstone.number()), Blob.of(SealedJson.seal(tombstone)));
  }

  @Override
  public void beat(Heartbeat heartbeat) {
    blobs.put(
        folder(heartbeat.job()) + "/heartbeat/" + heartbeat.token() + ".json",
        Blob.of(SealedJson.seal(heartbeat)));
  }

  @Override
  public Optional<Heartbeat> heartbeat(JobId job, long token) {
    return readHeartbeat(job, folder(job) + "/heartbeat/" + token + ".json");
  }

  @Override
  public List<Heartbeat> heartbeats(JobId job) {
    return blobs.list(folder(job) + "/heartbeat").stream()
        .flatMap(item -> readHeartbeat(job, item.name()).stream())
        .sorted(java.util.Comparator.comparingLong(Heartbeat::token))
        .toList();
  }

  private Optional<Heartbeat> readHeartbeat(JobId job, String name) {
    try {
      Optional<byte[]> bytes = blobs.readSmall(name, SealedJson.LIMIT_BYTES);
      if (bytes.isEmpty()) {
        return Optional.empty();
      }
      Heartbeat heartbeat = SealedJson.open(bytes.get(), Heartbeat.class);
      boolean own = heartbeat.job().equals(job) && name.endsWith("/" + heartbeat.token() + ".json");
      return own ? Optional.of(heartbeat) : Optional.empty();
    } catch (SealedJson.Broken | CairnException.Corrupt e) {
      return Optional.empty(); // counts as unchanged; the next beat overwrites it
    }
  }

  @Override
  public boolean watch(JobId job, long number, Duration limit) {
    long deadline = env.nanos() + limit.toNanos();
    while (!exists(job, number)) {
      long left = deadline - env.nanos();
      if (left <= 0) {
        return false;
      }
      env.sleep(Duration.ofNanos(Math.min(left, POLL.toNanos())));
    }
    return true;
  }

  @Override
  public String location() {
    return blobs.location();
  }

  private static String folder(JobId job) {
    return "jobs/" + job;
  }

  private static String name(JobId job, long number) {
    return folder(job) + "/journal/" + leaf(number);
  }

  private static String leaf(long number) {
    return String.format(Locale.ROOT, "%020d.json", number);
  }
}
