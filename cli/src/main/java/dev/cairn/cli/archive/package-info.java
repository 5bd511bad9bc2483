/// Checkpoints as tar and zip archives: written for others, and read from others without trusting
/// anything in them (I10).
@NullMarked
package dev.cairn.cli.archive;

import org.jspecify.annotations.NullMarked;
