/// Every order in which a few processes can use a store: not some of them, as in a simulation.
@NullMarked
package dev.cairn.testkit.interleaving;

import org.jspecify.annotations.NullMarked;
