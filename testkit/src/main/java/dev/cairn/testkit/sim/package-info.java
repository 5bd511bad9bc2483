/// The real engine in simulated time: nodes, people and a store that fail as a seed says, watched
/// by somebody who sees everything.
@NullMarked
package dev.cairn.testkit.sim;

import org.jspecify.annotations.NullMarked;
