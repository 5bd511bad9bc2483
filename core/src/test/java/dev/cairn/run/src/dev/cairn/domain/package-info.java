/// The words of the design as values: ids, entries, states, heartbeats, errors. No input or output.
@NullMarked
package dev.cairn.domain;

import org.jspecify.annotations.NullMarked;
