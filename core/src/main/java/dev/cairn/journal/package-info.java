/// A job as an append-only history whose next entry exactly one writer can write. Keeps I3 and I7.
@NullMarked
package dev.cairn.journal;

import org.jspecify.annotations.NullMarked;
