/// For tests of Cairn and of what is built on it: contract suites for every seam, stores and a disk
/// that fail on purpose, a clock that is set by hand.
@NullMarked
package dev.cairn.testkit;

import org.jspecify.annotations.NullMarked;
