/// Running a command under a job: claim, restore, start, watch, capture, publish, hand over.
@NullMarked
package dev.cairn.run;

import org.jspecify.annotations.NullMarked;
