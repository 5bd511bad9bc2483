/// Measurements of the command as people run it, beside the tools that they would use otherwise.
@NullMarked
package dev.cairn.bench;

import org.jspecify.annotations.NullMarked;
