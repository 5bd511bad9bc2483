package dev.cairn.testkit.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What must hold of one job's journal, entry by entry, however it came about. A second author's
/// reading of the protocol: it keeps a model of its own and compares it with what entries claim.
///
/// Not thread-safe.
public final class Rules {
  private static final Set<String> RESUMABLE = Set.of("paused", "failed", "cancelled");
  private static final Set<String> CONTROL =
      Set.of(
          "submitted",
          "cancel_requested",
          "pause_requested",
          "checkpoint_requested",
          "prune_requested",
          "resumed",
          "pinned",
          "unpinned");

  private final String job;
  private final List<Violation> found = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private final TreeMap<Long, Line> live = new TreeMap<>();
  private final Map<Long, Set<Long>> pins = new HashMap<>();
  private final Map<String, Long> tags = new HashMap<>();
  private final TreeMap<Long, String> requests = new TreeMap<>();
  private final Map<String, Long> claimsBy = new HashMap<>();
  private long last;
  private String status = "none";
  private @Nullable Line claim;
  private boolean open;
  private boolean cancelledBefore;
  private boolean pausedBefore;
  private long attempts;
  private long ordinal;
  private @Nullable Long newest;

  public Rules(String job) {
    this.job = job;
  }

  /// Takes the next entry.
  ///
  /// @param writer who wrote it, if that is known: whoever claims writes for that claim
  /// @return what is wrong with it
  public List<Violation> accept(Line line, @Nullable String writer) {
    found.clear();
    require(
        line.job().equals(job) && line.number() == last + 1,
        "I3",
        "numbers_have_no_gaps",
        () -> "%s stands where %s@%d should".formatted(line, job, last + 1));
    require(
        ids.add(line.id()),
        "I3",
        "an_entry_stands_once",
        () -> "the id of %s stood in the journal before".formatted(line));
    last = line.number();
    if (line.isClaim()) {
      claimed(line, writer);
    } else if (line.isOfAttempt()) {
      ofAttempt(line, writer);
    } else if (CONTROL.contains(line.type())) {
      control(line);
    } else {
      violate("I10", "entries_are_known", "%s is no known entry".formatted(line));
    }
    compare(line);
    return List.copyOf(found);
  }

  private void claimed(Line line, @Nullable String writer) {
    boolean work = line.isWork();
    require(
        work ? status.equals("pending") || status.equals("running") : !status.equals("running"),
        work ? "I7" : "I3",
        work ? "only_pending_jobs_are_claimed" : "no_maintenance_on_a_running_job",
        () -> "%s although the job is %s".formatted(line, status));
    require(
        !status.equals("none"),
        "I7",
        "only_jobs_that_exist_are_claimed",
        () -> "%s although there is no such job".formatted(line));
    claim = line;
    open = true;
    ordinal = 0;
    cancelledBefore = requests.containsValue("cancel");
    pausedBefore = requests.containsValue("pause");
    if (work) {
      status = "running";
      attempts++;
      require(
          Objects.equals(line.number("from"), newest),
          "I3",
          "a_claim_goes_on_from_the_newest",
          () -> "%s goes on from %s, not from %s".formatted(line, line.number("from"), newest));
    }
    if (writer != null) {
      claimsBy.put(writer, line.number());
    }
  }

