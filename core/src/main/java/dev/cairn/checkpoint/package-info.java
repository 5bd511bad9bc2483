/// Saving, restoring and pruning the checkpoints of one job. Keeps I1, I2, I4 and I5.
@NullMarked
package dev.cairn.checkpoint;

import org.jspecify.annotations.NullMarked;
