package dev.cairn.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cairn.domain.Checkpoint.ManifestRef;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Ways to spoil the objects of a store, one at a time. Reads packs by the published format, with
/// no help of the code that wrote them.
final class Damages {
  private static final int SMALL_BYTES = 2_048;
  private static final int PACK_HEADER_BYTES = 16;
  private static final int PACK_TRAILER_BYTES = 16;
  private static final int FOOTER_HEAD_BYTES = 40;
  private static final int FOOTER_EXTENT_BYTES = 53;

  /// Extents this large hold data; smaller ones may hold lists too.
  private static final int DATA_BYTES = 4_096;

  private static final int SAMPLES_OF_DATA = 12;
  private static final int EACH_SAMPLE = 40;

  enum How {
    /// One byte is another.
    FLIP,
    /// The object ends early.
    CUT,
    /// The object goes on.
    EXTEND,
    REMOVE
  }

  /// What a byte is good for.
  enum Use {
    /// For nothing: it only fills a gap.
    NONE,
    /// Of a compressed extent, where a few bits have no say in what comes out.
    FRAME,
    /// All of it is needed.
    ALL
  }

  /// @param at the byte that is flipped, or the length that is left
  /// @param use of the byte that is flipped
  /// @param isSample whether it is among the few that are looked at more closely
  record Damage(String object, How how, int at, Use use, boolean isSample) {
    /// The object afterwards; null if it is gone.
    byte @Nullable [] of(byte[] body) {
      return switch (how) {
        case REMOVE -> null;
        case CUT -> Arrays.copyOf(body, at);
        case EXTEND -> Arrays.copyOf(body, body.length + 1);
        case FLIP -> {
          byte[] copy = body.clone();
          copy[at] ^= (byte) (1 << at % 8);
          yield copy;
        }
      };
    }

    boolean isOfPack() {
      return object.contains("/packs/");
    }

    boolean isOfJournal() {
      return object.contains("/journal/");
    }

    boolean isOfEntry(long number) {
      return object.endsWith("/journal/%020d.json".formatted(number));
    }

    /// What an error has to say to name the object.
    String namedAs(Path root) {
      String leaf = object.substring(object.lastIndexOf('/') + 1);
      if (isOfJournal()) {
        return "entry " + Long.parseLong(leaf.substring(0, leaf.indexOf('.')));
      }
      boolean gone = how == How.REMOVE && object.equals("cairn.json");
      return gone ? root.toString() : leaf;
    }
  }

  private final SplittableRandom random;
  private final SortedMap<String, byte[]> objects;
  private final List<ManifestRef> manifests;
  private final List<Damage> all = new ArrayList<>();

  /// @param manifests of all checkpoints
  Damages(long seed, SortedMap<String, byte[]> objects, List<ManifestRef> manifests) {
    this.random = new SplittableRandom(seed);
    this.objects = objects;
    this.manifests = manifests;
  }

  List<Damage> all() {
    objects.forEach((name, body) -> {
      if (name.endsWith(".pack")) {
        spoilPack(name, body);
      } else {
        spoilSmall(name, body);
      }
      add(name, How.REMOVE, 0, Use.ALL, true);
      add(name, How.EXTEND, body.length, Use.ALL, true);
    });
    return List.copyOf(all);
  }

  private void add(String name, How how, int at, Use use, boolean isSample) {
    all.add(new Damage(name, how, at, use, isSample));
  }

  private void spoilSmall(String name, byte[] body) {
    assertThat(body.length).as(name).isLessThan(SMALL_BYTES);
    for (int at = 0; at < body.length; at++) {
      add(name, How.FLIP, at, Use.ALL, at % EACH_SAMPLE == 7);
      if (at % 5 == 0 || at == body.length - 1) {
        add(name, How.CUT, at, Use.ALL, at % EACH_SAMPLE == 0);
      }
    }
  }

  /// One extent of a pack.
  private record Extent(int offset, int storedBytes, boolean isFrame) {
    int end() {
      return offset + storedBytes;
    }
  }

  private void spoilPack(String name, byte[] body) {
    int trailer = body.length - PACK_TRAILER_BYTES;
    int footer = trailer - ByteBuffer.wrap(body).getInt(trailer);
    List<Extent> extents = extents(body, footer);
    var uses = new Use[body.length];
    Arrays.fill(uses, Use.NONE);
    var places = new TreeSet<Integer>();
    for (int at = 0; at < body.length; at++) {
      if (at < PACK_HEADER_BYTES || at >= footer) {
        uses[at] = Use.ALL;
        places.add(at);
      }
    }
    for (Extent extent : extents) {
      for (int at = extent.offset; at < extent.end(); at++) {
        uses[at] = extent.isFrame ? Use.FRAME : Use.ALL;
      }
      int step = isList(name, body, extent) ? 3 : Math.max(1, extent.storedBytes / SAMPLES_OF_DATA);
      for (int at = extent.offset; at < extent.end(); at += 1 + random.nextInt(2 * step)) {
        places.add(at);
      }
      places.add(extent.end() - 1);
      int between = Math.min(extent.end(), body.length - 1);
      places.add(between); // the gap behind it, if there is one
      for (int left : new int[] {extent.offset, extent.offset + 1, extent.end()}) {
        add(name, How.CUT, left, Use.ALL, random.nextInt(4) == 0);
      }
    }
    for (int left : new int[] {0, 1, PACK_HEADER_BYTES, footer, trailer, body.length - 1}) {
      add(name, How.CUT, left, Use.ALL, left == 0 || left == footer);
    }
    for (int at : places) {
      add(name, How.FLIP, at, uses[at], random.nextInt(EACH_SAMPLE) == 0);
    }
  }

  private static List<Extent> extents(byte[] body, int footer) {
    var fields = ByteBuffer.wrap(body);
    int count = fields.getInt(footer + FOOTER_HEAD_BYTES - Integer.BYTES);
    var extents = new ArrayList<Extent>();
    for (int i = 0; i < count; i++) {
      int at = footer + FOOTER_HEAD_BYTES + i * FOOTER_EXTENT_BYTES + 32;
      int codec = fields.get(at + Long.BYTES + 2 * Integer.BYTES);
      extents.add(
          new Extent(
              Math.toIntExact(fields.getLong(at)), fields.getInt(at + Long.BYTES), codec != 0));
    }
    return extents;
  }

  /// Whether the extent is a list of files or of chunks: those are the intricate ones.
  private boolean isList(String name, byte[] body, Extent extent) {
    boolean isManifest =
        manifests.stream()
            .anyMatch(ref -> name.endsWith("/" + ref.pack()) && ref.offset() == extent.offset);
    String start =
        new String(
            body, extent.offset, Math.min(20, extent.storedBytes), StandardCharsets.ISO_8859_1);
    return isManifest || start.contains("CLG1") || extent.storedBytes < DATA_BYTES / 8;
  }
}