  private void ofAttempt(Line line, @Nullable String writer) {
    Line holder = claim;
    if (holder == null || !open) {
      violate(
          "I3",
          "ended_attempts_are_silent",
          "%s although no attempt holds the job any more".formatted(line));
      return;
    }
    require(
        writer == null || Objects.equals(claimsBy.get(writer), holder.number()),
        "I3",
        "displaced_attempts_are_silent",
        () ->
            "%s was written by %s, whose claim %s was displaced by %d"
                .formatted(line, writer, claimsBy.get(writer), holder.number()));
    ordinal++;
    boolean work = holder.isWork();
    switch (line.type()) {
      case "checkpointed", "dropped" -> checkpointed(line, holder);
      case "pruned" -> pruned(line);
      case "repaired" -> {} // the same checkpoint, elsewhere
      case "deleted" -> {
        live.clear();
        pins.clear();
        requests.clear();
        newest = null;
        status = "none";
      }
      case "released" -> status = work ? "pending" : status;
      case "paused" -> {
        requests.values().removeIf("pause"::equals);
        status = "paused";
      }
      default -> { // completed, failed, cancelled: nothing is left to answer
        requests.clear();
        status = line.type();
      }
    }
    if (line.isEnd()) {
      open = false;
    }
    require(
        work || line.type().equals("released") || line.type().equals("deleted") || !line.isEnd(),
        "I7",
        "maintenance_changes_no_status",
        () -> "%s under the maintenance claim %d".formatted(line, holder.number()));
    boolean worksOn = line.isCheckpoint() || line.type().equals("completed");
    require(
        !(work && worksOn && (cancelledBefore || pausedBefore)),
        "I3",
        "requests_outlive_crashes",
        () ->
            "%s by attempt %d, which was to %s before it started anything"
                .formatted(line, holder.number(), cancelledBefore ? "cancel" : "pause"));
  }

  private void checkpointed(Line line, Line holder) {
    String node = line.event().path("checkpoint").path("node").asString("");
    String holdersNode = holder.event().path("owner").path("node").asString("");
    require(
        line.type().equals("dropped") || node.equals(holdersNode),
        "I3",
        "checkpoints_are_the_holders",
        () -> "%s is of node %s, the holder is on %s".formatted(line, node, holdersNode));
    Long parent = line.parent();
    require(
        Objects.equals(parent, newest) || parent != null && !live.containsKey(parent),
        "I3",
        "checkpoints_form_a_line",
        () -> "%s is a child of %s, not of %s".formatted(line, parent, newest));
    for (long dropped : line.drops()) {
      String why =
          pins.containsKey(dropped)
              ? "is pinned"
              : Objects.equals(parent, dropped)
                  ? "is the parent of the new one"
                  : Objects.equals(holder.number("from"), dropped)
                      ? "is what the attempt went on from"
                      : dropped == line.number() ? "is the new one" : "";
      require(
          why.isEmpty(),
          "I5",
          "retention_spares_what_is_needed",
          () -> "%s lets %d go, which %s".formatted(line, dropped, why));
      live.remove(dropped);
    }
    line.event()
        .path("checkpoint")
        .path("answers")
        .forEach(answered -> requests.remove(answered.asLong(), "checkpoint"));
    live.put(line.number(), line);
    newest = line.number();
  }

  private void pruned(Line line) {
    boolean byRules = line.event().path("reason").asString("").startsWith("pruned by ");
    for (long dropped : line.drops()) {
      require(
          !byRules || !pins.containsKey(dropped) && !Objects.equals(newest, dropped),
          "I5",
          "retention_spares_what_is_needed",
          () -> "%s lets %d go, which is pinned or the newest".formatted(line, dropped));
    }
    line.drops().forEach(live::remove);
    line.drops().forEach(pins::remove);
    requests.values().removeIf("prune"::equals);
    newest = line.number("newest");
    require(
        newest == null || live.containsKey(newest),
        "I5",
        "the_newest_is_kept",
        () -> "%s points to %d, which is gone".formatted(line, newest));
  }

  private void control(Line line) {
    boolean exists = !status.equals("none");
    require(
        exists != line.type().equals("submitted"),
        "I7",
        "control_entries_fit",
        () -> "%s although the job %s".formatted(line, exists ? "exists" : "does not exist"));
    switch (line.type()) {
      case "submitted" -> {
        status = "pending";
        open = false;
        claim = null;
      }
      case "cancel_requested" -> ask(line, "cancel", "cancelled");
      case "pause_requested" -> ask(line, "pause", "paused");
      case "checkpoint_requested" -> requests.put(line.number(), "checkpoint");
      case "prune_requested" -> requests.put(line.number(), "prune");
      case "pinned" -> pinned(line);
      case "unpinned" -> unpinned(line);
      default -> resumed(line);
    }
  }

