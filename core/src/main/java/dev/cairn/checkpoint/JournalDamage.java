package dev.cairn.checkpoint;

import dev.cairn.domain.Entry;
import dev.cairn.journal.History;
import dev.cairn.journal.Journal;
import dev.cairn.journal.Journal.Slot;
import java.util.ArrayList;
import java.util.List;

/// Finds the entries of a job's journal that cannot be read.
public final class JournalDamage {
  private static final int PAGE = 500;

  private JournalDamage() {}

  /// Those that stand below or at the newest entry of `history`, in order.
  public static List<Slot.Unreadable> of(Journal journal, History history) {
    var found = new ArrayList<Slot.Unreadable>();
    if (!history.isDamaged()) {
      return found;
    }
    long next = Entry.FIRST;
    while (next <= history.last()) {
      List<Slot> page = journal.entries(history.job(), next, PAGE);
      for (Slot slot : page) {
        if (slot instanceof Slot.Unreadable unreadable) {
          found.add(unreadable);
        }
      }
      if (page.isEmpty()) {
        break;
      }
      next = page.getLast().number() + 1;
    }
    return found;
  }

  /// What to call such an entry.
  public static String object(Slot.Unreadable slot) {
    return "entry %d of the journal of job %s".formatted(slot.number(), slot.job());
  }
}
