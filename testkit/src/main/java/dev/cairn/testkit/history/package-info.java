/// Checks of what really stands in journals, by someone who knows nothing of how it got there:
/// reads the bytes itself and shares no code with the library.
@NullMarked
package dev.cairn.testkit.history;

import org.jspecify.annotations.NullMarked;