  private void pinned(Line line) {
    String tag = line.event().path("tag").asString("");
    Long moved = tag.isEmpty() ? null : tags.put(tag, line.number());
    if (moved != null) {
      pins.values().forEach(of -> of.remove(moved));
      pins.values().removeIf(Set::isEmpty);
    }
    pins.computeIfAbsent(line.number("checkpoint"), _ -> new TreeSet<>()).add(line.number());
  }

  private void unpinned(Line line) {
    Long checkpoint = line.number("checkpoint");
    Long pin = line.number("pin");
    Set<Long> left = pins.getOrDefault(checkpoint, new TreeSet<>());
    if (pin != null) {
      left.remove(pin);
    }
    if (pin == null || left.isEmpty()) {
      pins.remove(checkpoint);
    }
  }

  private void ask(Line line, String kind, String settled) {
    if (status.equals("running")) {
      requests.put(line.number(), kind);
    } else {
      require(
          status.equals("pending") || status.equals("paused"),
          "I7",
          "settled_jobs_stay_settled",
          () -> "%s although the job is %s".formatted(line, status));
      status = settled;
    }
  }

  private void resumed(Line line) {
    require(
        RESUMABLE.contains(status) || status.equals("pending") && line.number("from") != null,
        "I7",
        "only_stopped_jobs_are_resumed",
        () -> "%s although the job is %s".formatted(line, status));
    status = "pending";
    open = false;
    requests.values().removeIf(kind -> kind.equals("cancel") || kind.equals("pause"));
    Long from = line.number("from");
    newest = from != null ? from : newest;
  }

  /// What the entry says of the state that it leads to, against the model.
  private void compare(Line line) {
    Line.After after = line.after();
    String expected = status.equals("none") ? "pending" : status;
    same(line, "status", expected, after.status(), "I7", "statuses_follow_their_graph");
    same(line, "existence", status.equals("none"), after.deleted(), "I7", "deleted_jobs_are_gone");
    if (claim != null) {
      same(line, "token", claim.number(), after.token(), "I3", "tokens_are_claims");
      same(line, "ordinal", ordinal, after.ordinal(), "I3", "ordinals_count_entries");
    }
    same(line, "hold", open, after.held(), "I3", "control_displaces_nobody");
    same(line, "attempt", attempts, after.attempt(), "I3", "attempts_grow");
    same(line, "newest checkpoint", newest, after.newest(), "I5", "newest_is_the_newest");
    same(line, "requests", requests, after.requests(), "I3", "requests_outlive_crashes");
  }

  private void same(
      Line line,
      String what,
      @Nullable Object expected,
      @Nullable Object said,
      String invariant,
      String check) {
    require(
        Objects.equals(expected, said),
        invariant,
        check,
        () -> "%s says that the %s is %s; it is %s".formatted(line, what, said, expected));
  }

  private void require(
      boolean held, String invariant, String check, java.util.function.Supplier<String> message) {
    if (!held) {
      violate(invariant, check, message.get());
    }
  }

  private void violate(String invariant, String check, String message) {
    found.add(new Violation(invariant, check, message));
  }

  /// Number of the newest entry; 0 before the first.
  public long last() {
    return last;
  }

  /// `pending`, `running` and so on, or `none` if there is no such job.
  public String status() {
    return status;
  }

  /// The checkpoints that must be restorable, by number.
  public NavigableMap<Long, Line> live() {
    return new TreeMap<>(live);
  }

  /// Number of the claim in charge; 0 if nobody holds the job.
  public long holder() {
    return open && claim != null ? claim.number() : 0;
  }
}
